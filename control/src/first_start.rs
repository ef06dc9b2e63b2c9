//! The first start: what a server needs before anybody can ask it for anything.
//!
//! All of it is one transaction, after the file with the secrets is durable. A server that is
//! killed in between begins anew, and replaces the file.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use base::{Clock, Code, Error, Random, Result, private_file};
use state::groups::Group;
use state::principals::{self, PrincipalBody, PrincipalKind};
use state::role_assignments::RoleAssignment;
use state::{State, WriteTx, resources, settings};
use tokio::sync::Semaphore;
use uuid::Uuid;

use crate::certificate::{self, Certified, Served};
use crate::jobs::Engine;
use crate::ownership::ServerName;
use crate::passwords::{one_time_password, user_body};
use crate::principals::{COMPARED_AT_ONCE, kept, new_secret};
use crate::roles::ROLES;
use crate::secrets::ServerKey;
use crate::{
    Control, DataPlane, Identity, Location, Options, Signing, Subscription, discovery, hosts,
    new_id, vault_pools,
};

pub(crate) const IDENTITY: &str = "identity";
const SIGNING: &str = "signing key";
const AUTHORITY: &str = "authority";
/// The age recipient of the server's daily backups.
pub(crate) const RECOVERY: &str = "recovery recipient";
const SERVED: &str = "served certificate";
/// The one location and group that a new server has.
const LOCATION: &str = "onprem";
pub(crate) const GROUP: &str = "default";
/// The user that is made first.
pub(crate) const OWNER: &str = "admin";

/// With what a server starts.
pub struct Start {
    /// Its folder, which is there.
    pub data: PathBuf,
    /// Where its records are; `None` for a file in the folder.
    pub state: Option<String>,
    /// Where vaults are made; `None` for a folder in its own.
    pub pool: Option<PathBuf>,
    /// The host names and addresses that it serves under, the first one first.
    pub names: Vec<String>,
    /// The name of the host that it is on.
    pub host: String,
    /// How that host's hypervisor is reached, such as `qemu:///system`.
    pub connection: String,
    /// Where the time comes from.
    pub clock: Arc<dyn Clock>,
    /// Where randomness comes from.
    pub random: Arc<dyn Random>,
    /// What jobs work with.
    pub plane: Arc<dyn DataPlane>,
    /// What the one who runs it has set.
    pub options: Options,
}

impl std::fmt::Debug for Start {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The place of the records may hold a password.
        f.debug_struct("Start")
            .field("data", &self.data)
            .finish_non_exhaustive()
    }
}

/// What the first start made, to be shown once.
#[derive(Clone, PartialEq, Eq)]
pub struct FirstStart {
    /// The tenant.
    pub tenant: Uuid,
    /// The client id of the application that is Owner.
    pub client_id: Uuid,
    /// Its secret.
    pub secret: String,
    /// The age identity that opens the server's backups; it is kept nowhere else.
    pub recovery_key: String,
    /// The name of the user that is Owner.
    pub user: String,
    /// Its one-time password.
    pub password: String,
}

impl std::fmt::Debug for FirstStart {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FirstStart").finish_non_exhaustive()
    }
}

