//! A host: a process that works until it is killed, and is then started anew.

use std::fmt;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use base::{Kind, Result, SeededRandom};
use futures::future::join_all;
use jiff::SignedDuration;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep};
use vault::{Limits, Locked, Surroundings, Vault};

use crate::actor::Actor;
use crate::clock::HostClock;
use crate::store::Remote;
use crate::world::{World, lock};

/// Things that one process does at the same time.
const LANES: usize = 2;
const DAY: Duration = Duration::from_secs(24 * 3600);

/// One process, from its start to its death.
#[derive(Debug)]
pub(crate) struct Life {
    host: usize,
    number: u64,
    over: AtomicBool,
    ended: Notify,
    stalled_until: Mutex<Option<Instant>>,
}

impl Life {
    pub(crate) fn new(host: usize, number: u64) -> Arc<Self> {
        Arc::new(Self {
            host,
            number,
            over: AtomicBool::new(false),
            ended: Notify::new(),
            stalled_until: Mutex::new(None),
        })
    }

    /// Kills the process: nothing that it does from now on reaches a store.
    pub(crate) fn end(&self) {
        self.over.store(true, Ordering::Relaxed);
        self.ended.notify_one();
    }

    pub(crate) fn is_over(&self) -> bool {
        self.over.load(Ordering::Relaxed)
    }

    /// Stops the process for a time.
    pub(crate) fn stall(&self, time: Duration) {
        *lock(&self.stalled_until) = Some(Instant::now() + time);
    }

    /// Waits while the process is stopped.
    pub(crate) async fn wait_out_stall(&self) {
        loop {
            let until = *lock(&self.stalled_until);
            match until.filter(|until| *until > Instant::now()) {
                Some(until) => tokio::time::sleep_until(until).await,
                None => return,
            }
        }
    }
}

impl fmt::Display for Life {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "host {}.{}", self.host, self.number)
    }
}

/// How a run is made.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    pub(crate) limits: Limits,
    /// Whether the hosts' clocks jump.
    pub(crate) clocks_jump: bool,
    /// The longest pause between two things that a host does.
    pub(crate) longest_pause: Duration,
}

/// A host.
pub(crate) struct Host {
    pub(crate) number: usize,
    pub(crate) world: Arc<World>,
    pub(crate) clock: Arc<HostClock>,
    pub(crate) shape: Shape,
    /// Things that all hosts are still to do.
    pub(crate) left: Arc<AtomicU64>,
}

impl Host {
    /// Works until nothing is left to do.
    pub(crate) async fn run(&self) {
        let mut number = 0;
        while self.left.load(Ordering::Relaxed) > 0 && !self.world.stopped() {
            number += 1;
            let life = Life::new(self.number, number);
            tokio::select! {
                biased;
                () = life.ended.notified() => {}
                () = self.live(&life) => {
                    life.end();
                    if self.left.load(Ordering::Relaxed) == 0 {
                        return;
                    }
                }
            }
            sleep(self.world.dice.time(self.shape.longest_pause)).await;
        }
    }

    async fn live(&self, life: &Arc<Life>) {
        let mut vaults = Vec::new();
        for store in 0..2 {
            match self.open(life, store).await {
                Ok(vault) => vaults.push(vault),
                Err(e) if e.kind() == Kind::Unavailable => return,
                Err(e) => {
                    let what = format!("{life}: opening store {store}: {e:?}");
                    return self.world.violated(what);
                }
            }
        }
        let actor = Actor {
            host: self,
            life: Arc::clone(life),
            vaults,
        };
        let lane = |lane: usize| {
            let actor = &actor;
            async move {
                while self.take_one() {
                    sleep(self.world.dice.time(self.shape.longest_pause)).await;
                    self.maybe_jump();
                    actor.act(lane).await;
                }
            }
        };
        join_all((0..LANES).map(lane)).await;
    }

    /// Opens the vault in a store, with nothing known of it but the keys.
    pub(crate) async fn open(&self, life: &Arc<Life>, store: usize) -> Result<Arc<Vault>> {
        let locked = Locked::open(Remote::store(&self.world, life, store)).await?;
        let ring = self.world.ring.get().expect("the vault was made first");
        let vault = locked.open_with(Arc::clone(ring), self.surroundings())?;
        Ok(Arc::new(vault.with_limits(self.shape.limits)))
    }

    pub(crate) fn surroundings(&self) -> Surroundings {
        Surroundings {
            clock: Arc::clone(&self.clock) as _,
            random: Arc::new(SeededRandom::new(self.world.dice.next())),
        }
    }

    fn take_one(&self) -> bool {
        let less = |n: u64| n.checked_sub(1);
        let (set, get) = (Ordering::Relaxed, Ordering::Relaxed);
        !self.world.stopped() && self.left.fetch_update(set, get, less).is_ok()
    }

    fn maybe_jump(&self) {
        let dice = &self.world.dice;
        if !self.shape.clocks_jump || !dice.chance(600) {
            return;
        }
        let far = dice.time(DAY * 365 * 4).as_secs();
        let by = SignedDuration::from_secs(i64::try_from(far).unwrap_or(0));
        let by = if dice.chance(5000) { by } else { -by };
        self.world
            .note(&format_args!("host {} clock jumps by {by}", self.number));
        self.clock.jump(by);
    }
}
