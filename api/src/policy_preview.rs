//! `POST …/providers/Stillpoint.Fabric/previewPolicy`: what a policy will keep, before it is
//! saved.

use axum::Json;
use axum::extract::{Path, State};
use base::{Code, Error};
use policy::{MOST_DAYS, Preview, PreviewPoint, Range, preview};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::app::App;
use crate::body::{self, Body, Flexible};
use crate::caller::Caller;
use crate::error::Answer;
use crate::policies;
use crate::scope::Subscription;
use crate::time;

/// Who may read a policy may reckon with one.
const READ: &str = "Microsoft.RecoveryServices/vaults/backupPolicies/read";
/// The most points that are told of, the newest.
const MOST: usize = 2000;

/// What is asked beside the policy.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Asked {
    from: Option<String>,
    days: Option<Flexible<u32>>,
}

/// `POST …/previewPolicy`
pub(crate) async fn show(
    State(app): State<App>,
    Path(scope): Path<Subscription>,
    caller: Caller,
    Body(bytes): Body,
) -> Answer<Json<Value>> {
    scope.sees(&app, &caller, READ).await?;
    let asked: Asked = body::read(&bytes)?;
    let wrong = |detail: String| Error::new(Code::InvalidRequestContent, detail);
    let days = asked.days.map_or(365, |days| days.0);
    if !(1..=MOST_DAYS).contains(&days) {
        return Err(wrong(format!("days is {days}, not from 1 to {MOST_DAYS}")).into());
    }
    let from = match &asked.from {
        None => app.control.now(),
        Some(text) => {
            let read = time::read(text);
            read.ok_or_else(|| wrong(format!("from is `{text}`, which is no time")))?
        }
    };
    let (policy, _) = policies::read(&bytes, app.control.now())?;
    let faults = policy.faults();
    if !faults.is_empty() {
        return Err(control::broken(&faults).into());
    }
    Ok(Json(shape(from, &preview(&policy, from, days))))
}

fn shape(from: jiff::Timestamp, found: &Preview) -> Value {
    let word = |range: &Range| format!("{range:?}");
    let by_rule = |range: Range| {
        let count = found.by_range.get(&range).copied().unwrap_or(0);
        (word(&range), json!(count))
    };
    let point = |point: &PreviewPoint| {
        json!({
            "time": point.due.to_string(),
            "rules": point.ranges.iter().map(word).collect::<Vec<_>>(),
            "expiry": point.expiry.map(|at| at.to_string()),
            "snapshotUntil": point.snapshot_until.map(|at| at.to_string()),
        })
    };
    let all = &found.points;
    let has = |is: fn(&&PreviewPoint) -> bool| all.iter().filter(is).count();
    let newest = all.iter().rev().take(MOST);
    json!({
        "from": from.to_string(),
        "to": found.end.to_string(),
        "runs": found.runs,
        "points": all.len(),
        "pointsInVault": has(|point| point.expiry.is_some()),
        "snapshots": has(|point| point.snapshot_until.is_some()),
        "byRule": Range::ALL.into_iter().map(by_rule).collect::<Map<_, _>>(),
        "timeline": newest.map(point).collect::<Vec<_>>(),
        "truncated": all.len() > MOST,
    })
}
