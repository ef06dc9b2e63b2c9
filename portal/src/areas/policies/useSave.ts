/** Saves a policy, and tells of it. */
import { savePolicy } from '../../api/policies';
import { path } from '../../frame/paths';
import { TOUCHED } from '../../frame/touched';
import { useWork } from '../../frame/useWork';
import { useText } from '../../text/text';
import { settingsToSave } from './draft';
import type { Draft } from './draft';
import { formText } from './formText';
import type { PolicyFormProps } from './PolicyForm';
import { bodyOf } from './wire';

/** `first` is the draft that the editing began with. */
export function useSave({ of, policy, onSaved, onClose }: PolicyFormProps, first: Draft) {
  const t = useText(formText);
  const { work, isBusy, error } = useWork(TOUCHED.policy);
  const save = async (draft: Draft) => {
    const { name } = draft;
    const settings = settingsToSave(policy && first.settings, draft.settings);
    const isDone = await work({ begun: t.saving(name), failed: t.failed(name) }, async () => {
      const saved = await savePolicy(of, name, bodyOf(draft), settings);
      onSaved?.(saved);
      return { title: t.saved(name), to: { path: path.policy(saved.id), label: t.open } };
    });
    if (isDone) onClose();
  };
  return { save, isBusy, error };
}
