//! Alerts as Azure Monitor shows them (`Microsoft.AlertsManagement/alerts`; MON-2, 3, 6), at the
//! scope of the subscription, a group or a vault.

use axum::Json;
use axum::extract::{Path, RawQuery, State};
use base::{Code, Error};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use state::alerts::{Alert, AlertRule, AlertState, Filter};
use uuid::Uuid;

use crate::app::App;
use crate::authorization::Scope;
use crate::caller::Caller;
use crate::error::Answer;
use crate::page::{Page, Paged};
use crate::query::Query;
use crate::time;

const READ: &str = "Microsoft.AlertsManagement/alerts/read";
const CHANGE: &str = "Microsoft.AlertsManagement/alerts/changestate/action";
/// Who raises them.
const SERVICE: &str = "Azure Backup";

const STATES: [(&str, AlertState); 3] = [
    ("New", AlertState::New),
    ("Acknowledged", AlertState::Acknowledged),
    ("Closed", AlertState::Closed),
];
const CONDITIONS: [(&str, bool); 2] = [("Fired", true), ("Resolved", false)];
const SEVERITIES: [(&str, u8); 5] = [
    ("Sev0", 0),
    ("Sev1", 1),
    ("Sev2", 2),
    ("Sev3", 3),
    ("Sev4", 4),
];
const RANGES: [(&str, i64); 4] = [("1h", 1), ("1d", 24), ("7d", 7 * 24), ("30d", 30 * 24)];

/// `GET …/providers/Microsoft.AlertsManagement/alerts`: newest first. Unlike Azure it shows all
/// where no `timeRange` is asked for, since an open alert may be old.
pub(crate) async fn list(
    State(app): State<App>,
    Path(scope): Path<Scope>,
    RawQuery(raw): RawQuery,
    page: Page,
    caller: Caller,
) -> Answer<Json<Value>> {
    let id = scope.permit(&app, &caller, READ).await?;
    let query = Query::read(raw)?;
    let (from, to) = span(&query, app.control.now())?;
    let rules: Vec<(String, AlertRule)> = AlertRule::ALL
        .iter()
        .map(|rule| (format!("{rule:?}"), *rule))
        .collect();
    let rules: Vec<(&str, AlertRule)> = rules.iter().map(|(n, r)| (n.as_str(), *r)).collect();
    let below = match query.get("targetResourceGroup") {
        Some(group) => app.control.group_id(group),
        None => id.clone(),
    };
    let filter = Filter {
        scope: Some(if control::roles::covers(&id, &below) {
            below
        } else {
            id
        }),
        target: query.get("targetResource").map(str::to_owned),
        rule: query.chosen("alertRule", &rules)?,
        state: query.chosen("alertState", &STATES)?,
        fires: query.chosen("monitorCondition", &CONDITIONS)?,
        from,
        to,
    };
    let severity = query.chosen("severity", &SEVERITIES)?;
    let foreign = !query.lets("monitorService", SERVICE);
    let after = page.after_time::<Uuid>()?;
    let mut found = app.control.alerts(&filter, after, Paged::ASKED).await?;
    if foreign {
        found.clear();
    }
    let key = |a: &Alert| Page::time_key(a.fired_at, a.id);
    let mut value = page.answer(&app, found, key, |a| shape(&app, a));
    if let (Some(severity), Some(all)) = (severity, value["value"].as_array_mut()) {
        let wanted = format!("Sev{severity}");
        all.retain(|a| a["properties"]["essentials"]["severity"] == wanted.as_str());
    }
    Ok(Json(value))
}

/// `GET …/alerts/{id}`
pub(crate) async fn show(
    State(app): State<App>,
    Path(scope): Path<Scope>,
    caller: Caller,
) -> Answer<Json<Value>> {
    let id = scope.permit(&app, &caller, READ).await?;
    let alert = find(&app, &id, &scope.name).await?;
    Ok(Json(shape(&app, &alert)))
}

