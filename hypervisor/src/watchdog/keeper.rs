//! What the watchdog does with its orders.

use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use base::{Code, Error, Result};

use super::process::log;
use super::protocol::{Order, Report, ThawedBy, Trouble};
use super::release::release;
use crate::agent::{self, AgentTransport};

/// How long one call may take while thawing. Thaw hooks run in it.
const CALL: Duration = Duration::from_secs(10);

/// The longest pause between two attempts to thaw.
const PAUSE: Duration = Duration::from_secs(2);

/// How long a guest must say `thawed` after a freeze whose answer did not come: the freeze
/// may still be on its way.
const LATE: Duration = Duration::from_secs(2);

/// The state of the process.
pub(super) struct Keeper<S> {
    orders: Receiver<Order>,
    say: S,
    agent: Option<Box<dyn AgentTransport>>,
    /// The monitor of a machine whose processors may be stopped.
    held: Option<PathBuf>,
    /// Whether the other process is gone.
    alone: bool,
}

impl<S: Fn(&Report)> Keeper<S> {
    pub(super) fn new(orders: Receiver<Order>, say: S) -> Self {
        Self {
            orders,
            say,
            agent: None,
            held: None,
            alone: false,
        }
    }

    /// Obeys until the orders end.
    pub(super) fn run(mut self) {
        while let Ok(order) = self.orders.recv() {
            match order {
                Order::Open { channel } => match channel.map(|c| agent::open(&c)).transpose() {
                    Ok(agent) => self.agent = agent,
                    // Each later order says that there is no channel.
                    Err(e) => log(e.detail()),
                },
                Order::Probe { timeout_ms } => self.probe(Duration::from_millis(timeout_ms)),
                Order::Freeze { budget_ms } => self.freeze(Duration::from_millis(budget_ms)),
                Order::Settle => self.settle(None, ThawedBy::Request, true),
                // Nothing is frozen: a failed freeze or the budget ended it, and was told.
                Order::Thaw => {}
                Order::Hold { .. } | Order::Released => self.note(order),
            }
            self.close();
        }
        self.release();
    }

    /// Orders that may come at any time.
    fn note(&mut self, order: Order) {
        match order {
            Order::Hold { monitor } => {
                self.held = Some(monitor);
                (self.say)(&Report::Holding);
            }
            Order::Released => self.held = None,
            _ => {}
        }
    }

    /// Lets held processors run: without them no agent answers.
    fn release(&mut self) {
        if let Some(monitor) = self.held.take()
            && let Err(e) = release(&monitor)
        {
            log(&format!("the machine may still be paused: {}", e.detail()));
        }
    }

    fn close(&mut self) {
        if let Some(agent) = &mut self.agent {
            agent.close();
        }
    }

    fn call<T>(
        &mut self,
        what: fn(&mut dyn AgentTransport, Duration) -> Result<T>,
        timeout: Duration,
    ) -> Result<T> {
        match &mut self.agent {
            Some(agent) => what(&mut **agent, timeout),
            None => Err(Error::new(
                Code::AgentUnavailable,
                "the machine has no agent channel",
            )),
        }
    }

    fn probe(&mut self, timeout: Duration) {
        let start = Instant::now();
        let found = self.call(agent::is_frozen, timeout);
        if let Ok(true) = found {
            log("found the guest frozen, as after a watchdog that was killed; thawing");
            if let Err(e) = self.call(agent::thaw, timeout.saturating_sub(start.elapsed())) {
                log(e.detail());
            }
        }
        let left = timeout.saturating_sub(start.elapsed());
        let report = match found.and_then(|_| self.call(agent::version, left)) {
            Ok(version) => Report::Probed { version },
            Err(e) => Report::Failed {
                trouble: (&e).into(),
            },
        };
        (self.say)(&report);
    }

    fn freeze(&mut self, budget: Duration) {
        let end = Instant::now() + budget;
        match self.call(agent::freeze, budget) {
            Ok(file_systems) => {
                let since = Instant::now();
                (self.say)(&Report::Frozen { file_systems });
                let by = self.wait(end);
                self.settle(Some(since), by, false);
            }
            Err(e) => {
                (self.say)(&Report::Failed {
                    trouble: (&e).into(),
                });
                // A refusal is the freeze's end; after anything else it may still come.
                self.settle(None, ThawedBy::FailedFreeze, e.code() != Code::AgentRefused);
            }
        }
    }

    /// Waits for the order to thaw.
    fn wait(&mut self, end: Instant) -> ThawedBy {
        loop {
            let left = end.saturating_duration_since(Instant::now());
            match self.orders.recv_timeout(left) {
                Ok(Order::Thaw) => return ThawedBy::Request,
                Ok(order) => self.note(order),
                Err(RecvTimeoutError::Timeout) => return ThawedBy::Budget,
                Err(RecvTimeoutError::Disconnected) => {
                    self.alone = true;
                    self.release();
                    return ThawedBy::ParentGone;
                }
            }
        }
    }

    /// Thaws until the agent says `thawed` or the machine is off. `since` is when the freeze
    /// was confirmed; `late` says that a freeze may still come.
    fn settle(&mut self, since: Option<Instant>, by: ThawedBy, late: bool) {
        let (mut thawed_at, mut quiet_since, mut raised) = (None, None, None);
        let mut pause = Duration::from_millis(50);
        let mut first = since.is_some();
        loop {
            let step = self.thaw_step(first, &mut thawed_at);
            first = false;
            match step {
                Ok(true) => {
                    let since = *quiet_since.get_or_insert_with(Instant::now);
                    if !late || since.elapsed() >= LATE {
                        break;
                    }
                }
                Ok(false) => quiet_since = None,
                Err(e) => {
                    quiet_since = None;
                    let text = e.detail().to_owned();
                    if raised.as_ref() != Some(&text) {
                        log(&format!("the guest may be frozen: {text}"));
                        (self.say)(&Report::StillFrozen {
                            trouble: Trouble::from(&e),
                        });
                        raised = Some(text);
                    }
                    if e.code() == Code::MachineVanished {
                        return;
                    }
                }
            }
            self.listen();
            std::thread::sleep(pause);
            pause = (pause * 2).min(PAUSE);
        }
        if raised.is_some() || self.alone {
            log("the guest is thawed");
        }
        let frozen = since.zip(thawed_at).map_or(Duration::ZERO, |(s, t)| t - s);
        let frozen_us = u64::try_from(frozen.as_micros()).unwrap_or(u64::MAX);
        (self.say)(&Report::Thawed { frozen_us, by });
    }

    /// One attempt. Gives whether the guest says that it is thawed.
    fn thaw_step(&mut self, at_once: bool, thawed_at: &mut Option<Instant>) -> Result<bool> {
        if at_once || self.call(agent::is_frozen, CALL)? {
            self.call(agent::thaw, CALL)?;
            *thawed_at = Some(Instant::now());
            return Ok(!self.call(agent::is_frozen, CALL)?);
        }
        // Thawed by someone else, or by a call whose answer was lost.
        thawed_at.get_or_insert_with(Instant::now);
        Ok(true)
    }

    /// Takes note of orders between two attempts.
    fn listen(&mut self) {
        loop {
            match self.orders.try_recv() {
                Ok(order) => self.note(order),
                Err(std::sync::mpsc::TryRecvError::Empty) => return,
                Err(std::sync::mpsc::TryRecvError::Disconnected) => {
                    self.alone = true;
                    self.release();
                    return;
                }
            }
        }
    }
}