impl Control {
    /// Opens a server's records, which are made at the first start. `keep` makes the secrets of
    /// that one durable before anything rests on them. Gives also the authority's certificate
    /// and what to serve with.
    ///
    /// # Errors
    /// `ServerKeyInvalid`; those of the records, of the folder and of `keep`.
    pub async fn open(
        start: Start,
        keep: impl AsyncFnOnce(&FirstStart, &str) -> Result<()>,
    ) -> Result<(Self, String, Served)> {
        let Start {
            data,
            state,
            pool: wanted_pool,
            names,
            host,
            connection,
            clock,
            random,
            plane,
            options,
        } = start;
        crate::server_backup::check_whole(&data)?;
        crate::server_backup::tidy(&data);
        let place = state.unwrap_or_else(|| data.join("state.db").display().to_string());
        let state = State::open(&place, Arc::clone(&clock)).await?;
        let mut tx = state.read().await?;
        let identity: Option<Identity> = settings::get(&mut tx, IDENTITY).await?;
        drop(tx);
        let key = options
            .server_key
            .open(&data, identity.is_none(), &*random)?;
        let identity = match identity {
            Some(identity) => identity,
            None => {
                let here = Here {
                    data: &data,
                    host: &host,
                    connection,
                };
                first(&state, &key, &*random, here, keep).await?
            }
        };
        let (authority, served) = certificates(&state, &key, &names, &*random).await?;
        let server = ServerName::of(&state, &host, &*random).await?;
        let owner = owner(&data, &*random)?;
        let mut tx = state.read().await?;
        let signing = secret(&mut tx, &key, SIGNING).await?;
        drop(tx);
        let control = Self {
            state,
            clock,
            random,
            key,
            identity,
            signing_key: Signing(signing),
            pool: pool(wanted_pool, &data)?,
            data,
            comparing: Arc::new(Semaphore::new(COMPARED_AT_ONCE)),
            plane,
            engine: Engine::new(owner, &options),
            options,
            rests: crate::reconcile::Rests::default(),
            silent: discovery::Silent::default(),
            spaces: crate::spaces::Spaces::default(),
            server,
            taken: crate::ownership::Taken::default(),
            adopting: crate::ownership::Adopting::default(),
        };
        Ok((control, authority.certificate, served))
    }

    /// What to serve with under these names by now: made anew if it is due. Durable when this
    /// returns.
    ///
    /// # Errors
    /// `ServerKeyInvalid`; those of the records.
    pub async fn certificate(&self, names: &[String]) -> Result<Served> {
        let made = certificates(&self.state, &self.key, names, &*self.random).await?;
        Ok(made.1)
    }
}

/// The name in which this server works: the same after a restart.
fn owner(data: &Path, random: &dyn Random) -> Result<String> {
    let path = data.join("server.id");
    match private_file::create(&path, new_id(random).to_string().as_bytes()) {
        Err(e) if e.code() == Code::TargetExists => {}
        made => made?,
    }
    let bytes = private_file::read(&path, 64)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn pool(wanted: Option<PathBuf>, data: &Path) -> Result<PathBuf> {
    let pool = wanted.unwrap_or_else(|| data.join("pool"));
    base::durable::make_folder(&pool)?;
    pool.canonicalize()
        .map_err(|e| Error::io(pool.display(), e))
}

/// Where the first start is.
struct Here<'a> {
    data: &'a Path,
    host: &'a str,
    connection: String,
}

async fn first(
    state: &State,
    key: &ServerKey,
    random: &dyn Random,
    here: Here<'_>,
    keep: impl AsyncFnOnce(&FirstStart, &str) -> Result<()>,
) -> Result<Identity> {
    let id = || new_id(random);
    let identity = Identity {
        tenant: id(),
        subscription: Subscription {
            id: id(),
            name: "On-premises".to_owned(),
        },
        locations: vec![Location {
            name: LOCATION.to_owned(),
            display_name: "On-premises".to_owned(),
            paired: None,
        }],
    };
    let (recovery_key, recovery) = vault::keys::new_age_identity();
    let shown = FirstStart {
        tenant: identity.tenant,
        client_id: id(),
        secret: new_secret(random),
        recovery_key: recovery_key.to_string(),
        user: OWNER.to_owned(),
        password: one_time_password(random),
    };
    let mut tx = state.write().await?;
    // Another server on the same records may have been first.
    if let Some(identity) = settings::get(&mut tx, IDENTITY).await? {
        return Ok(identity);
    }
    let authority = certificate::authority(tx.now())?;
    keep(&shown, &authority.certificate).await?;
    settings::set(&mut tx, IDENTITY, &identity).await?;
    settings::set(&mut tx, RECOVERY, &recovery).await?;
    let signing = key.wrap(SIGNING, &random.bytes::<32>(), random);
    settings::set(&mut tx, SIGNING, &signing).await?;
    let authority = serde_json::to_vec(&authority).expect("plain data becomes JSON");
    let authority = key.wrap(AUTHORITY, &authority, random);
    settings::set(&mut tx, AUTHORITY, &authority).await?;
    let app = id();
    let body = PrincipalBody {
        display_name: "First application".to_owned(),
        enabled: true,
        secrets: vec![kept(id(), &shown.secret, random)?],
        certificates: Vec::new(),
        failures: 0,
        locked_until: None,
        tokens_after: None,
    };
    let login = shown.client_id.to_string();
    let kind = PrincipalKind::ServicePrincipal;
    principals::create(&mut tx, app, kind, &login, body).await?;
    let subscription = format!("/subscriptions/{}", identity.subscription.id);
    make_owner(&mut tx, &subscription, app, kind, random).await?;
    let body = user_body(id(), "First owner", &shown.password, random)?;
    let (user, kind) = (id(), PrincipalKind::User);
    principals::create(&mut tx, user, kind, &shown.user, body).await?;
    make_owner(&mut tx, &subscription, user, kind, random).await?;
    let group = Group {
        location: LOCATION.to_owned(),
        tags: std::collections::BTreeMap::new(),
        managed_by: None,
    };
    let id = format!("{subscription}/resourceGroups/{GROUP}");
    let group = resources::create(&mut tx, &id, &subscription, group).await?;
    vault_pools::create_first(&mut tx, &subscription, LOCATION).await?;
    let connection = here.connection;
    hosts::create_first(
        &mut tx,
        here.data,
        &subscription,
        here.host,
        connection,
        &group,
    )
    .await?;
    tx.commit().await?;
    Ok(identity)
}

