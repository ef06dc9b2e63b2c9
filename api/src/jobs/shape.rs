//! A job as clients see it (JOB-13 to 16).

use base::{ByteSize, Code};
use control::ShownJob;
use jiff::{SignedDuration, Timestamp};
use policy::TaskStatus;
use serde_json::{Map, Value, json};
use state::jobs::{Job, JobError, JobOperation, Task};

/// From so many percent of the time on the work waits for its source, that limits its speed.
const SOURCE_LIMITS: u8 = 70;

/// A job by itself, with what is done for it just now.
pub(super) fn followed(vault: &str, shown: &ShownJob, now: Timestamp) -> Value {
    let mut value = whole(vault, shown, now);
    let running = |task: &&Task| task.status == TaskStatus::InProgress;
    let phase = shown.job.body.tasks.iter().find(running);
    value["progress"] = match shown.live.as_ref().filter(|_| shown.job.ended_at.is_none()) {
        None => Value::Null,
        Some(live) => {
            let progress = live.progress.unwrap_or_default();
            let counted = progress.counted;
            let disks = live.disks.iter().map(|disk| {
                json!({
                    "name": disk.name,
                    "tracker": if disk.tracked { "Bitmap" } else { "FullRead" },
                    "reason": disk.reason,
                    "bytes": disk.bytes,
                })
            });
            let mut told = json!({
                "phase": phase.map(|task| task.name.clone()),
                "step": live.step,
                "bytesDone": progress.done,
                "bytesTotal": progress.total,
                "bytesRead": counted.read,
                "bytesChanged": counted.changed,
                "bytesSent": counted.stored,
                "ratePerSecond": progress.rate,
                "secondsLeft": progress.seconds_left,
                "disks": disks.collect::<Vec<_>>(),
            });
            if let Some(percent) = counted.source_wait {
                told["sourceWaitPercent"] = percent.into();
                if percent >= SOURCE_LIMITS {
                    told["bottleneck"] = "Source".into();
                }
            }
            told
        }
    };
    value
}

/// A job in a list.
pub(super) fn listed(vault: &str, job: &Job) -> Value {
    let (jobs, id) = ("backupJobs", job.id);
    json!({
        "id": format!("{vault}/{jobs}/{id}"),
        "name": id,
        "type": "Microsoft.RecoveryServices/vaults/backupJobs",
        "properties": properties(job),
    })
}

/// A job by itself.
pub(super) fn whole(vault: &str, shown: &ShownJob, now: Timestamp) -> Value {
    let mut value = listed(vault, &shown.job);
    let body = &shown.job.body;
    let tasks = body.tasks.iter().map(|t| task(t, shown, now));
    let internal = match shown.job.operation {
        JobOperation::Backup => json!({"IsInstantRpJob": "True"}),
        _ => json!({}),
    };
    let warning = body.errors.first().map(|e| e.code.clone());
    let mut info = json!({
        "tasksList": tasks.collect::<Vec<_>>(),
        "propertyBag": body.properties,
        "internalPropertyBag": internal,
        "dynamicErrorMessage": warning,
    });
    if shown.job.ended_at.is_none()
        && let Some(progress) = shown.progress()
    {
        let share = progress.done as f64 * 100.0 / progress.total.max(1) as f64;
        info["progressPercentage"] = json!((share * 10.0).round() / 10.0);
        let left = progress.seconds_left.and_then(|s| i64::try_from(s).ok());
        if let Some(left) = left {
            info["estimatedRemainingDuration"] = duration(SignedDuration::from_secs(left)).into();
        }
    }
    if let Some(hint) = hint(shown.job.operation, spent(&shown.job, now)) {
        info["propertyBag"]["Performance hint"] = hint.into();
    }
    value["properties"]["extendedInfo"] = info;
    value["properties"]["duration"] = duration(spent(&shown.job, now)).into();
    value
}

fn properties(job: &Job) -> Value {
    let body = &job.body;
    let container = job.item.as_deref().and_then(|id| {
        let (_, item) = id.rsplit_once("protecteditems/")?;
        item.split_once(';').map(|(_, rest)| rest.to_owned())
    });
    let mut shape = Map::new();
    let mut put = |name: &str, value: Value| shape.insert(name.to_owned(), value);
    put("jobType", "AzureIaaSVMJob".into());
    put("operation", format!("{:?}", job.operation).into());
    put("status", format!("{:?}", job.status).into());
    put("entityFriendlyName", body.entity.clone().into());
    put("backupManagementType", "AzureIaasVM".into());
    put("containerName", container.into());
    put("virtualMachineVersion", "Compute".into());
    let actions: &[&str] = match control::jobs::cancellable(job) {
        true => &["Cancellable"],
        false => &[],
    };
    put("actionsInfo", json!(actions));
    put("isUserTriggered", body.by_user.into());
    put("startTime", job.started_at.to_string().into());
    put("activityId", json!(body.activity));
    let errors: Vec<Value> = body.errors.iter().map(error).collect();
    put(
        "errorDetails",
        if errors.is_empty() {
            Value::Null
        } else {
            errors.into()
        },
    );
    if let Some(ended) = job.ended_at {
        put("endTime", ended.to_string().into());
        put("duration", duration(spent(job, ended)).into());
    }
    Value::Object(shape)
}

