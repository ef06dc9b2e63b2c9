//! The whole vault against a naive model: whatever was done, every committed point in every
//! store reads as the bytes that were backed up.

use std::sync::Arc;

use base::{Code, PointId};
use proptest::prelude::*;
use vault::{
    CollectOptions, DiskRoot, Level, Phase, PointState, Session, Vault, collect, sync_point, verify,
};

use crate::faulty::{Faulty, How};
use crate::support::*;

const MACHINES: [(&str, &[&str]); 2] = [(MACHINE, &["vda", "vdb"]), ("other", &["sda"])];
const DISKS: [(usize, &str); 3] = [(0, "vda"), (0, "vdb"), (1, "sda")];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Commit,
    Drop,
    Close,
    /// Another session of the machine opens before the commit.
    Fence,
    /// The store goes away at the n-th put.
    Die(usize),
}

#[derive(Clone, Debug)]
enum Step {
    Write {
        disk: usize,
        at: usize,
        len: usize,
        seed: u64,
    },
    Block {
        disk: usize,
        block: usize,
        seed: u64,
    },
    Zero {
        disk: usize,
        at: usize,
        len: usize,
    },
    Resize {
        disk: usize,
        size: usize,
    },
    Clone {
        from: usize,
        to: usize,
    },
    Revert {
        disk: usize,
        point: prop::sample::Index,
    },
    Backup {
        machine: usize,
        store: usize,
        attempt: bool,
        incremental: bool,
        end: End,
    },
    /// Two machines' sessions at the same time.
    Both {
        store: usize,
        swap: bool,
    },
    Sync {
        point: prop::sample::Index,
        from: usize,
        die: Option<usize>,
    },
    Reopen {
        store: usize,
    },
    Remove {
        store: usize,
        point: prop::sample::Index,
    },
    /// The store may go away at the n-th operation.
    Collect {
        store: usize,
        die: Option<usize>,
    },
    /// A backup begins, and ends whenever [`Step::Finish`] comes.
    Begin {
        machine: usize,
        store: usize,
    },
    Finish,
}

fn step() -> impl Strategy<Value = Step> {
    let disk = 0..DISKS.len();
    let at = 0..40 * CHUNK;
    let end = prop_oneof![
        6 => Just(End::Commit),
        1 => Just(End::Drop),
        1 => Just(End::Close),
        1 => Just(End::Fence),
        2 => (0..6usize).prop_map(End::Die),
    ];
    prop_oneof![
        3 => (disk.clone(), at.clone(), 1..3 * CHUNK, any::<u64>())
            .prop_map(|(disk, at, len, seed)| Step::Write { disk, at, len, seed }),
        6 => (disk.clone(), 0..160usize, any::<u64>())
            .prop_map(|(disk, block, seed)| Step::Block { disk, block, seed }),
        2 => (disk.clone(), at, 1..20 * CHUNK)
            .prop_map(|(disk, at, len)| Step::Zero { disk, at, len }),
        2 => (disk.clone(), prop_oneof![0..3 * CHUNK, 0..40 * CHUNK, 250 * CHUNK..280 * CHUNK])
            .prop_map(|(disk, size)| Step::Resize { disk, size }),
        1 => (disk.clone(), disk.clone()).prop_map(|(from, to)| Step::Clone { from, to }),
        1 => (disk, any::<prop::sample::Index>())
            .prop_map(|(disk, point)| Step::Revert { disk, point }),
        8 => (0..2usize, 0..4usize, any::<bool>(), 0..5u8, end).prop_map(
            |(machine, store, attempt, i, end)| Step::Backup {
                machine,
                // Most backups go to the first store, as to a host's.
                store: store / 3,
                attempt: attempt && i % 2 == 0,
                incremental: i > 0,
                end,
            }
        ),
        1 => (0..2usize, any::<bool>()).prop_map(|(store, swap)| Step::Both { store, swap }),
        6 => (any::<prop::sample::Index>(), 0..4usize, prop::option::weighted(0.3, 0..5usize))
            .prop_map(|(point, from, die)| Step::Sync { point, from: from / 3, die }),
        1 => (0..2usize).prop_map(|store| Step::Reopen { store }),
        5 => (0..4usize, any::<prop::sample::Index>())
            .prop_map(|(store, point)| Step::Remove { store: store / 3, point }),
        6 => (0..4usize, prop::option::weighted(0.3, 0..25usize))
            .prop_map(|(store, die)| Step::Collect { store: store / 3, die }),
        3 => (0..2usize, 0..4usize)
            .prop_map(|(machine, store)| Step::Begin { machine, store: store / 3 }),
        3 => Just(Step::Finish),
    ]
}

