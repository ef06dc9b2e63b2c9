//! Finding machines, and defining and starting restored ones.

use std::time::Duration;

use base::{Code, Error, Result};
use tracing::warn;

use super::LibvirtHost;
use super::discover::{self, Channel};
use super::ffi::{Connection, Domain, State, XmlForm, number};
use super::link::{LONG, Link, SHORT, absent};
use crate::{AgentStatus, Definition, Disk, DiskChoice, Machine, MachineState};

/// How long discovery waits for a guest agent. libvirt counts whole seconds.
const AGENT_SECONDS: u32 = 1;

/// All machines.
pub(super) async fn list(link: &Link) -> Result<Vec<Machine>> {
    let uuids = link
        .call(SHORT, |conn| {
            let domains = conn.domains()?;
            Ok(domains
                .iter()
                .filter_map(|d| d.uuid().ok())
                .collect::<Vec<_>>())
        })
        .await?;
    // Several at once: an agent that hangs costs a second.
    let mut pending = tokio::task::JoinSet::new();
    let mut found = Vec::new();
    for (i, uuid) in uuids.into_iter().enumerate() {
        if pending.len() >= 8 {
            found.extend(pending.join_next().await.and_then(std::result::Result::ok));
        }
        let link = link.clone();
        pending.spawn(async move { (i, one(&link, &uuid).await.map_err(|e| (uuid, e))) });
    }
    while let Some(done) = pending.join_next().await {
        found.extend(done.ok());
    }
    found.sort_by_key(|(i, _)| *i);
    let mut machines = Vec::new();
    for (_, result) in found {
        match result {
            Ok(machine) => machines.push(machine),
            Err((uuid, e)) => warn!("machine {uuid} is left out: {e}"),
        }
    }
    Ok(machines)
}

/// The machine of this UUID or name; a UUID wins.
pub(super) async fn find(link: &Link, name_or_uuid: &str) -> Result<Machine> {
    let wanted = name_or_uuid.to_owned();
    let uuid = link
        .call(SHORT, move |conn| {
            let by_uuid = if uuid::Uuid::parse_str(&wanted).is_ok() {
                absent(conn.domain_by_uuid(&wanted), number::NO_DOMAIN)?
            } else {
                None
            };
            let domain = match by_uuid {
                Some(domain) => domain,
                None => conn.domain_by_name(&wanted)?,
            };
            Ok(domain.uuid()?)
        })
        .await?;
    one(link, &uuid).await
}

/// The definition for the machine's next start, and its NVRAM.
pub(super) async fn definition(link: &Link, machine: &Machine) -> Result<Definition> {
    let xml = link
        .domain(&machine.uuid, SHORT, |d| d.xml(XmlForm::Stored))
        .await?;
    let nvram = match discover::facts(&xml)?.nvram {
        None => None,
        Some(path) => match tokio::fs::read(&path).await {
            Ok(bytes) => Some(bytes),
            // Not made before the first start.
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => None,
            Err(e) => return Err(Error::io(format_args!("read NVRAM {}", path.display()), e)),
        },
    };
    Ok(Definition::Libvirt { xml, nvram })
}

/// The user and group that QEMU runs as, of a running machine whose libvirt tells.
pub(super) async fn runs_as(link: &Link, uuid: &str) -> Result<Option<(u32, u32)>> {
    let xml = link
        .domain(uuid, SHORT, |d| d.xml(XmlForm::Current))
        .await?;
    Ok(discover::facts(&xml)?.runs_as)
}

async fn one(link: &Link, uuid: &str) -> Result<Machine> {
    let (mut machine, channel) = {
        let uuid = uuid.to_owned();
        link.call(SHORT, move |conn| {
            describe(conn, &conn.domain_by_uuid(&uuid)?)
        })
        .await?
    };
    machine.agent = match channel {
        Channel::Absent => AgentStatus::NotConfigured,
        Channel::Closed => AgentStatus::NotResponding,
        Channel::Open => agent(link, uuid).await,
    };
    Ok(machine)
}

