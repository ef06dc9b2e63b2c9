//! Names in the paths of resources: of a subscription, of a group, of a resource in one.

use base::Code;
use control::Sees;
use serde::Deserialize;

use crate::app::App;
use crate::caller::Caller;
use crate::error::Answer;

/// Names in the path of what a subscription has.
#[derive(Debug, Deserialize)]
pub(crate) struct Subscription {
    pub(crate) subscription: String,
}

/// Names in the path of a resource in a subscription.
#[derive(Debug, Deserialize)]
pub(crate) struct InSubscription {
    pub(crate) subscription: String,
    pub(crate) name: String,
}

/// Names in the path of what a group has.
#[derive(Debug, Deserialize)]
pub(crate) struct InGroup {
    pub(crate) subscription: String,
    pub(crate) group: String,
}

/// Names in the path of a resource in a group.
#[derive(Debug, Deserialize)]
pub(crate) struct Names {
    pub(crate) subscription: String,
    pub(crate) group: String,
    pub(crate) name: String,
}

impl Subscription {
    /// What the caller may see of a list in the subscription.
    pub(crate) async fn sees(&self, app: &App, caller: &Caller, action: &str) -> Answer<Sees> {
        let id = app.control.check_subscription(&self.subscription)?.id;
        let id = format!("/subscriptions/{id}");
        caller.sees(app, action, &id).await
    }

    /// The same; `None` if that is nothing.
    pub(crate) async fn sees_some(
        &self,
        app: &App,
        caller: &Caller,
        action: &str,
    ) -> Answer<Option<Sees>> {
        match self.sees(app, caller, action).await {
            Err(e) if e.code() == Code::AuthorizationFailed => Ok(None),
            sees => sees.map(Some),
        }
    }

    /// Lets the request go on if the caller may do this in the subscription.
    pub(crate) async fn allow(&self, app: &App, caller: &Caller, action: &str) -> Answer<()> {
        allow_in(app, caller, action, &self.subscription).await
    }
}

/// Lets the request go on if the caller may do this in a subscription.
pub(crate) async fn allow_in(
    app: &App,
    caller: &Caller,
    action: &str,
    subscription: &str,
) -> Answer<()> {
    let id = app.control.check_subscription(subscription)?.id;
    caller
        .may(app, action, &format!("/subscriptions/{id}"))
        .await
}

impl InGroup {
    /// What the caller may see of a list in the group.
    pub(crate) async fn sees(&self, app: &App, caller: &Caller, action: &str) -> Answer<Sees> {
        app.control.check_subscription(&self.subscription)?;
        let id = app.control.group_id(&self.group);
        caller.sees(app, action, &id).await
    }
}

impl InSubscription {
    /// Lets the request go on if the caller may do this to the resource, which is of the type
    /// `kind`.
    pub(crate) async fn allow(
        &self,
        app: &App,
        caller: &Caller,
        kind: &str,
        verb: &str,
    ) -> Answer<()> {
        let subscription = app.control.check_subscription(&self.subscription)?.id;
        let name = &self.name;
        let id = format!("/subscriptions/{subscription}/providers/{kind}/{name}");
        caller.may(app, &format!("{kind}/{verb}"), &id).await
    }
}

impl Names {
    /// Lets the request go on if the caller may do this to the resource `id`.
    pub(crate) async fn allow(
        &self,
        app: &App,
        caller: &Caller,
        action: &str,
        id: &str,
    ) -> Answer<()> {
        app.control.check_subscription(&self.subscription)?;
        caller.may(app, action, id).await
    }
}
