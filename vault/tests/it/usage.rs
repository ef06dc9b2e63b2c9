//! What a store's points take, by owner, against a model that knows only what was backed up, and
//! reads the index by the page of the format.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use base::PointId;
use proptest::prelude::*;
use vault::format::entry::SegmentName;
use vault::format::id::Id;
use vault::format::node::{FAN_OUT, Node, root_level};
use vault::format::pack::Location;
use vault::format::record::Kind;
use vault::format::segment::{HEADER, Shape, Tail};
use vault::{CollectOptions, DiskRoot, OwnerUsage, StoreUsage, Vault, collect, count_usage};

use crate::support::*;

const MACHINES: [&str; 3] = [MACHINE, "second", "third"];

#[derive(Clone, Debug)]
enum Step {
    Write {
        machine: usize,
        at: usize,
        len: usize,
        seed: u64,
    },
    Touch {
        machine: usize,
        at: usize,
    },
    Zero {
        machine: usize,
        at: usize,
        len: usize,
    },
    Resize {
        machine: usize,
        chunks: usize,
    },
    Clone {
        from: usize,
        to: usize,
    },
    Backup {
        machine: usize,
        incremental: bool,
    },
    Expire {
        point: prop::sample::Index,
    },
    Collect,
}

fn step() -> impl Strategy<Value = Step> {
    let machine = 0..MACHINES.len();
    let (at, len) = (0..30usize, 1..6usize);
    prop_oneof![
        3 => (machine.clone(), at.clone(), len.clone(), 0..4u64)
            .prop_map(|(machine, at, len, seed)| Step::Write { machine, at, len, seed }),
        3 => (machine.clone(), at.clone()).prop_map(|(machine, at)| Step::Touch { machine, at }),
        1 => (machine.clone(), at, len)
            .prop_map(|(machine, at, len)| Step::Zero { machine, at, len }),
        1 => (machine.clone(), 1..40usize)
            .prop_map(|(machine, chunks)| Step::Resize { machine, chunks }),
        1 => (machine.clone(), machine.clone()).prop_map(|(from, to)| Step::Clone { from, to }),
        6 => (machine, any::<bool>())
            .prop_map(|(machine, incremental)| Step::Backup { machine, incremental }),
        3 => any::<prop::sample::Index>().prop_map(|point| Step::Expire { point }),
        2 => Just(Step::Collect),
    ]
}

/// A point that is there: whose, and what its disk held.
struct Kept {
    point: PointId,
    owner: i64,
    root: DiskRoot,
    bytes: Vec<u8>,
}

struct World {
    vault: Arc<Vault>,
    disks: Vec<Vec<u8>>,
    points: Vec<Kept>,
}

impl World {
    async fn new() -> Self {
        Self {
            vault: make(vault::Store::memory(), 1).await,
            disks: vec![pattern(1, 20), pattern(2, 9), pattern(1, 25)],
            points: Vec::new(),
        }
    }

    async fn act(&mut self, step: &Step) {
        match step {
            Step::Write {
                machine,
                at,
                len,
                seed,
            } => {
                let data = noise(*seed, len * CHUNK);
                self.put(*machine, *at, &data);
            }
            Step::Touch { machine, at } => {
                let disk = &mut self.disks[*machine];
                let at = at * CHUNK + 77;
                if let Some(byte) = disk.get_mut(at) {
                    *byte ^= 0x55;
                }
            }
            Step::Zero { machine, at, len } => self.put(*machine, *at, &vec![0; len * CHUNK]),
            Step::Resize { machine, chunks } => {
                self.disks[*machine].resize(chunks * CHUNK - 4096, 0);
            }
            Step::Clone { from, to } => self.disks[*to] = self.disks[*from].clone(),
            Step::Backup {
                machine,
                incremental,
            } => self.backup(*machine, *incremental).await,
            Step::Expire { point } if !self.points.is_empty() => {
                let gone = self.points.remove(point.index(self.points.len()));
                let removed = self.vault.remove_points(&[gone.point]).await.unwrap();
                assert_eq!(removed, [gone.point]);
            }
            Step::Expire { .. } => {}
            Step::Collect => {
                collect(&self.vault, &CollectOptions::default())
                    .await
                    .unwrap();
            }
        }
    }

    fn put(&mut self, machine: usize, chunk: usize, data: &[u8]) {
        let disk = &mut self.disks[machine];
        let from = (chunk * CHUNK).min(disk.len());
        let len = data.len().min(disk.len() - from);
        disk[from..from + len].copy_from_slice(&data[..len]);
    }

    async fn backup(&mut self, machine: usize, incremental: bool) {
        let owner = machine as i64;
        let bytes = self.disks[machine].clone();
        let before = self.points.iter().rev().find(|k| k.owner == owner);
        let base = before.filter(|_| incremental).map(|k| Base {
            root: &k.root,
            bytes: &k.bytes,
        });
        let parts = [("vda", &bytes[..], base)];
        let done = backup(&self.vault, MACHINES[machine], &parts).await;
        let (point, mut roots, stats) = done.unwrap();
        // What holds data is known without looking at all.
        let data = |bytes: &[u8]| bytes.chunks(CHUNK).filter(|c| !block::is_zero(c)).count() as i64;
        let was = base.map_or(0, |b| data(b.bytes));
        assert_eq!(stats.data_chunks, data(&bytes) - was);
        let root = roots.remove(0);
        self.points.push(Kept {
            point,
            owner,
            root,
            bytes,
        });
    }

