//! `GET <subscription>/resources`: resources of every type in one list.

use axum::Json;
use axum::extract::{Path, State};
use control::Listed;
use serde_json::{Value, json};

use crate::app::App;
use crate::caller::Caller;
use crate::error::Answer;
use crate::filter::Filter;
use crate::page::{Page, Paged, seen};
use crate::scope::{InGroup, Subscription};

const READ: &str = "Microsoft.Resources/subscriptions/resources/read";

/// `GET …/resources`, of one group with `$filter=resourceGroup eq '…'`
pub(crate) async fn list(
    State(app): State<App>,
    Path(scope): Path<Subscription>,
    filter: Filter,
    page: Page,
    caller: Caller,
) -> Answer<Json<Value>> {
    let group = filter.get("resourceGroup");
    let sees = match group {
        None => scope.sees(&app, &caller, READ).await?,
        Some(group) => {
            let scope = InGroup {
                subscription: scope.subscription,
                group: group.to_owned(),
            };
            scope.sees(&app, &caller, READ).await?
        }
    };
    let kind = filter.get("resourceType");
    let found = app
        .control
        .inventory(group, kind, page.after(), Paged::ASKED)
        .await?;
    let page = page.answer(&app, found, |r| r.id.clone(), shape);
    Ok(Json(seen(page, &sees)))
}

fn shape(one: &Listed) -> Value {
    json!({
        "id": one.id,
        "name": one.name,
        "type": one.kind,
        "location": one.location,
        "tags": one.tags,
    })
}