/// `POST …/alerts/{id}/changestate?newState=…` (MON-6)
pub(crate) async fn change(
    State(app): State<App>,
    Path(scope): Path<Scope>,
    RawQuery(raw): RawQuery,
    caller: Caller,
) -> Answer<Json<Value>> {
    let id = scope.permit(&app, &caller, CHANGE).await?;
    let alert = find(&app, &id, &scope.name).await?;
    let missing = || Error::new(Code::BadArgument, "newState is missing");
    let state = Query::read(raw)?.chosen("newState", &STATES)?;
    let state = state.ok_or_else(missing)?;
    let changed = app
        .control
        .change_alert(alert.id, state, caller.name())
        .await?;
    Ok(Json(shape(&app, &changed)))
}

/// The alert of this id below a scope.
async fn find(app: &App, scope: &str, name: &str) -> Answer<Alert> {
    let none = || Error::new(Code::ResourceNotFound, format!("there is no alert {name}"));
    let id = name.parse().map_err(|_| none())?;
    let alert = app.control.alert(id).await?;
    match control::roles::covers(scope, &alert.vault) {
        true => Ok(alert),
        false => Err(none().into()),
    }
}

fn span(query: &Query, now: Timestamp) -> Answer<(Option<Timestamp>, Option<Timestamp>)> {
    if let Some(custom) = query.get("customTimeRange") {
        let parts = custom.split_once('/');
        let parts = parts.and_then(|(from, to)| Some((time::read(from)?, time::read(to)?)));
        let (from, to) = parts.ok_or_else(|| {
            let detail = format!("customTimeRange is `{custom}`, not FROM/TO");
            Error::new(Code::BadArgument, detail)
        })?;
        return Ok((Some(from), Some(to)));
    }
    let hours = query.chosen("timeRange", &RANGES)?;
    let ago = |hours| now.saturating_sub(SignedDuration::from_hours(hours)).ok();
    Ok((hours.and_then(ago), None))
}

fn shape(app: &App, alert: &Alert) -> Value {
    let body = &alert.body;
    let rule = alert.rule;
    let state = STATES.iter().find(|s| s.1 == alert.state);
    let (_, group, name) = parts(&body.vault);
    let code = Code::ALL
        .iter()
        .find(|c| body.code.as_deref() == Some(c.name()));
    json!({
        "id": format!(
            "/subscriptions/{}/providers/Microsoft.AlertsManagement/alerts/{}",
            app.control.subscription().id,
            alert.id
        ),
        "name": rule.title(),
        "type": "Microsoft.AlertsManagement/alerts",
        "properties": {
            "essentials": {
                "severity": format!("Sev{}", rule.severity()),
                "signalType": "Log",
                "alertState": state.map(|s| s.0),
                "monitorCondition": if alert.resolved_at.is_none() { "Fired" } else { "Resolved" },
                "monitorService": SERVICE,
                "targetResource": body.target,
                "targetResourceName": body.entity,
                "targetResourceGroup": group,
                "targetResourceType": "Microsoft.RecoveryServices/vaults",
                "alertRule": format!("{rule:?}"),
                "description": body.detail,
                "startDateTime": alert.fired_at.to_string(),
                "lastModifiedDateTime": alert.changed.to_string(),
                "lastModifiedUserName": body.changed_by.as_deref().unwrap_or("System"),
                "monitorConditionResolvedDateTime": alert.resolved_at.map(|t| t.to_string()),
            },
            "context": {
                "level": format!("{:?}", rule.level()),
                "vaultId": body.vault,
                "vaultName": name,
                "jobId": body.job,
                "errorCode": body.code,
                "cause": code.map(|c| c.cause()),
                "recommendedAction": code.map(|c| c.remedy()),
                "occurrences": body.count,
            },
        },
    })
}

/// The subscription, the group and the name in a vault's id.
fn parts(vault: &str) -> (&str, &str, &str) {
    let part = |n| vault.split('/').nth(n).unwrap_or_default();
    (part(2), part(4), part(8))
}
