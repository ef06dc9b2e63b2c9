//! Stores that a server keeps records of: commands read them, and write only with `--take-over`.

use base::{Clock, Code, Error, Result, SystemClock};
use vault::{Owner, Put, Store};

use crate::settings::Settings;

/// Refuses to write to a store that a server owns, or takes it over if the command line says so:
/// the server finds out by the generation, and compares its records with the store.
///
/// # Errors
/// `StoreOwned`; those of the store.
pub async fn may_write(settings: &Settings, store: &Store) -> Result<()> {
    let Some(owner) = store.owner().await?.filter(|o| o.server.is_some()) else {
        return Ok(());
    };
    if !settings.global.take_over {
        let detail = format!("{store} belongs to {} since {}", owner.name, owner.since);
        return Err(Error::new(Code::StoreOwned, detail));
    }
    let host = rustix::system::uname();
    let next = Owner {
        generation: owner.generation + 1,
        server: None,
        last_server: owner.server,
        name: format!("a command on {}", host.nodename().to_string_lossy()),
        since: SystemClock.now().to_string(),
    };
    if store.own(&next).await? == Put::Exists {
        let detail = format!("somebody else took {store} over just now");
        return Err(Error::new(Code::StoreOwned, detail));
    }
    settings
        .reporter
        .warn(format!("{store} was taken over from {}", owner.name));
    Ok(())
}
