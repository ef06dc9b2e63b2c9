/** Asks a job to end, once the person is sure (JOB-16). */
import { groupOf, vaultOf } from '../../api/ids';
import { JOB_CANCEL, cancelJob } from '../../api/jobs';
import type { JobDetails } from '../../api/jobs';
import { path } from '../../frame/paths';
import { TOUCHED } from '../../frame/touched';
import { quoted } from '../../parts/Equal';
import { FormPanel } from '../../parts/FormPanel';
import { useText } from '../../text/text';
import { text } from './detailsText';

export function CancelJob({ job, onClose }: { job: JobDetails; onClose: () => void }) {
  const t = useText(text);
  const name = job.properties.entityFriendlyName;
  const [group, vault] = [quoted(groupOf(job.id)), quoted(vaultOf(job.id))];
  const work = async () => {
    await cancelJob(job.id);
    return { to: { path: path.job(job.id), label: t.details } };
  };
  return (
    <FormPanel
      size="small"
      title={t.cancelJob}
      label={t.cancelJob}
      cancel={t.keepOn}
      told={{ begun: t.cancelling(name), done: t.cancelAsked(name), failed: t.cancelFailed(name) }}
      work={work}
      touches={TOUCHED.item}
      needs={{ action: JOB_CANCEL, on: job.id }}
      equal={{
        stillpoint: `stillpoint job cancel ${job.name} -v ${vault}`,
        az: `az backup job stop -g ${group} -v ${vault} -n ${job.name}`,
        rest: { method: 'POST', path: `${job.id}/cancel` },
      }}
      onClose={onClose}
    >
      {t.cancelSure(name)}
    </FormPanel>
  );
}
