//! `…/providers/Stillpoint.Fabric/search?q=…`: what has a text in its name.

use axum::Json;
use axum::extract::{Path, RawQuery, State};
use base::{Code, Error};
use control::{Found, SearchIn, Sees};
use serde_json::{Value, json};
use state::jobs::Job;

use crate::app::App;
use crate::body::word_for;
use crate::caller::Caller;
use crate::error::Answer;
use crate::jobs::{OPERATIONS, STATUSES};
use crate::overview::{HOSTS, MACHINES};
use crate::query::Query;
use crate::scope::Subscription;

const VAULTS: &str = "Microsoft.RecoveryServices/vaults/read";
const POLICIES: &str = "Microsoft.RecoveryServices/vaults/backupPolicies/read";
const JOBS: &str = "Microsoft.RecoveryServices/vaults/backupJobs/read";
/// The most characters that are looked for.
const MOST: usize = 100;
/// What is found.
pub(crate) const KINDS: [&str; 5] = ["Vault", "Machine", "Policy", "Job", "Host"];

/// `GET …/search?q=…`
pub(crate) async fn search(
    State(app): State<App>,
    Path(scope): Path<Subscription>,
    RawQuery(raw): RawQuery,
    caller: Caller,
) -> Answer<Json<Value>> {
    let some = async |action| scope.sees_some(&app, &caller, action).await;
    let of = SearchIn {
        vaults: some(VAULTS).await?,
        machines: some(MACHINES).await?,
        policies: some(POLICIES).await?,
        jobs: some(JOBS).await?,
        hosts: some(HOSTS).await?.filter(|sees| *sees == Sees::All),
    };
    if of.vaults.is_none() && of.machines.is_none() {
        // That is refused.
        scope.sees(&app, &caller, VAULTS).await?;
    }
    let query = Query::read(raw)?;
    let text = query.get("q").unwrap_or_default().trim();
    if text.is_empty() || text.chars().count() > MOST {
        let detail = format!("q is what is looked for: 1 to {MOST} characters");
        return Err(Error::new(Code::BadArgument, detail).into());
    }
    let found = app.control.search(text, &of).await?;
    Ok(Json(json!({"value": shape(&found)})))
}

fn shape(found: &Found) -> Vec<Value> {
    let one = |kind: &str, id: &str, name: &str, detail: String| json!({"kind": kind, "id": id, "name": name, "detail": detail});
    let vaults = found.vaults.iter().map(|vault| {
        let detail = format!("{}, {}", part(&vault.id, 4), vault.body.location);
        one(KINDS[0], &vault.id, &vault.name, detail)
    });
    let machines = found.machines.iter().map(|machine| {
        let host = last(&machine.body.host);
        let detail = format!("{}, {host}", part(&machine.id, 4));
        one(KINDS[1], &machine.id, &machine.name, detail)
    });
    let policies = found.policies.iter().map(|policy| {
        let vault = part(&policy.id, 8).to_owned();
        one(KINDS[2], &policy.id, &policy.name, vault)
    });
    let jobs = found.jobs.iter().map(job);
    let hosts = found.hosts.iter().map(|host| {
        let detail = host.body.connection.clone();
        one(KINDS[4], &host.id, &host.name, detail)
    });
    vaults
        .chain(machines)
        .chain(policies)
        .chain(jobs)
        .chain(hosts)
        .collect()
}

fn job((vault, job): &(String, Job)) -> Value {
    json!({
        "kind": KINDS[3],
        "id": format!("{vault}/backupJobs/{}", job.id),
        "name": job.body.entity,
        "detail": format!(
            "{}, {}, {}",
            word_for(&OPERATIONS, &job.operation).unwrap_or_default(),
            word_for(&STATUSES, &job.status).unwrap_or_default(),
            job.started_at
        ),
    })
}

/// A segment of an id.
fn part(id: &str, n: usize) -> &str {
    id.split('/').nth(n).unwrap_or_default()
}

/// The name at the end of an id.
fn last(id: &str) -> &str {
    id.rsplit('/').next().unwrap_or(id)
}