/// A machine's disks at an instant.
type Contents = Vec<(DiskRoot, Vec<u8>)>;

/// A committed point or attempt.
#[derive(Clone)]
struct Kept {
    machine: usize,
    point: PointId,
    state: PointState,
    contents: Contents,
}

/// What a store holds, in the order of the commits.
#[derive(Default)]
struct Held(Vec<Kept>);

impl Held {
    fn points(&self) -> impl Iterator<Item = &Kept> {
        self.0.iter().filter(|k| k.state == PointState::Whole)
    }

    fn point(&self, point: PointId) -> Option<&Kept> {
        self.points().find(|k| k.point == point)
    }

    fn newest(&self, machine: usize) -> Option<&Kept> {
        self.0.iter().rev().find(|k| k.machine == machine)
    }
}

/// A backup that has begun: its session, roots and contents.
struct Begun {
    machine: usize,
    store: usize,
    session: Arc<Session>,
    contents: Contents,
}

struct World {
    faulty: [Faulty; 2],
    vaults: [Arc<Vault>; 2],
    held: [Held; 2],
    disks: Vec<Vec<u8>>,
    /// All whole points ever, with their machine.
    points: Vec<(PointId, usize)>,
    begun: Vec<Begun>,
    seed: u64,
}

impl World {
    async fn new() -> Self {
        let faulty = [Faulty::memory(), Faulty::memory()];
        let first = make(faulty[0].store(), 1).await;
        let second = extend(&first, faulty[1].store()).await;
        Self {
            faulty,
            vaults: [first, second],
            held: Default::default(),
            disks: vec![pattern(1, 20), pattern(2, 3), pattern(1, 33)],
            points: Vec::new(),
            begun: Vec::new(),
            seed: 10,
        }
    }

    async fn act(&mut self, step: &Step) {
        match *step {
            Step::Write {
                disk,
                at,
                len,
                seed,
            } => {
                let disk = &mut self.disks[disk];
                let (at, end) = (at.min(disk.len()), (at + len).min(disk.len()));
                disk[at..end].copy_from_slice(&noise(seed, end - at));
            }
            Step::Block { disk, block, seed } => {
                let disk = &mut self.disks[disk];
                let at = (block * 4096 + 100).min(disk.len());
                let end = (at + 20).min(disk.len());
                disk[at..end].copy_from_slice(&noise(seed, end - at));
            }
            Step::Zero { disk, at, len } => {
                let disk = &mut self.disks[disk];
                let (at, end) = (at.min(disk.len()), (at + len).min(disk.len()));
                disk[at..end].fill(0);
            }
            Step::Resize { disk, size } => self.disks[disk].resize(size, 0),
            Step::Clone { from, to } => self.disks[to] = self.disks[from].clone(),
            Step::Revert { disk, ref point } => {
                let all: Vec<_> = self.held[0].points().collect();
                if !all.is_empty() {
                    self.disks[disk] = point.get(&all).contents[0].1.clone();
                }
            }
            Step::Backup {
                machine,
                store,
                attempt,
                incremental,
                end,
            } => {
                let state = if attempt {
                    PointState::Attempt
                } else {
                    PointState::Whole
                };
                self.backup(machine, store, state, incremental, end).await;
            }
            Step::Both { store, swap } => self.both(store, swap).await,
            Step::Sync {
                ref point,
                from,
                die,
            } => {
                if !self.points.is_empty() {
                    let (point, machine) = *point.get(&self.points);
                    self.sync(point, machine, from, die).await;
                }
            }
            Step::Reopen { store } => {
                self.seed += 1;
                let ring = Arc::clone(self.vaults[store].ring());
                let store_of = self.faulty[store].store();
                self.vaults[store] = try_open(&store_of, &ring, self.seed).await.unwrap();
            }
            Step::Remove { store, ref point } => {
                let all: Vec<_> = self.held[store].points().map(|k| k.point).collect();
                if !all.is_empty() {
                    let point = *point.get(&all);
                    let gone = self.vaults[store].remove_points(&[point]).await.unwrap();
                    assert_eq!(gone, [point]);
                    self.held[store].0.retain(|k| k.point != point);
                }
            }
            Step::Collect { store, die } => {
                if let Some(at) = die {
                    self.faulty[store].plan(at, How::Die);
                }
                let done = collect(&self.vaults[store], &CollectOptions::default()).await;
                self.faulty[store].heal();
                if die.is_none() {
                    done.unwrap();
                }
            }
            Step::Begin { machine, store } => self.begin(machine, store).await,
            Step::Finish => self.finish().await,
        }
    }

