/** Saves a policy, and tells of it. */
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { savePolicy } from '../../api/policies';
import { useTold } from '../../frame/notifications';
import { path } from '../../frame/paths';
import { useText } from '../../text/text';
import { NO_SETTINGS } from './draft';
import type { Draft } from './draft';
import { formText } from './formText';
import type { PolicyFormProps } from './PolicyForm';
import { bodyOf } from './wire';

const isSame = (a: Draft['settings'], b: Draft['settings']) =>
  a.refuseDowngrades === b.refuseDowngrades && a.refuseStandardItems === b.refuseStandardItems;

/** `first` is the draft that the editing began with. */
export function useSave({ of, policy, onSaved, onClose }: PolicyFormProps, first: Draft) {
  const t = useText(formText);
  const told = useTold();
  const client = useQueryClient();
  const [isSaving, setIsSaving] = useState(false);
  const [error, setError] = useState<unknown>();
  const write = async (draft: Draft) => {
    const before = policy ? first.settings : NO_SETTINGS;
    const settings = isSame(before, draft.settings) ? undefined : draft.settings;
    try {
      return await savePolicy(of, draft.name, bodyOf(draft), settings);
    } catch (error) {
      setError(error);
      throw error;
    } finally {
      setIsSaving(false);
      await client.invalidateQueries({ queryKey: ['policies'] });
    }
  };
  const save = async (draft: Draft) => {
    const { name } = draft;
    setIsSaving(true);
    setError(undefined);
    const saying = { begun: t.saving(name), failed: t.failed(name) };
    await told(saying, async () => {
      const saved = await write(draft);
      onSaved?.(saved);
      onClose();
      return { title: t.saved(name), to: { path: path.policy(saved.id), label: t.open } };
    });
  };
  return { save, isSaving, error };
}
