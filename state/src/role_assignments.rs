//! Role assignments. Their parent is the scope that the role is given for.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::Resource;
use crate::principals::PrincipalKind;

/// A role that a principal has in a scope. Its alias is the principal's id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoleAssignment {
    /// Who has the role.
    pub principal: Uuid,
    /// Of which kind the principal is.
    pub principal_kind: PrincipalKind,
    /// The id of the role's definition: a GUID.
    pub role: Uuid,
    /// Why it was given, in its maker's words.
    pub description: Option<String>,
}

impl Resource for RoleAssignment {
    const KIND: &'static str = "role-assignment";

    fn alias(&self) -> Option<String> {
        Some(self.principal.to_string())
    }
}
