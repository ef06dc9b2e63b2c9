//! What the two processes say to each other: one JSON object a line.

use std::path::PathBuf;

use base::{Code, Error};
use serde::{Deserialize, Serialize};

use crate::agent::AgentChannel;

/// What the watchdog is told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase", tag = "do")]
pub(super) enum Order {
    /// The first order: which channel is the agent's.
    Open { channel: Option<AgentChannel> },
    /// Answered by `Probed` or `Failed`.
    Probe { timeout_ms: u64 },
    /// Answered by `Frozen` or `Failed`; later by `Thawed`.
    Freeze { budget_ms: u64 },
    /// Answered by `Thawed`, unless a `Thawed` is under way already.
    Thaw,
    /// Thaw a guest that another watchdog may have frozen. Answered by `Thawed`.
    Settle,
    /// The processors are about to be stopped. Answered by `Holding`.
    Hold { monitor: PathBuf },
    /// The processors run again. Not answered.
    Released,
}

impl Order {
    pub(super) fn line(&self) -> String {
        line(self)
    }
}

/// What the watchdog says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(
    rename_all = "camelCase",
    rename_all_fields = "camelCase",
    tag = "said"
)]
pub(super) enum Report {
    /// The agent answers.
    Probed { version: String },
    /// All file systems are frozen.
    Frozen { file_systems: u64 },
    /// The probe or the freeze failed. After a freeze the guest is being thawed.
    Failed { trouble: Trouble },
    /// The guest is thawed. The time is zero if it was not frozen by this watchdog.
    Thawed { frozen_us: u64, by: ThawedBy },
    /// A thaw is due and not confirmed. The watchdog goes on, unless the machine is off.
    StillFrozen { trouble: Trouble },
    /// Told of held processors.
    Holding,
}

impl Report {
    pub(super) fn line(&self) -> String {
        line(self)
    }
}

fn line(value: &impl Serialize) -> String {
    let mut line = serde_json::to_string(value).expect("plain data becomes JSON");
    line.push('\n');
    line
}

/// Why the watchdog thawed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ThawedBy {
    /// It was told to.
    Request,
    /// The budget ran out before it was told to.
    Budget,
    /// The process that started it is gone.
    ParentGone,
    /// The freeze had failed.
    FailedFreeze,
}

/// What went wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Trouble {
    pub(super) kind: TroubleKind,
    pub(super) text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum TroubleKind {
    /// Nothing answers on the channel.
    NoAnswer,
    /// The agent answers, but the command took too long.
    Slow,
    /// The agent refused.
    Refused,
    /// The machine is off.
    Off,
}

impl From<&Error> for Trouble {
    fn from(e: &Error) -> Self {
        let kind = match e.code() {
            Code::Timeout => TroubleKind::Slow,
            Code::AgentRefused => TroubleKind::Refused,
            Code::MachineVanished => TroubleKind::Off,
            _ => TroubleKind::NoAnswer,
        };
        Self {
            kind,
            text: e.detail().to_owned(),
        }
    }
}
