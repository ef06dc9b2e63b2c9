//! A server on hosts that are played, with machines and vaults, and nothing protected.

use std::sync::Arc;

use anyhow::{Context, Result, anyhow, bail};
use api::App;
use base::{Clock, ManualClock, SeededRandom};
use control::scripted::Scripted;
use control::{Control, FirstStart, HostInput, Options, Start, VaultChange, VaultInput};
use jiff::{SignedDuration, Timestamp};
use state::State;
use testkit::postgres::Postgres;

use crate::client::Client;
use crate::names::{GROUP, LOCATION, PER_VAULT, connection, host_name, vault_name};
use crate::{Size, hosts};

pub(crate) struct Server {
    pub(crate) control: Arc<Control>,
    pub(crate) clock: Arc<ManualClock>,
    /// The same records, to be filled.
    pub(crate) records: State,
    pub(crate) client: Client,
    /// When it was begun.
    pub(crate) begun: Timestamp,
    pub(crate) postgres: Option<Postgres>,
    _folder: tempfile::TempDir,
}

/// An error of the product as one of this program.
pub(crate) fn told(error: &base::Error) -> anyhow::Error {
    anyhow!("{error:?}")
}

impl Server {
    pub(crate) async fn start(engine: &str, size: Size) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let postgres = match engine {
            "sqlite" => None,
            "postgres" => Some(Postgres::start()?),
            _ => bail!("no engine {engine}"),
        };
        let url = postgres.as_ref().map(Postgres::database).transpose()?;
        let now: Timestamp = "2026-06-01T12:00:00Z".parse()?;
        let clock = Arc::new(ManualClock::new(now));
        let plane = Arc::new(Scripted::new(Arc::clone(&clock)));
        for host in 0..hosts::count(size) {
            plane.set(&connection(host), hosts::found(host, size));
        }
        let start = Start {
            data: folder.path().to_owned(),
            state: url.clone(),
            pool: None,
            names: vec!["here".to_owned()],
            host: host_name(0),
            connection: connection(0),
            clock: Arc::clone(&clock) as Arc<dyn Clock>,
            random: Arc::new(SeededRandom::new(1)),
            plane,
            options: Options {
                start_spread: SignedDuration::ZERO,
                ..Options::default()
            },
        };
        let mut first = None;
        let keep = async |shown: &FirstStart, _: &str| {
            first = Some(shown.clone());
            Ok(())
        };
        let (control, ..) = Control::open(start, keep).await.map_err(|e| told(&e))?;
        let control = Arc::new(control);
        furnish(&control, size).await.map_err(|e| told(&e))?;
        let place = match url {
            Some(url) => url,
            None => folder.path().join("state.db").display().to_string(),
        };
        let records = State::open(&place, Arc::clone(&clock) as Arc<dyn Clock>).await;
        let service = api::service(App::new(Arc::clone(&control), Client::URL));
        let first = first.context("the first start shows what it made")?;
        Ok(Self {
            client: Client::log_in(service, &first).await?,
            control,
            clock,
            records: records.map_err(|e| told(&e))?,
            begun: now,
            postgres,
            _folder: folder,
        })
    }

    /// The path of the subscription.
    pub(crate) fn subscription(&self) -> String {
        format!("/subscriptions/{}", self.control.subscription().id)
    }

    /// The path of a vault.
    pub(crate) fn vault(&self, number: usize) -> String {
        self.control.vault_id(GROUP, &vault_name(number))
    }
}

/// Adds the other hosts, finds the machines of all, and makes the vaults.
async fn furnish(control: &Control, size: Size) -> base::Result<()> {
    for host in 1..hosts::count(size) {
        let input = HostInput {
            location: Some(LOCATION.to_owned()),
            connection: Some(connection(host)),
            group: Some(GROUP.to_owned()),
            ..HostInput::default()
        };
        control.put_host(&host_name(host), input).await?;
    }
    control.discover().await?;
    for vault in 0..size.machines.div_ceil(PER_VAULT) {
        let input = VaultInput {
            location: Some(LOCATION.to_owned()),
            change: VaultChange::default(),
        };
        control.put_vault(GROUP, &vault_name(vault), input).await?;
    }
    // The stores are taken while they are empty.
    control.maintain().await;
    Ok(())
}
