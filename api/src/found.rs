//! What discovery found on hosts: types of resources that clients only read.

use axum::Json;
use axum::extract::{Path, State};
use base::Result;
use control::Control;
use serde_json::Value;
use state::{Record, Resource};

use crate::app::App;
use crate::caller::Caller;
use crate::error::Answer;
use crate::page::{Page, Paged, seen};
use crate::scope::{InGroup, Names, Subscription};

/// A type of such resources.
pub(crate) trait Found: Resource + Send + Sync {
    /// The type, in the case that clients take (G9).
    const TYPE: &'static str;

    /// The id of one in a group.
    fn id(control: &Control, group: &str, name: &str) -> String;

    /// At most `limit` of a group, or of all, beginning after the id `after`.
    fn page(
        control: &Control,
        group: Option<&str>,
        after: Option<&str>,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<Record<Self>>>> + Send;

    /// The one of this name.
    fn one(
        control: &Control,
        group: &str,
        name: &str,
    ) -> impl Future<Output = Result<Record<Self>>> + Send;

    /// As clients see it.
    fn shape(found: &Record<Self>) -> Value;
}

fn read<T: Found>() -> String {
    format!("{}/read", T::TYPE)
}

/// `GET …` of a subscription
pub(crate) async fn list<T: Found>(
    State(app): State<App>,
    Path(scope): Path<Subscription>,
    page: Page,
    caller: Caller,
) -> Answer<Json<Value>> {
    let sees = scope.sees(&app, &caller, &read::<T>()).await?;
    let found = T::page(&app.control, None, page.after(), Paged::ASKED).await?;
    let page = page.answer(&app, found, |r| r.id.clone(), T::shape);
    Ok(Json(seen(page, &sees)))
}

/// `GET …` of a group
pub(crate) async fn list_in_group<T: Found>(
    State(app): State<App>,
    Path(scope): Path<InGroup>,
    page: Page,
    caller: Caller,
) -> Answer<Json<Value>> {
    let sees = scope.sees(&app, &caller, &read::<T>()).await?;
    let group = Some(scope.group.as_str());
    let found = T::page(&app.control, group, page.after(), Paged::ASKED).await?;
    let page = page.answer(&app, found, |r| r.id.clone(), T::shape);
    Ok(Json(seen(page, &sees)))
}

/// `GET …/{name}`
pub(crate) async fn show<T: Found>(
    State(app): State<App>,
    Path(names): Path<Names>,
    caller: Caller,
) -> Answer<Json<Value>> {
    let id = T::id(&app.control, &names.group, &names.name);
    names.allow(&app, &caller, &read::<T>(), &id).await?;
    let found = T::one(&app.control, &names.group, &names.name).await?;
    Ok(Json(T::shape(&found)))
}
