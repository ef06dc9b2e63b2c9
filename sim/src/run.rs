//! One run, from its seed.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use base::Result;
use futures::future::join_all;
use jiff::SignedDuration;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::time::{sleep, timeout};
use vault::keys::{Passphrase, PassphraseCost, Unlock};
use vault::{CollectOptions, Level, Limits, collect, create, verify};

use crate::Outcome;
use crate::auditor::{Auditor, Snapshot};
use crate::clock::HostClock;
use crate::disks::{CHUNK, new_disks};
use crate::host::{Host, Life, Shape};
use crate::store::Remote;
use crate::world::{Weather, World, lock};

const HOSTS: usize = 3;
const DAY: Duration = Duration::from_secs(24 * 3600);
/// Simulated time after which a run is taken for one that waits for nothing.
const MOST_TIME: Duration = Duration::from_secs(20 * 365 * 24 * 3600);

/// Makes the run of `seed`; prints every operation if `verbose`. Panics of the code under test
/// are failures of the run.
#[must_use]
pub fn run(seed: u64, verbose: bool) -> Outcome {
    run_on(seed, verbose, 0)
}

/// As [`run`], on stores that acknowledge so many of ten thousand puts without doing them: what
/// follows must be noticed.
#[must_use]
pub fn run_on(seed: u64, verbose: bool, forget: u64) -> Outcome {
    vault::work_in_place();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime without input and output needs nothing");
    let (send, audits) = unbounded_channel();
    let made = {
        let _inside = runtime.enter();
        Arc::new(World::new(seed, verbose, send))
    };
    let world = Arc::clone(&made);
    let all = async move {
        if timeout(MOST_TIME, whole(&world, audits, forget))
            .await
            .is_err()
        {
            world.violated("the run hangs");
        }
    };
    let ended = catch_unwind(AssertUnwindSafe(|| runtime.block_on(all)));
    if let Err(panic) = ended {
        let text = panic.downcast_ref::<String>().cloned();
        let text = text.or_else(|| Some((*panic.downcast_ref::<&str>()?).to_owned()));
        made.violated(format_args!("panic: {}", text.unwrap_or_default()));
    }
    drop(runtime);
    let stats = *lock(&made.stats);
    Outcome {
        seed,
        trace: made.trace(),
        stats,
        failure: made.failure(),
        stores: [0, 1].map(|store| made.place(store).objects.clone()),
    }
}

/// How bad this run's weather is.
fn weather(world: &World) -> Weather {
    let dice = &world.dice;
    let some = |most: u64| match dice.below(3) {
        0 => 0,
        _ => dice.below(most + 1),
    };
    Weather {
        fail: some(100),
        lost: some(60),
        late: some(40),
        twice: some(60),
        die: some(60),
        stall: some(15),
        outage: some(5),
        forget: 0,
    }
}

async fn whole(world: &Arc<World>, mut audits: UnboundedReceiver<Snapshot>, forget: u64) {
    let dice = &world.dice;
    let shape = Shape {
        limits: Limits {
            pack_bytes: *dice.pick(&[40_000, 100_000, 400_000]),
            segment_records: *dice.pick(&[5, 20, 1000]),
        },
        clocks_jump: dice.chance(6000),
        longest_pause: *dice.pick(&[Duration::from_secs(2), Duration::from_secs(600), 2 * DAY]),
    };
    *lock(&world.disks) = new_disks(dice);
    let left = Arc::new(AtomicU64::new(30 + dice.below(120)));
    let host = |number: usize| Host {
        number,
        world: Arc::clone(world),
        clock: Arc::new(HostClock::new()),
        shape,
        left: Arc::clone(&left),
    };
    let last = host(HOSTS);
    if let Err(e) = begin(world, &last).await {
        return world.violated(format_args!("making the vault: {e:?}"));
    }
    *lock(&world.weather) = Weather {
        forget,
        ..weather(world)
    };
    world.say(&format_args!(
        "{shape:?} {:?} {left:?}",
        lock(&world.weather)
    ));
    let mut auditor = Auditor::new(world);
    let hosts: Vec<Host> = (0..HOSTS).map(host).collect();
    let mut working = std::pin::pin!(join_all(hosts.iter().map(Host::run)));
    loop {
        tokio::select! {
            biased;
            Some(at) = audits.recv() => auditor.audit(&at).await,
            _ = &mut working => break,
        }
    }
    if world.stopped() {
        return;
    }
    // What is still on its way arrives.
    *lock(&world.weather) = Weather::default();
    sleep(100 * DAY).await;
    if let Err(e) = end(world, &last).await {
        world.violated(format_args!("in the quiet at the end: {e:?}"));
    }
    while let Ok(at) = audits.try_recv() {
        auditor.audit(&at).await;
    }
    for store in 0..2 {
        let at = Snapshot::of(store, &world.place(store));
        auditor.audit(&at).await;
        if let Err(what) = auditor.nothing_left(&at) {
            world.violated(format_args!("store {store} at the end: {what}"));
        }
    }
}

/// Makes the vault and its second store.
async fn begin(world: &Arc<World>, host: &Host) -> Result<()> {
    let passphrase = Passphrase::new("correct horse")?;
    let unlock = Unlock::Passphrase(passphrase.with_cost(PassphraseCost::LEAST)?);
    let life = Life::new(host.number, 0);
    let first = Remote::store(world, &life, 0);
    let chunk = u32::try_from(CHUNK).expect("a small chunk");
    let (vault, _) = create(first, chunk, &unlock, host.surroundings()).await?;
    vault.extend_to(Remote::store(world, &life, 1)).await?;
    let _ = world.ring.set(Arc::clone(vault.ring()));
    Ok(())
}

/// With nobody else there and the clock far on, one collection and a check of everything.
async fn end(world: &Arc<World>, host: &Host) -> Result<()> {
    let life = Life::new(host.number, 1);
    host.clock.jump(SignedDuration::from_hours(24 * 365 * 1000));
    for store in 0..2 {
        let vault = host.open(&life, store).await?;
        collect(&vault, &CollectOptions::default()).await?;
        let vault = host.open(&life, store).await?;
        let report = verify(&vault, Level::Full, None, &|_, _| {}).await?;
        if !report.is_well() {
            world.violated(format_args!("verify at the end: {report:?}"));
        }
    }
    Ok(())
}