/// What to do about work that takes longer than it should (JOB-19).
fn hint(operation: JobOperation, spent: SignedDuration) -> Option<&'static str> {
    let (most, text) = match operation {
        JobOperation::Backup => (
            12,
            "A backup should end within 12 hours. Look at the host's and the vault's disks and \
             network, and spread the policies' times; a first backup, or one of a new disk, takes \
             longer.",
        ),
        JobOperation::Restore => (
            6,
            "A restore should end within 6 hours. Look at the disks and the network between vault, \
             host and target; restore fewer disks, or from a point whose snapshot is still there.",
        ),
        _ => return None,
    };
    (spent > SignedDuration::from_hours(most)).then_some(text)
}

fn spent(job: &Job, now: Timestamp) -> SignedDuration {
    job.ended_at.unwrap_or(now).duration_since(job.started_at)
}

fn task(task: &Task, shown: &ShownJob, now: Timestamp) -> Value {
    let end = task.ended_at.unwrap_or(now);
    let spent = task.started_at.map(|from| end.duration_since(from));
    let mut value = json!({
        "taskId": task.name,
        "status": format!("{:?}", task.status),
        "duration": duration(spent.unwrap_or_default()),
    });
    if let Some(from) = task.started_at {
        value["startTime"] = from.to_string().into();
    }
    if let Some(to) = task.ended_at {
        value["endTime"] = to.to_string().into();
    }
    let running = task.status == TaskStatus::InProgress;
    if let Some(progress) = shown.progress().filter(|_| running) {
        let share = progress.done as f64 * 100.0 / progress.total.max(1) as f64;
        value["progressPercentage"] = json!((share * 10.0).round() / 10.0);
        value["taskExecutionDetails"] = format!(
            "{} / {} Transferred",
            ByteSize(progress.done),
            ByteSize(progress.total)
        )
        .into();
    }
    value
}

/// An error with what to do about it. Its model wants a number for the code.
fn error(error: &JobError) -> Value {
    let known = Code::ALL.iter().position(|c| c.name() == error.code);
    let code = known.map(|i| Code::ALL[i]);
    json!({
        "errorCode": 400_000 + known.unwrap_or(0),
        "errorTitle": error.code,
        "errorString": match code {
            Some(code) => format!("{}: {}", code.cause().trim_end_matches('.'), error.detail),
            None => error.detail.clone(),
        },
        "recommendations": code.map(Code::remedy).into_iter().collect::<Vec<_>>(),
    })
}

/// ISO 8601, to hundredths of a second.
fn duration(span: SignedDuration) -> String {
    let (secs, hundredths) = (span.as_secs().max(0), span.subsec_millis().max(0) / 10);
    let mut text = "PT".to_owned();
    if secs >= 3600 {
        text += &format!("{}H", secs / 3600);
    }
    if secs >= 60 {
        text += &format!("{}M", secs / 60 % 60);
    }
    text + &format!("{}.{hundredths:02}S", secs % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn g13_durations_are_iso_8601() {
        for (millis, text) in [
            (0, "PT0.00S"),
            (1_290, "PT1.29S"),
            (112_290, "PT1M52.29S"),
            (7_261_000, "PT2H1M1.00S"),
            (-5, "PT0.00S"),
        ] {
            assert_eq!(duration(SignedDuration::from_millis(millis)), text);
        }
    }

    #[test]
    fn job_19_a_backup_of_12_hours_and_a_restore_of_6_get_a_hint() {
        let hours = SignedDuration::from_hours;
        assert!(hint(JobOperation::Backup, hours(12)).is_none());
        assert!(hint(JobOperation::Backup, hours(13)).is_some());
        assert!(hint(JobOperation::Restore, hours(6)).is_none());
        assert!(hint(JobOperation::Restore, hours(7)).is_some());
        assert!(hint(JobOperation::Undelete, hours(99)).is_none());
    }
}