/// Gives a principal the role Owner in the subscription.
pub(crate) async fn make_owner(
    tx: &mut WriteTx,
    subscription: &str,
    principal: Uuid,
    principal_kind: PrincipalKind,
    random: &dyn Random,
) -> Result<()> {
    let owner = ROLES.first().expect("Owner is the first role");
    let given = RoleAssignment {
        principal,
        principal_kind,
        role: owner.id,
        description: Some("Made by the server".to_owned()),
    };
    let name = new_id(random);
    let id = format!("{subscription}/providers/Microsoft.Authorization/roleAssignments/{name}");
    resources::create(tx, &id, subscription, given).await?;
    Ok(())
}

/// The authority, and the certificate to serve with: made anew if it is due.
async fn certificates(
    state: &State,
    key: &ServerKey,
    names: &[String],
    random: &dyn Random,
) -> Result<(Certified, Served)> {
    let mut tx = state.write().await?;
    let authority: Certified = read(&secret(&mut tx, key, AUTHORITY).await?)?;
    // Servers on one database serve under names of their own, each with its own certificate.
    let own = format!("{SERVED} {}", names.join(","));
    let wrapped: Option<String> = settings::get(&mut tx, &own).await?;
    let before = wrapped.map(|w| key.open(SERVED, &w)).transpose()?;
    let before: Option<Served> = before.map(|b| read(&b)).transpose()?;
    let now = tx.now();
    if let Some(served) = before.filter(|s| !s.is_due(names, now)) {
        return Ok((authority, served));
    }
    let served = certificate::serve(&authority, names, now)?;
    let bytes = serde_json::to_vec(&served).expect("plain data becomes JSON");
    settings::set(&mut tx, &own, &key.wrap(SERVED, &bytes, random)).await?;
    tx.commit().await?;
    Ok((authority, served))
}

/// A secret among the records.
async fn secret(
    tx: &mut state::Tx,
    key: &ServerKey,
    name: &str,
) -> Result<zeroize::Zeroizing<Vec<u8>>> {
    let wrapped: Option<String> = settings::get(tx, name).await?;
    let missing = || Error::new(Code::StateDamaged, format!("the records lack the {name}"));
    key.open(name, &wrapped.ok_or_else(missing)?)
}

fn read<T: serde::de::DeserializeOwned>(bytes: &[u8]) -> Result<T> {
    serde_json::from_slice(bytes)
        .map_err(|e| Error::new(Code::StateDamaged, "a certificate among the records").because(e))
}

/// Keeps what the first start shows in a file that only its owner may read, in place of any
/// that a start which was cut short has left.
///
/// # Errors
/// Those of the file system.
pub fn keep(path: &Path, text: &str) -> Result<()> {
    match std::fs::remove_file(path) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => {
            return Err(Error::io(path.display(), e));
        }
        _ => {}
    }
    private_file::create(path, text.as_bytes())
}