    async fn begin(&mut self, machine: usize, store: usize) {
        let vault = &self.vaults[store];
        let key = vault.machine_key(MACHINES[machine].0);
        let session = Session::open(vault, key, Phase::Snapshot).await.unwrap();
        let base = self.held[store].newest(machine).map(|k| &k.contents);
        let roots = self.write(&session, machine, base).await.unwrap();
        let contents = self.contents(machine, roots);
        self.begun.push(Begun {
            machine,
            store,
            session,
            contents,
        });
    }

    /// The oldest backup that has begun ends: with a point, unless a later one fenced it.
    async fn finish(&mut self) {
        if self.begun.is_empty() {
            return;
        }
        let b = self.begun.remove(0);
        let roots = b.contents.iter().map(|c| c.0.clone()).collect();
        let manifest = manifest(&b.session, MACHINES[b.machine].0, PointState::Whole, roots);
        match b.session.commit(&manifest, b"x").await {
            Ok(()) => self.keep(
                b.store,
                b.machine,
                manifest.point,
                b.contents,
                manifest.state,
            ),
            Err(e) => assert_eq!(e.code(), Code::Fenced),
        }
    }

    fn contents(&self, machine: usize, roots: Vec<DiskRoot>) -> Contents {
        let of = |(d, _): (usize, _)| self.disks[d].clone();
        let mine = DISKS.iter().enumerate().filter(|(_, d)| d.0 == machine);
        roots.into_iter().zip(mine.map(of)).collect()
    }

    async fn write(
        &self,
        session: &Arc<Session>,
        machine: usize,
        base: Option<&Contents>,
    ) -> base::Result<Vec<DiskRoot>> {
        let mut roots = Vec::new();
        let mine = DISKS
            .iter()
            .zip(&self.disks)
            .filter(|(d, _)| d.0 == machine);
        for (i, ((_, name), bytes)) in mine.enumerate() {
            let base = base.map(|b| Base {
                root: &b[i].0,
                bytes: &b[i].1,
            });
            let (root, _) = write_disk(session, MACHINES[machine].0, name, bytes, base).await?;
            roots.push(root);
        }
        Ok(roots)
    }

    async fn backup(&mut self, machine: usize, s: usize, state: PointState, inc: bool, end: End) {
        let uuid = MACHINES[machine].0;
        let vault = Arc::clone(&self.vaults[s]);
        let key = vault.machine_key(uuid);
        let base = self.held[s].newest(machine).filter(|_| inc);
        if let Some(kept) = base {
            let newest = vault.history(key, 1).await.unwrap().remove(0);
            assert_eq!(newest.entry.point, kept.point);
        }
        let session = Session::open(&vault, key, Phase::Snapshot).await.unwrap();
        if let End::Die(at) = end {
            self.faulty[s].plan_put(at, How::Die);
        }
        let roots = self
            .write(&session, machine, base.map(|b| &b.contents))
            .await;
        let committed = match (end, roots) {
            (End::Commit, Ok(roots)) => {
                let manifest = manifest(&session, uuid, state, roots.clone());
                session.commit(&manifest, b"x").await.unwrap();
                Some((manifest.point, roots))
            }
            (End::Die(_), Ok(roots)) => {
                let manifest = manifest(&session, uuid, state, roots.clone());
                let done = session.commit(&manifest, b"x").await;
                self.faulty[s].heal();
                if done.is_err() {
                    // The store is back: the caller may close, or just go.
                    if self.seed.is_multiple_of(2) {
                        let _ = session.close().await;
                    }
                    self.seed += 1;
                }
                done.is_ok().then_some((manifest.point, roots))
            }
            (End::Die(_), Err(_)) => {
                self.faulty[s].heal();
                let _ = session.close().await;
                None
            }
            (End::Fence, Ok(roots)) => {
                let later = Session::open(&vault, key, Phase::Snapshot).await.unwrap();
                let manifest = manifest(&session, uuid, state, roots);
                let fenced = session.commit(&manifest, b"x").await.unwrap_err();
                assert_eq!(fenced.code(), Code::Fenced);
                later.close().await.unwrap();
                None
            }
            (End::Close, _) => {
                session.close().await.unwrap();
                None
            }
            (End::Drop, _) => None,
            (_, Err(e)) => panic!("{e:?}"),
        };
        if let Some((point, roots)) = committed {
            let contents = self.contents(machine, roots);
            self.keep(s, machine, point, contents, state);
        }
    }