fn describe(conn: &Connection, domain: &Domain) -> Result<(Machine, Channel)> {
    let facts = discover::facts(&domain.xml(XmlForm::Current)?)?;
    let mut disks = facts.disks;
    for disk in &mut disks {
        if let Some((_, v)) = facts.volumes.iter().find(|(name, _)| *name == disk.name) {
            match conn.volume_path(&v.pool, &v.name) {
                Ok(path) => disk.path = Some(path.into()),
                Err(e) => leave_out(
                    disk,
                    format!("volume `{}` of pool `{}`: {e}", v.name, v.pool),
                ),
            }
        }
        if disk.path.is_none() && disk.choice != DiskChoice::Included {
            continue;
        }
        match domain.block_info(&disk.name) {
            Ok(info) => disk.size = info.capacity,
            Err(e) => leave_out(disk, format!("its size can't be read: {e}")),
        }
    }
    let state = match domain.state()? {
        State::Running => MachineState::Running,
        State::Paused | State::PausedByIoError => MachineState::Paused,
        State::Off | State::OffCleanly => MachineState::Stopped,
        State::Other => MachineState::Other,
    };
    let machine = Machine {
        uuid: facts.uuid,
        name: facts.name,
        state,
        firmware: facts.firmware,
        hardware: facts.hardware,
        disks,
        agent: AgentStatus::NotConfigured,
    };
    Ok((machine, facts.agent))
}

fn leave_out(disk: &mut Disk, why: String) {
    if disk.choice == DiskChoice::Included {
        disk.choice = DiskChoice::Excluded(why);
    }
}

async fn agent(link: &Link, uuid: &str) -> AgentStatus {
    let limit = Duration::from_secs(u64::from(AGENT_SECONDS) + 4);
    let answer = link
        .domain(uuid, limit, |d| {
            d.agent_command(r#"{"execute":"guest-info"}"#, AGENT_SECONDS)
        })
        .await;
    answer.map_or(AgentStatus::NotResponding, |text| AgentStatus::Responding {
        version: version(&text),
    })
}

/// The version in the answer to `guest-info`.
pub(super) fn version(answer: &str) -> String {
    let value: serde_json::Value = serde_json::from_str(answer).unwrap_or_default();
    let version = value["return"]["version"].as_str().unwrap_or("unknown");
    version
        .chars()
        .filter(|c| !c.is_control())
        .take(64)
        .collect()
}

/// What `restore vm` needs.
impl LibvirtHost {
    /// Defines a machine from its XML, and gives its UUID. It is not started.
    ///
    /// # Errors
    /// `MachineExists` if the name belongs to a machine of another UUID; `HypervisorError`
    /// if libvirt refuses the XML.
    pub async fn define(&self, xml: &str) -> Result<String> {
        let xml = xml.to_owned();
        self.link
            .call(SHORT, move |conn| match conn.define(&xml) {
                Ok(domain) => Ok(domain.uuid()?),
                // libvirt's number for a name or UUID that is taken is a general one.
                Err(e) if e.number == number::OPERATION_FAILED => {
                    Err(Error::new(Code::MachineExists, format!("libvirt: {e}")))
                }
                Err(e) => Err(e.into()),
            })
            .await
    }

    /// Starts a machine.
    ///
    /// # Errors
    /// `MachineNotFound`, `MachineRunning`, `HypervisorDenied` (a disk refused to QEMU),
    /// `HypervisorError`.
    pub async fn start(&self, name_or_uuid: &str) -> Result<()> {
        let uuid = find(&self.link, name_or_uuid).await?.uuid;
        self.link
            .call(LONG, move |conn| {
                let domain = conn.domain_by_uuid(&uuid)?;
                match domain.start() {
                    Err(e) if e.number == number::OPERATION_INVALID && domain.run().is_some() => {
                        Err(Error::new(Code::MachineRunning, format!("libvirt: {e}")))
                    }
                    other => Ok(other?),
                }
            })
            .await
    }

    /// Removes a machine's definition and NVRAM; its disks stay. A running machine is
    /// refused.
    ///
    /// # Errors
    /// `MachineNotFound`, `MachineRunning`, `HypervisorError`.
    pub async fn undefine(&self, name_or_uuid: &str) -> Result<()> {
        let uuid = find(&self.link, name_or_uuid).await?.uuid;
        self.link
            .call(SHORT, move |conn| {
                let domain = conn.domain_by_uuid(&uuid)?;
                if domain.run().is_some() {
                    return Err(Error::new(
                        Code::MachineRunning,
                        format!("machine {uuid} is running; it stays defined"),
                    ));
                }
                Ok(domain.undefine()?)
            })
            .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_odd_answer_of_the_agent_still_gives_a_version() {
        assert_eq!(version(r#"{"return":{"version":"10.0.2"}}"#), "10.0.2");
        assert_eq!(version(r#"{"return":{"version":"1\u001b[2J"}}"#), "1[2J");
        assert_eq!(version("nonsense"), "unknown");
        assert_eq!(version(r#"{"return":[]}"#), "unknown");
    }
}
