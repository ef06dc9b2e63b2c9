//! What the caller may do somewhere: all of it, for clients that show what they can't offer.

use control::roles::RoleDefinition;

use super::Caller;
use crate::app::App;
use crate::error::Answer;

impl Caller {
    /// The roles that the principal has at the resource `id`, there or above it.
    ///
    /// # Errors
    /// Those of the records.
    pub(crate) async fn permissions(
        &self,
        app: &App,
        id: &str,
    ) -> Answer<Vec<&'static RoleDefinition>> {
        Ok(app.control.permissions(&self.principal, id).await?)
    }
}