    fn keep(&mut self, s: usize, machine: usize, point: PointId, c: Contents, state: PointState) {
        if state == PointState::Whole && !self.points.contains(&(point, machine)) {
            self.points.push((point, machine));
        }
        let held = &mut self.held[s].0;
        held.retain(|k| k.machine != machine || k.state == PointState::Whole);
        held.push(Kept {
            machine,
            point,
            state,
            contents: c,
        });
    }

    async fn both(&mut self, s: usize, swap: bool) {
        let vault = Arc::clone(&self.vaults[s]);
        let mut open = Vec::new();
        for (machine, (uuid, _)) in MACHINES.iter().enumerate() {
            let key = vault.machine_key(uuid);
            open.push((
                machine,
                Session::open(&vault, key, Phase::Snapshot).await.unwrap(),
            ));
        }
        let mut done = Vec::new();
        for (machine, session) in open {
            let base = self.held[s].newest(machine).map(|k| &k.contents);
            let roots = self.write(&session, machine, base).await.unwrap();
            done.push((machine, session, roots));
        }
        if swap {
            done.reverse();
        }
        for (machine, session, roots) in done {
            let manifest = manifest(
                &session,
                MACHINES[machine].0,
                PointState::Whole,
                roots.clone(),
            );
            session.commit(&manifest, b"x").await.unwrap();
            let contents = self.contents(machine, roots);
            self.keep(s, machine, manifest.point, contents, PointState::Whole);
        }
    }

    async fn sync(&mut self, point: PointId, machine: usize, from: usize, die: Option<usize>) {
        let to = 1 - from;
        if let Some(at) = die {
            self.faulty[to].plan_put(at, How::Die);
        }
        let done = sync_point(&self.vaults[from], &self.vaults[to], point, &|_| {}).await;
        self.faulty[to].heal();
        let there = self.held[to].point(point).is_some();
        match self.held[from].point(point).map(|k| k.contents.clone()) {
            None => assert_eq!(done.unwrap_err().code(), Code::PointNotFound),
            Some(_) if there => assert!(done.unwrap().already_there),
            Some(_) if done.is_err() && die.is_some() => {}
            Some(contents) => {
                assert!(!done.unwrap().already_there);
                self.keep(to, machine, point, contents, PointState::Whole);
            }
        }
    }

    /// Everything that was committed, and not removed, reads as it was.
    async fn check(&self) {
        for (vault, held) in self.vaults.iter().zip(&self.held) {
            let points = vault.points().await.unwrap();
            let found: Vec<_> = points.iter().map(|p| p.manifest.point).collect();
            assert!(held.points().map(|k| k.point).eq(found));
            for kept in &held.0 {
                for (root, bytes) in &kept.contents {
                    match kept.state {
                        PointState::Whole => check_disk(vault, root, bytes).await,
                        PointState::Attempt => {
                            assert_same(&read_disk(vault, root).await.unwrap(), bytes);
                        }
                    }
                }
            }
        }
    }

    /// The same through eyes that saw nothing before, and as verify sees it.
    async fn check_afresh(&mut self) {
        for store in 0..2 {
            self.act(&Step::Collect { store, die: None }).await;
        }
        self.check().await;
        while !self.begun.is_empty() {
            self.finish().await;
        }
        for s in 0..2 {
            self.act(&Step::Reopen { store: s }).await;
            let report = verify(&self.vaults[s], Level::Full, None, &|_, _| {}).await;
            assert_eq!(report.unwrap().findings, vec![]);
        }
        self.check().await;
    }
}

/// Histories to run; more by the environment.
fn cases() -> u32 {
    let set = std::env::var("STILLPOINT_CASES").ok();
    set.and_then(|n| n.parse().ok()).unwrap_or(64)
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: cases(),
        max_shrink_iters: 400,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn every_committed_point_reads_as_it_was_whatever_happened_since(
        steps in prop::collection::vec(step(), 1..60)
    ) {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2).enable_all().build().unwrap();
        runtime.block_on(async {
            let mut world = World::new().await;
            for step in &steps {
                world.act(step).await;
                if !matches!(step, Step::Write { .. } | Step::Block { .. } | Step::Begin { .. }) {
                    world.check().await;
                }
            }
            world.check_afresh().await;
        });
    }
}
