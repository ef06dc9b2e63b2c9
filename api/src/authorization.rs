//! Microsoft.Authorization: locks, role definitions and assignments, at any scope.

pub(crate) mod locks;
pub(crate) mod permissions;
pub(crate) mod roles;

use serde::Deserialize;

use crate::app::App;
use crate::caller::Caller;
use crate::error::Answer;

/// What a path's scope is made of: a subscription, a group in it, a resource in that.
#[derive(Debug, Deserialize)]
pub(crate) struct Scope {
    subscription: String,
    group: Option<String>,
    namespace: Option<String>,
    kind: Option<String>,
    resource: Option<String>,
    /// What is named there.
    #[serde(default)]
    pub(crate) name: String,
}

impl Scope {
    /// Its id, if the caller may do this of `Microsoft.Authorization` there.
    pub(crate) async fn allow(&self, app: &App, caller: &Caller, verb: &str) -> Answer<String> {
        let action = format!("Microsoft.Authorization/{verb}");
        self.permit(app, caller, &action).await
    }

    /// Its id, if the caller may do this there.
    pub(crate) async fn permit(&self, app: &App, caller: &Caller, action: &str) -> Answer<String> {
        let id = self.id(app)?;
        caller.may(app, action, &id).await?;
        Ok(id)
    }

    /// Its id.
    fn id(&self, app: &App) -> Answer<String> {
        let mut id = format!(
            "/subscriptions/{}",
            app.control.check_subscription(&self.subscription)?.id
        );
        if let Some(group) = &self.group {
            id += &format!("/resourceGroups/{group}");
        }
        if let (Some(namespace), Some(kind), Some(resource)) =
            (&self.namespace, &self.kind, &self.resource)
        {
            id += &format!("/providers/{namespace}/{kind}/{resource}");
        }
        Ok(id)
    }
}
