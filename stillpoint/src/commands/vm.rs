//! `stillpoint vm list|show|tag`

use base::{ByteSize, Result};
use hypervisor::{AgentStatus, DiskChoice, Firmware, Host, ImageFormat, Machine, MachineState};
use serde::Serialize;

use super::remote;
use crate::cli::VmCommand;
use crate::output::{facts, table};
use crate::settings::Settings;
use crate::unfinished::{Unfinished, unfinished};

/// A machine, and what is the matter with its disks.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Shown {
    #[serde(flatten)]
    machine: Machine,
    /// Disks that a restore left as a mixture.
    unfinished_restores: Vec<Unfinished>,
}

pub async fn run(settings: &Settings, command: VmCommand) -> Result<()> {
    if settings.asks_server_for_machines() {
        return remote::machines::run(settings, command).await;
    }
    let host = || Host::open(&settings.global.connect);
    match command {
        // Only a server keeps tags, and protects.
        VmCommand::Tag(_)
        | VmCommand::List {
            protection: Some(_),
        } => remote::machines::run(settings, command).await,
        VmCommand::List { protection: None } => {
            let host = host()?;
            let machines = host.hypervisor().list().await?;
            settings.output.print(&machines, |all| {
                let rows = all.iter().map(|m| {
                    let included = m.disks.iter().filter(|d| d.choice == DiskChoice::Included);
                    let (count, size) = included.fold((0, 0), |(n, s), d| (n + 1, s + d.size));
                    let disks = if count == m.disks.len() {
                        count.to_string()
                    } else {
                        format!("{count} of {}", m.disks.len())
                    };
                    let size = ByteSize(size).to_string();
                    vec![m.name.clone(), state(m).to_owned(), disks, size, agent(m)]
                });
                table(&["~NAME", "STATE", ">DISKS", ">SIZE", "~GUEST AGENT"], rows)
            })
        }
        VmCommand::Show { machine } => {
            let host = host()?;
            let machine = host.hypervisor().find(&machine).await?;
            let disks = machine.disks.iter();
            let paths = disks.filter_map(|d| Some((d.name.as_str(), d.path.as_deref()?)));
            let unfinished_restores = unfinished(settings, paths);
            let shown = Shown {
                machine,
                unfinished_restores,
            };
            settings.output.print(&shown, |s| {
                let mut text = show(&s.machine);
                if !s.unfinished_restores.is_empty() {
                    let each = s.unfinished_restores.iter();
                    let rows = each.map(|u| vec![u.disk.clone(), u.mark.display().to_string()]);
                    text += &format!("\n{}", table(&["DISK", "~UNFINISHED RESTORE"], rows));
                }
                text
            })
        }
    }
}

fn show(m: &Machine) -> String {
    let head = facts(&[
        ("Name", m.name.clone()),
        ("UUID", m.uuid.clone()),
        ("State", state(m).to_owned()),
        (
            "Firmware",
            if m.firmware == Firmware::Uefi {
                "UEFI"
            } else {
                "BIOS"
            }
            .to_owned(),
        ),
        ("Guest agent", agent(m)),
    ]);
    let rows = m.disks.iter().map(|d| {
        let choice = match &d.choice {
            DiskChoice::Included => "yes".to_owned(),
            DiskChoice::Excluded(why) => format!("no: {why}"),
        };
        let boot = d.boot_order.map(|b| b.to_string()).unwrap_or_default();
        let (bus, format) = (d.bus.clone(), format_name(d.format).to_owned());
        vec![
            d.name.clone(),
            format,
            ByteSize(d.size).to_string(),
            bus,
            boot,
            choice,
        ]
    });
    let disks = table(
        &["DISK", "FORMAT", ">SIZE", "BUS", ">BOOT", "~BACKED UP"],
        rows,
    );
    let paths = m.disks.iter().filter_map(|d| {
        let path = d.path.as_ref()?.display().to_string();
        Some(vec![d.name.clone(), path])
    });
    format!(
        "{head}\n{disks}\n{}",
        table(&["DISK", "~FILE OR DEVICE"], paths)
    )
}

pub fn format_name(format: ImageFormat) -> &'static str {
    match format {
        ImageFormat::Raw => "raw",
        ImageFormat::Qcow2 => "qcow2",
        ImageFormat::Other => "other",
    }
}

fn state(m: &Machine) -> &'static str {
    match m.state {
        MachineState::Running => "running",
        MachineState::Paused => "paused",
        MachineState::Stopped => "stopped",
        MachineState::Other => "other",
    }
}

fn agent(m: &Machine) -> String {
    match &m.agent {
        AgentStatus::NotConfigured => "none".to_owned(),
        AgentStatus::NotResponding => "does not answer".to_owned(),
        AgentStatus::Responding { version } => version.clone(),
    }
}
