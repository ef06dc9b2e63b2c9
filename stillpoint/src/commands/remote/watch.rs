//! Following a job to its end.

use std::collections::BTreeMap;
use std::time::Duration;

use base::{Kind, Result};
use jiff::{SignedDuration, Timestamp};
use mover::{Event, Events, Progress};
use serde_json::Value;

use super::text;
use crate::client::{Client, Followed};
use crate::commands::WARNINGS;
use crate::output;
use crate::settings::Settings;
use crate::units::seconds;

/// How often the job is asked for.
const TURN: Duration = Duration::from_millis(500);
/// How often in a row the server may not answer.
const PATIENCE: u32 = 120;

/// Follows a job to its end and prints it; gives the exit code.
pub async fn job(client: &Client, settings: &Settings, vault: &str, id: &str) -> Result<u8> {
    let path = format!("{vault}/backupJobs/{id}");
    let mut shown = BTreeMap::new();
    let mut away = 0;
    let mut streams = true;
    loop {
        if streams {
            let stream = format!("{path}/providers/Stillpoint.Fabric/progress");
            let told = |job: &Value| tell(settings, job, &mut shown);
            // Whatever became of it, the job itself is asked for next.
            streams = match client.follow(&stream, told).await {
                Ok(followed) => followed == Followed::CutOff,
                Err(e) if e.kind() == Kind::Unavailable => true,
                Err(e) => return Err(e),
            };
        }
        let job = match client.get(&path).await {
            // A server that starts anew takes its jobs up again.
            Err(e) if e.kind() == Kind::Unavailable && away < PATIENCE => {
                away += 1;
                tokio::time::sleep(TURN).await;
                continue;
            }
            job => job?,
        };
        away = 0;
        let status = text(&job, "/properties/status");
        tell(settings, &job, &mut shown)?;
        if !matches!(status.as_str(), "InProgress" | "Cancelling") {
            settings.reporter.clear();
            super::jobs::print(settings, &job)?;
            return Ok(match status.as_str() {
                "Completed" => 0,
                "CompletedWithWarnings" => WARNINGS,
                "Cancelled" => Kind::Cancelled.exit_code(),
                _ => Kind::Failed.exit_code(),
            });
        }
        tokio::time::sleep(TURN).await;
    }
}

/// Prints each phase when it begins and when it ends; what is between goes to the progress.
fn tell(settings: &Settings, job: &Value, shown: &mut BTreeMap<String, String>) -> Result<()> {
    let tasks = job.pointer("/properties/extendedInfo/tasksList");
    for task in tasks.and_then(Value::as_array).into_iter().flatten() {
        let (name, status) = (text(task, "/taskId"), text(task, "/status"));
        let before = shown.insert(name.clone(), status.clone());
        let done = text(task, "/taskExecutionDetails");
        if before.as_deref() != Some(&status) && status != "NotStarted" {
            if settings.output.is_for_people() {
                settings.reporter.clear();
                let line = format!("{}  {name:<24}  {}\n", clock(task), phase(task));
                output::write(line.as_bytes())?;
            }
            if status == "InProgress" {
                settings.reporter.tell(Event::Step { what: name });
            }
        } else if status == "InProgress" && job["progress"].is_object() {
            settings.reporter.tell(Event::Progress(progress(job)));
        } else if status == "InProgress" && !done.is_empty() {
            let key = format!("{name}, done");
            if shown.get(&key) != Some(&done) {
                let what = format!("{name}: {done}");
                settings.reporter.tell(Event::Step { what });
                shown.insert(key, done);
            }
        }
    }
    Ok(())
}

/// How far a step is, as a stream tells it.
fn progress(job: &Value) -> Progress {
    let of = |name: &str| job["progress"][name].as_u64();
    Progress {
        done: of("bytesDone").unwrap_or(0),
        total: of("bytesTotal").unwrap_or(0),
        rate: of("ratePerSecond").unwrap_or(0),
        seconds_left: of("secondsLeft"),
        ..Progress::default()
    }
}

/// The time of day when the task changed.
fn clock(task: &Value) -> String {
    let ended = text(task, "/endTime");
    let at = if ended.is_empty() {
        text(task, "/startTime")
    } else {
        ended
    };
    match at.parse::<Timestamp>() {
        Ok(at) => at.strftime("%H:%M:%S").to_string(),
        Err(_) => " ".repeat(8),
    }
}

/// What a phase does: with its time once it has ended.
pub fn phase(task: &Value) -> String {
    let status = text(task, "/status");
    match status.as_str() {
        "InProgress" => "in progress".to_owned(),
        "NotStarted" => "not started".to_owned(),
        "Completed" => format!("completed in {}", spent(task, "/duration")),
        _ => status.to_lowercase(),
    }
}

/// A duration for people.
pub fn spent(value: &Value, pointer: &str) -> String {
    let span = text(value, pointer);
    match span.parse::<SignedDuration>() {
        Ok(span) => seconds(span.as_secs_f64()),
        Err(_) => span,
    }
}
