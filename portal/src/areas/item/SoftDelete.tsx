/** What deleting backup data means in a vault (SOFT-1 to 6), and what must be typed before. */
import {
  Dropdown,
  Field,
  Input,
  MessageBar,
  MessageBarBody,
  Option,
  Textarea,
} from '@fluentui/react-components';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { groupOf, vaultOf } from '../../api/ids';
import type { Item } from '../../api/items';
import { vaultConfigQuery } from '../../api/vaultSettings';
import { useText } from '../../text/text';
import { text } from './changeText';

const REASONS = ['retired', 'elsewhere', 'cost', 'test', 'other'] as const;
export type Reason = (typeof REASONS)[number];

/** For how many days a vault keeps what is deleted; 0 where soft delete is off. */
export function useSoftDays(item: Item): number | undefined {
  const [group, vault] = [groupOf(item.id), vaultOf(item.id)];
  const { data } = useQuery(vaultConfigQuery(group, vault));
  if (!data) return undefined;
  const { softDeleteFeatureState, softDeleteRetentionPeriodInDays } = data.properties;
  return softDeleteFeatureState === 'Disabled' ? 0 : softDeleteRetentionPeriodInDays;
}

export function SoftDeleteWarning({ item }: { item: Item }) {
  const t = useText(text);
  const days = useSoftDays(item);
  if (days === undefined) return null;
  return (
    <MessageBar intent={days ? 'warning' : 'error'} layout="multiline">
      <MessageBarBody>{days ? t.soft(days) : t.forGood}</MessageBarBody>
    </MessageBar>
  );
}

/** What is said beside a deletion. */
export interface Consent {
  reason?: Reason;
  comment: string;
  /** Both of them, as the activity log keeps them. */
  why: string;
  /** Whether the name was typed and a reason chosen. */
  isGiven: boolean;
  typed: string;
}

/** So long may a comment be that the server keeps all of it beside the reason, in characters. */
const COMMENT = 400;

export function useConsent(item: Item) {
  const t = useText(text);
  const [typed, setTyped] = useState('');
  const [reason, setReason] = useState<Reason>();
  const [comment, setComment] = useState('');
  const isGiven = typed === item.properties.friendlyName && reason !== undefined;
  const words = comment.trim().replaceAll(/\s+/g, ' ');
  const why = [reason && t.reasons[reason], words].filter(Boolean).join(': ');
  return { consent: { typed, reason, comment, why, isGiven }, setTyped, setReason, setComment };
}

/** The item's name, a reason, a comment. */
export function ConsentFields({ item, of }: { item: Item; of: ReturnType<typeof useConsent> }) {
  const t = useText(text);
  const name = item.properties.friendlyName;
  const { consent } = of;
  const isWrong = consent.typed !== '' && consent.typed !== name;
  return (
    <>
      <Field
        label={t.typeName(name)}
        required
        validationMessage={isWrong ? t.typedWrong(name) : undefined}
      >
        <Input
          value={consent.typed}
          autoComplete="off"
          onChange={(_, { value }) => of.setTyped(value)}
        />
      </Field>
      <Field label={t.reason} required hint={consent.reason ? undefined : t.reasonNone}>
        <Dropdown
          value={consent.reason ? t.reasons[consent.reason] : ''}
          selectedOptions={consent.reason ? [consent.reason] : []}
          onOptionSelect={(_, { optionValue }) => of.setReason(optionValue as Reason)}
        >
          {REASONS.map((reason) => (
            <Option key={reason} value={reason}>
              {t.reasons[reason]}
            </Option>
          ))}
        </Dropdown>
      </Field>
      <Field label={t.comment}>
        <Textarea
          value={consent.comment}
          textarea={{ maxLength: COMMENT }}
          onChange={(_, { value }) => of.setComment(value)}
        />
      </Field>
    </>
  );
}
