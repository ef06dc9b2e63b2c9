//! Letting an administrator in again who has lost every way: done beside the records, by who may
//! read and write them.

use std::sync::Arc;

use base::{Clock, Code, Error, Random, Result};
use state::principals::{self, PrincipalKind};
use state::role_assignments::RoleAssignment;
use state::{Record, State, resources, settings};

use crate::first_start::{IDENTITY, OWNER, make_owner};
use crate::passwords::{one_time_password, user_body};
use crate::roles::ROLES;
use crate::users::{NewUser, reset};
use crate::{Identity, new_id};

/// Gives the user `admin` of the records at `place` a new one-time password and the role Owner,
/// and makes it if it is not there. A server that runs on them need not be ended. Durable when
/// this returns.
///
/// # Errors
/// `DataFolderEmpty` if no server has started there; those of the records.
pub async fn reset_admin(
    place: &str,
    clock: Arc<dyn Clock>,
    random: &dyn Random,
) -> Result<NewUser> {
    let state = State::open(place, clock).await?;
    let mut tx = state.write().await?;
    let identity: Option<Identity> = settings::get(&mut tx, IDENTITY).await?;
    let identity = identity.ok_or_else(|| {
        let detail = "no server has started with these records";
        Error::new(Code::DataFolderEmpty, detail)
    })?;
    let password = one_time_password(random);
    let body = user_body(new_id(random), "Administrator", &password, random)?;
    let kind = PrincipalKind::User;
    let principal = match principals::by_login(&mut tx, OWNER).await? {
        Some(_) => reset(&mut tx, OWNER, body.secrets).await?,
        None => principals::create(&mut tx, new_id(random), kind, OWNER, body).await?,
    };
    let subscription = format!("/subscriptions/{}", identity.subscription.id);
    let owner = ROLES.first().expect("Owner is the first role").id;
    let id = principal.id.to_string();
    let given = resources::find::<RoleAssignment>(&mut tx, &id).await?;
    let here = state::fold(&subscription);
    let owns = |a: &Record<RoleAssignment>| a.body.role == owner && a.parent == here;
    if !given.iter().any(owns) {
        make_owner(&mut tx, &subscription, principal.id, kind, random).await?;
    }
    tx.commit().await?;
    Ok(NewUser {
        principal,
        password,
    })
}
