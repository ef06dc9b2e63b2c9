//! The activity log: an entry for every change that was asked for, done or refused, and the list
//! that clients read (`Microsoft.Insights`).

use std::sync::{Arc, Mutex, PoisonError};

use axum::Json;
use axum::extract::{Path, Request, State};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::Response;
use control::Principal;
use serde_json::{Value, json};
use state::activity::{Entry, Filter as Wanted};
use uuid::Uuid;

use crate::app::App;
use crate::caller::Caller;
use crate::error::Answer;
use crate::filter::Filter;
use crate::page::{Page, Paged};
use crate::scope::Subscription;

/// What became known of a request while it was answered.
#[derive(Clone, Debug, Default)]
pub(crate) struct Told(Arc<Mutex<Option<Said>>>);

#[derive(Clone, Debug)]
struct Said {
    who: Principal,
    action: String,
    id: String,
}

impl Told {
    /// The principal asks to do this to the resource `id`. The first such word counts.
    pub(crate) fn say(&self, who: &Principal, action: &str, id: &str) {
        let mut said = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        said.get_or_insert_with(|| Said {
            who: who.clone(),
            action: action.to_owned(),
            id: id.to_owned(),
        });
    }

    fn take(&self) -> Option<Said> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// Logs what a request has changed, or was refused to.
pub(crate) async fn log(State(app): State<App>, mut request: Request, next: Next) -> Response {
    if matches!(*request.method(), Method::GET | Method::HEAD) {
        return next.run(request).await;
    }
    let told = Told::default();
    request.extensions_mut().insert(told.clone());
    let path = request.uri().path().to_owned();
    let reason = reason(request.uri().query());
    let correlation = request.headers().get("x-ms-correlation-request-id");
    let correlation = correlation.and_then(|h| h.to_str().ok()).map(str::to_owned);
    let response = next.run(request).await;
    let Some(said) = told.take().filter(|s| !s.action.ends_with("/read")) else {
        return response;
    };
    let status = response.status();
    let done = if status.is_success() {
        "Succeeded"
    } else {
        "Failed"
    };
    let correlation = correlation.unwrap_or_else(|| app.control.new_id().to_string());
    let mut body = json!({
        "caller": said.who.name,
        "claims": {"appid": said.who.app_id, "oid": said.who.id},
        "operationName": {"value": said.action, "localizedValue": said.action},
        "status": {"value": done, "localizedValue": done},
        "subStatus": {
            "value": status.canonical_reason().unwrap_or(""),
            "localizedValue": format!(
                "{} (HTTP {})",
                status.canonical_reason().unwrap_or(""),
                status.as_u16()
            ),
        },
        "level": if status.is_success() { "Informational" } else { "Warning" },
        "authorization": {"action": said.action, "scope": said.id},
        "resourceId": path,
        "correlationId": correlation,
    });
    if let Some(reason) = reason {
        body["properties"] = json!({"reason": reason});
    }
    if let Err(e) = app.control.log_activity(&path, body).await {
        tracing::error!("the activity log lacks {} at {path}: {e:?}", said.action);
    }
    response
}

/// Why somebody says that they ask for it (VAULT-20): `reason=` in the query, up to 500 characters.
fn reason(query: Option<&str>) -> Option<String> {
    let pairs: Vec<(String, String)> = serde_urlencoded::from_str(query?).ok()?;
    let said = pairs.into_iter().find(|(name, _)| name == "reason")?.1;
    let said: String = said.chars().filter(|c| !c.is_control()).take(500).collect();
    (!said.is_empty()).then_some(said)
}

/// `GET …/providers/Microsoft.Insights/eventtypes/management/values`
pub(crate) async fn list(
    State(app): State<App>,
    Path(scope): Path<Subscription>,
    page: Page,
    filter: Filter,
    caller: Caller,
) -> Answer<Json<Value>> {
    let action = "Microsoft.Insights/eventtypes/values/read";
    scope.allow(&app, &caller, action).await?;
    let group = filter.get("resourceGroupName");
    let below = group.map(|name| app.control.group_id(name));
    let wanted = Wanted {
        scope: below.or_else(|| filter.get("resourceUri").map(str::to_owned)),
        from: filter.at_least("eventTimestamp")?,
        to: filter.at_most("eventTimestamp")?,
    };
    let after = page.after_time::<Uuid>()?;
    let found = app.control.activity(&wanted, after, Paged::ASKED).await?;
    let key = |e: &Entry| Page::time_key(e.at, e.id);
    Ok(Json(page.answer(&app, found, key, |e| shape(&app, e))))
}

fn shape(app: &App, entry: &Entry) -> Value {
    let mut value = entry.body.clone();
    let path = entry.body["resourceId"].as_str().unwrap_or("");
    let mut parts = path.split('/').skip_while(|p| *p != "resourcegroups");
    let group = parts.nth(1);
    let text = |text: &str| json!({"value": text, "localizedValue": text});
    value["id"] = format!("{path}/events/{}", entry.id).into();
    value["eventDataId"] = json!(entry.id);
    value["eventTimestamp"] = entry.at.to_string().into();
    value["submissionTimestamp"] = entry.at.to_string().into();
    value["subscriptionId"] = json!(app.control.subscription().id);
    value["tenantId"] = json!(app.control.tenant());
    value["resourceGroupName"] = json!(group.unwrap_or(""));
    value["category"] = text("Administrative");
    value["eventName"] = text("EndRequest");
    value["channels"] = "Operation".into();
    value
}