    /// The ids of a disk: of its chunks, and of the nodes of its tree.
    fn ids_of(&self, bytes: &[u8]) -> BTreeSet<Id> {
        let ring = self.vault.ring();
        let chunk = |c: &[u8]| {
            let mut whole = c.to_vec();
            whole.resize(CHUNK, 0);
            match block::is_zero(&whole) {
                true => Id::ZERO,
                false => Id(ring.chunk_id(&whole)),
            }
        };
        let mut row: Vec<Id> = bytes.chunks(CHUNK).map(chunk).collect();
        let top = root_level(row.len() as u64);
        let mut all: BTreeSet<Id> = row.iter().copied().collect();
        for level in 0..=top {
            let node = |children: &[Id]| {
                let mut node = Node::empty(level);
                node.children[..children.len()].copy_from_slice(children);
                match node.is_empty() {
                    true => Id::ZERO,
                    false => Id(ring.node_id(&node.to_bytes())),
                }
            };
            row = row.chunks(FAN_OUT).map(node).collect();
            all.extend(&row);
        }
        all.remove(&Id::ZERO);
        all
    }

    /// All that the index lists, by id.
    async fn listed(&self) -> BTreeMap<Id, Location> {
        let (store, ring) = (self.vault.store(), self.vault.ring());
        let mut listed = BTreeMap::new();
        for (object, size) in store.list("index").await.unwrap() {
            let mut numbers = object.split('/').skip(1);
            let mut number = || u64::from_str_radix(numbers.next().unwrap(), 16).unwrap();
            let name = SegmentName {
                session: number(),
                number: u32::try_from(number()).unwrap(),
            };
            let bytes = store.need(&object).await.unwrap();
            let shape = Shape::read(&bytes[..HEADER], size, name, self.vault.id()).unwrap();
            let at = usize::try_from(shape.tail_at()).unwrap();
            let (header, tail) = (&bytes[..HEADER], &bytes[at..]);
            let tail = Tail::read(shape, header, tail, Some(ring)).unwrap();
            for block in 0..shape.entries().div_ceil(256) {
                let (at, len) = shape.block_range(block);
                let at = usize::try_from(at).unwrap();
                let entries = tail.read_block(block, &bytes[at..at + len]).unwrap();
                for (mut location, parent) in entries {
                    if location.kind == Kind::Patch {
                        let (at, len) = shape.parent_range(parent).unwrap();
                        let at = usize::try_from(at).unwrap();
                        location.parent = Id(bytes[at..at + len].try_into().unwrap());
                    }
                    let twice = listed.insert(location.id, location);
                    assert!(twice.is_none(), "nothing is stored twice");
                }
            }
        }
        listed
    }

    async fn model(&self) -> StoreUsage {
        let listed = self.listed().await;
        let mut users: BTreeMap<Id, BTreeSet<i64>> = BTreeMap::new();
        for kept in &self.points {
            let mut wanted: Vec<Id> = self.ids_of(&kept.bytes).into_iter().collect();
            while let Some(id) = wanted.pop() {
                let by = users.entry(id).or_default();
                if by.insert(kept.owner) && listed[&id].kind == Kind::Patch {
                    wanted.push(listed[&id].parent);
                }
            }
        }
        let mut usage = StoreUsage::default();
        for machine in 0..MACHINES.len() {
            usage.owners.insert(machine as i64, OwnerUsage::default());
        }
        for (id, by) in &users {
            let len = u64::from(listed[id].len);
            usage.used += len;
            usage.shared += if by.len() > 1 { len } else { 0 };
            for owner in by {
                let of = usage.owners.get_mut(owner).unwrap();
                *(if by.len() > 1 {
                    &mut of.shared
                } else {
                    &mut of.unique
                }) += len;
            }
        }
        usage.stored = bytes_in(self.vault.store(), "").await;
        usage
    }

    async fn check(&self) {
        let owners = self.points.iter().map(|k| (k.point, k.owner)).collect();
        let mut counted = count_usage(&self.vault, &owners).await.unwrap();
        for machine in 0..MACHINES.len() {
            counted.owners.entry(machine as i64).or_default();
        }
        assert_eq!(counted, self.model().await);
    }
}

/// Histories to run; more by the environment.
fn cases() -> u32 {
    let set = std::env::var("STILLPOINT_CASES").ok();
    set.and_then(|n| n.parse().ok()).unwrap_or(48)
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: cases(),
        max_shrink_iters: 400,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn what_points_take_is_counted_as_a_model_counts_it(
        steps in prop::collection::vec(step(), 1..40)
    ) {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2).enable_all().build().unwrap();
        runtime.block_on(async {
            let mut world = World::new().await;
            for step in &steps {
                world.act(step).await;
                if matches!(step, Step::Backup { .. } | Step::Expire { .. } | Step::Collect) {
                    world.check().await;
                }
            }
        });
    }
}

#[tokio::test]
async fn what_nobody_owns_makes_the_bytes_of_others_shared_and_is_not_shown() {
    let vault = make(vault::Store::memory(), 1).await;
    let points = three_points(&vault, 4).await;
    let all: BTreeMap<PointId, i64> = points.iter().map(|p| (p.0, 7)).collect();
    let one = count_usage(&vault, &all).await.unwrap();
    assert_eq!(one.owners[&7].unique, one.used);
    assert_eq!((one.owners[&7].shared, one.shared), (0, 0));
    let mut first = all.clone();
    first.remove(&points[2].0);
    let two = count_usage(&vault, &first).await.unwrap();
    assert_eq!(two.owners.len(), 1);
    assert!(two.owners[&7].shared > 0 && two.shared == two.owners[&7].shared);
    assert!(two.owners[&7].unique > 0 && two.owners[&7].unique + two.shared < two.used);
    assert_eq!(two.used, one.used);
    // One whose points are all gone takes nothing.
    let gone = [(PointId::from_bytes([9; 16]), 8)].into();
    let none = count_usage(&vault, &gone).await.unwrap();
    assert_eq!(none.owners[&8], OwnerUsage::default());
}
