//! Freezing and thawing around an instant, as a request asks for it.

use std::path::Path;
use std::time::Duration;

use base::{Code, Error, Result};

use super::{ThawedBy, Watchdog, WatchdogProgram};
use crate::agent::AgentChannel;
use crate::{Consistency, MachineState, Quiesce, SnapshotRequest};

/// How long the agent may take to answer before a freeze is tried.
const PROBE: Duration = Duration::from_secs(10);

/// The watchdog of one snapshot and what was asked of it.
#[derive(Debug)]
pub(crate) struct Quiescer {
    watchdog: Watchdog,
    wanted: Quiesce,
    budget: Duration,
    /// Whether the agent has answered.
    ready: bool,
    frozen: bool,
    /// Why less was got than was asked for.
    downgrade: Option<Code>,
}

impl Quiescer {
    /// Starts the watchdog and sees whether the agent answers. What is less than what was
    /// asked for goes to `warnings`.
    ///
    /// # Errors
    /// With [`Quiesce::Require`] those of the agent; `Io` and the like if the watchdog can't
    /// be started.
    pub(crate) async fn prepare(
        program: &WatchdogProgram,
        channel: Option<AgentChannel>,
        request: &SnapshotRequest,
        state: MachineState,
        warnings: &mut Vec<String>,
    ) -> Result<Self> {
        let channel = channel.filter(|_| request.quiesce != Quiesce::Skip);
        let obstacle = if state == MachineState::Running {
            channel
                .is_none()
                .then_some("the machine has no guest agent channel")
        } else {
            Some("the machine is paused, so its guest agent can't answer")
        };
        let channel = channel.filter(|_| obstacle.is_none());
        let mut quiescer = Self {
            watchdog: Watchdog::start(program, channel).await?,
            wanted: request.quiesce,
            budget: request.freeze_budget,
            ready: false,
            frozen: false,
            downgrade: None,
        };
        if quiescer.wanted != Quiesce::Skip {
            let probed = match obstacle {
                None => quiescer.watchdog.probe(PROBE).await.map(|_| ()),
                Some(why) => Err(Error::new(Code::AgentUnavailable, why)),
            };
            quiescer.ready = probed.is_ok();
            quiescer.downgrade(probed, warnings)?;
        }
        Ok(quiescer)
    }

    /// Freezes, if asked for and the agent had answered.
    ///
    /// # Errors
    /// With [`Quiesce::Require`] `FreezeFailed` and those of the agent. `ThawFailed` if a
    /// failed freeze can't be undone for certain; the watchdog goes on trying.
    pub(crate) async fn freeze(&mut self, warnings: &mut Vec<String>) -> Result<()> {
        if !self.ready {
            return Ok(());
        }
        let frozen = self.watchdog.freeze(self.budget).await;
        self.frozen = frozen.is_ok();
        if frozen.is_err() {
            self.watchdog.settle().await?;
        }
        self.downgrade(frozen, warnings)
    }

    /// Says that the processors of the machine with this QEMU monitor are about to be
    /// stopped: the watchdog lets them run if this process dies.
    ///
    /// # Errors
    /// As [`Watchdog::hold`].
    pub(crate) async fn hold(&mut self, monitor: &Path) -> Result<()> {
        self.watchdog.hold(monitor).await
    }

    /// Says that they run again.
    ///
    /// # Errors
    /// As [`Watchdog::released`].
    pub(crate) async fn released(&mut self) -> Result<()> {
        self.watchdog.released().await
    }

    /// Thaws. Gives what the instant was and how long the guest was frozen.
    ///
    /// # Errors
    /// `ThawFailed`; with [`Quiesce::Require`] `FreezeFailed` if the budget ran out before.
    pub(crate) async fn thaw(
        &mut self,
        warnings: &mut Vec<String>,
    ) -> Result<(Consistency, Duration)> {
        if !std::mem::take(&mut self.frozen) {
            return Ok((Consistency::CrashConsistent, Duration::ZERO));
        }
        let thaw = self.watchdog.thaw().await?;
        if thaw.by == ThawedBy::Request {
            return Ok((Consistency::FileSystemConsistent, thaw.frozen));
        }
        let text = format!(
            "the budget of {:?} ran out before the instant was taken",
            self.budget
        );
        self.downgrade(Err(Error::new(Code::FreezeFailed, text)), warnings)?;
        Ok((Consistency::CrashConsistent, thaw.frozen))
    }

    /// Why less was got than was asked for.
    pub(crate) fn downgraded(&self) -> Option<Code> {
        self.downgrade
    }

    /// A failure that `Try` lives with.
    fn downgrade(&mut self, result: Result<()>, warnings: &mut Vec<String>) -> Result<()> {
        match result {
            Err(e) if self.wanted == Quiesce::Require => {
                let text = format!("the point was to be file-system consistent: {}", e.detail());
                Err(Error::new(e.code(), text).because(e))
            }
            Err(e) => {
                self.downgrade = Some(e.code());
                warnings.push(format!(
                    "the point is crash-consistent only: {}",
                    e.detail()
                ));
                Ok(())
            }
            Ok(()) => Ok(()),
        }
    }
}

/// What was done while the guest was frozen together with the thaw after it. If both failed,
/// the guest that may still be frozen comes before anything else; otherwise what failed first.
///
/// # Errors
/// `ThawFailed`, telling of a failure before it too; else those given.
pub(crate) fn with_thaw<T, U>(done: Result<T>, thawed: Result<U>) -> Result<(T, U)> {
    match (done, thawed) {
        (Ok(done), Ok(thawed)) => Ok((done, thawed)),
        (Err(before), Err(e)) if e.code() == Code::ThawFailed => {
            let text = format!("{}; taking the instant had failed: {before}", e.detail());
            Err(Error::new(Code::ThawFailed, text).because(before))
        }
        (Err(e), _) | (Ok(_), Err(e)) => Err(e),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failed(code: Code, text: &str) -> Result<u8> {
        Err(Error::new(code, text))
    }

    #[test]
    fn a_failed_thaw_is_told_before_the_failure_that_came_first() {
        let job = || failed(Code::HypervisorError, "no job");
        let e = with_thaw(job(), failed(Code::ThawFailed, "still frozen")).unwrap_err();
        assert_eq!(e.code(), Code::ThawFailed);
        assert!(
            e.detail().starts_with("still frozen") && e.detail().ends_with("no job"),
            "{e}"
        );
        let source = std::error::Error::source(&e).map(ToString::to_string);
        assert_eq!(source.as_deref(), Some("no job"));
    }

    #[test]
    fn what_failed_before_a_thaw_that_only_came_late_is_told() {
        let job = || failed(Code::HypervisorError, "no job");
        let late = || failed(Code::FreezeFailed, "the budget ran out");
        let code = |r: Result<(u8, u8)>| r.unwrap_err().code();
        assert_eq!(code(with_thaw(job(), late())), Code::HypervisorError);
        assert_eq!(code(with_thaw(job(), Ok(1))), Code::HypervisorError);
        assert_eq!(code(with_thaw(Ok(1), late())), Code::FreezeFailed);
        assert_eq!(with_thaw(Ok(1), Ok(2)).unwrap(), (1, 2));
    }
}
