/** Asks a job to end, once the person is sure (JOB-16). */
import {
  Button,
  Dialog,
  DialogActions,
  DialogBody,
  DialogContent,
  DialogSurface,
  DialogTitle,
} from '@fluentui/react-components';

import { groupOf, vaultOf } from '../../api/ids';
import { cancelJob } from '../../api/jobs';
import type { JobDetails } from '../../api/jobs';
import { path } from '../../frame/paths';
import { Equal, quoted } from '../../parts/Equal';
import { Failure } from '../../parts/Failure';
import { useText } from '../../text/text';
import { useAct } from '../item/useAct';
import { text } from './detailsText';

export function CancelJob({ job, onClose }: { job: JobDetails; onClose: () => void }) {
  const t = useText(text);
  const { act, isBusy, error } = useAct(onClose);
  const name = job.properties.entityFriendlyName;
  const [group, vault] = [quoted(groupOf(job.id)), quoted(vaultOf(job.id))];
  const cancel = () => {
    act({ begun: t.cancelling(name), failed: t.cancelFailed(name) }, async () => {
      await cancelJob(job.id);
      return { title: t.cancelAsked(name), to: { path: path.job(job.id), label: t.details } };
    });
  };
  return (
    <Dialog open onOpenChange={(_, { open }) => !open && onClose()}>
      <DialogSurface>
        <DialogBody>
          <DialogTitle>{t.cancelJob}</DialogTitle>
          <DialogContent>
            <p>{t.cancelSure(name)}</p>
            {error !== undefined && <Failure error={error} />}
            <Equal
              to={{
                stillpoint: `stillpoint job cancel ${job.name} -v ${vault}`,
                az: `az backup job stop -g ${group} -v ${vault} -n ${job.name}`,
                rest: { method: 'POST', path: `${job.id}/cancel` },
              }}
            />
          </DialogContent>
          <DialogActions>
            <Button appearance="primary" disabled={isBusy} onClick={cancel}>
              {t.cancelJob}
            </Button>
            <Button onClick={onClose}>{t.keepOn}</Button>
          </DialogActions>
        </DialogBody>
      </DialogSurface>
    </Dialog>
  );
}
