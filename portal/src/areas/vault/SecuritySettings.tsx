/** The pane of a vault's Security settings: soft delete and its days (PORTAL-19, SOFT-6). */
import {
  Body1,
  Checkbox,
  Field,
  Input,
  MessageBar,
  MessageBarBody,
  Radio,
  RadioGroup,
} from '@fluentui/react-components';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useRefusal } from '../../api/permissions';
import { useVaultId } from '../../api/useVaultId';
import type { SoftDelete } from '../../api/vaultSettings';
import {
  SETTINGS_ACTION,
  SOFT_DELETE_DAYS,
  setSoftDelete,
  vaultConfigQuery,
} from '../../api/vaultSettings';
import { path } from '../../frame/paths';
import { Failure } from '../../parts/Failure';
import { TOUCHED } from '../../frame/touched';
import { FormPanel } from '../../parts/FormPanel';
import { Waiting } from '../../parts/Waiting';
import { useText } from '../../text/text';
import { useTerms } from '../../text/terms';
import type { VaultPlace } from './VaultLayout';
import { softDeleteEqual } from './commands';
import { text } from './settingsText';

const STATES: readonly SoftDelete[] = ['Enabled', 'Disabled', 'AlwaysON'];

/** The number in a text of digits, if it is one that the server takes. */
function daysOf(text: string): number | undefined {
  const days = /^\d{1,3}$/.test(text.trim()) ? Number(text) : 0;
  return days >= SOFT_DELETE_DAYS.least && days <= SOFT_DELETE_DAYS.most ? days : undefined;
}

export function SecuritySettings({ of, onClose }: { of: VaultPlace; onClose: () => void }) {
  const { group, vault } = of;
  const t = useText(text);
  const terms = useTerms();
  const id = useVaultId(group, vault);
  const config = useQuery(vaultConfigQuery(group, vault));
  const [typed, setTyped] = useState<{ state?: SoftDelete; days?: string }>({});
  const [isSure, setIsSure] = useState(false);

  const now = config.data?.properties;
  const state = typed.state ?? now?.softDeleteFeatureState;
  const daysText = typed.days ?? String(now?.softDeleteRetentionPeriodInDays ?? '');
  const days = daysOf(daysText);
  const isFixed = now?.softDeleteFeatureState === 'AlwaysON';
  const isOff = state === 'Disabled' && now?.softDeleteFeatureState !== 'Disabled';
  const isShorter = now && days !== undefined && days < now.softDeleteRetentionPeriodInDays;
  const isForEver = state === 'AlwaysON' && !isFixed;
  const mayLower = useRefusal(
    id !== undefined && (isOff || isShorter)
      ? { action: SETTINGS_ACTION.lowerSoftDelete, on: id }
      : undefined,
  );
  const isSame =
    state === now?.softDeleteFeatureState && days === now?.softDeleteRetentionPeriodInDays;
  const refused =
    days === undefined
      ? t.daysRule
      : isSame
        ? t.unchanged
        : isForEver && !isSure
          ? t.confirmFirst
          : mayLower;

  const work = async () => {
    if (!id || !state || days === undefined) return;
    await setSoftDelete(id, state, days);
    const to = { path: path.vault(group, vault, 'properties'), label: t.showProperties };
    return { body: t.days(days), to };
  };

  return (
    <FormPanel
      title={t.securitySettings}
      label={terms.save}
      told={{
        begun: t.savingSecurity(vault),
        done: state ? t.savedSecurity(vault, t.states[state]) : '',
        failed: t.notSavedSecurity(vault),
      }}
      work={work}
      touches={TOUCHED.vault}
      needs={id === undefined ? undefined : { action: SETTINGS_ACTION.softDelete, on: id }}
      refused={refused}
      equal={id && state && days !== undefined ? softDeleteEqual(of, id, state, days) : undefined}
      onClose={onClose}
    >
      {config.error && <Failure error={config.error} retry={() => void config.refetch()} />}
      {config.isPending && <Waiting />}
      {now && state && (
        <>
          <Body1>{t.softDeleteIntro}</Body1>
          {isFixed && (
            <MessageBar intent="info" layout="multiline">
              <MessageBarBody>{t.isAlwaysOn}</MessageBarBody>
            </MessageBar>
          )}
          <Field label={t.softDelete}>
            <RadioGroup
              disabled={isFixed}
              value={state}
              onChange={(_, { value }) => setTyped({ ...typed, state: value as SoftDelete })}
            >
              {STATES.map((one) => (
                <Radio
                  key={one}
                  value={one}
                  label={
                    <>
                      {t.states[one]}
                      <br />
                      <small>{t.stateWhat[one]}</small>
                    </>
                  }
                />
              ))}
            </RadioGroup>
          </Field>
          <Field
            label={t.retention}
            hint={t.daysRule}
            validationMessage={days === undefined ? t.daysRule : undefined}
          >
            <Input
              inputMode="numeric"
              value={daysText}
              onChange={(_, { value }) => setTyped({ ...typed, days: value })}
            />
          </Field>
          {isOff && <Warning>{t.disableWarning}</Warning>}
          {!isOff && isShorter && <Warning>{t.shorterWarning}</Warning>}
          {isForEver && (
            <>
              <Warning>{t.alwaysWarning}</Warning>
              <Checkbox
                label={t.alwaysConfirm}
                checked={isSure}
                onChange={(_, { checked }) => setIsSure(checked === true)}
              />
            </>
          )}
        </>
      )}
    </FormPanel>
  );
}

function Warning({ children }: { children: string }) {
  return (
    <MessageBar intent="warning" layout="multiline">
      <MessageBarBody>{children}</MessageBarBody>
    </MessageBar>
  );
}
