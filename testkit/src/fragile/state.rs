//! Files and folders as programs see them, and what a disk may hold of them.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::sync::Arc;

use fuser::Errno;

use super::content::Content;
use super::dice::Dice;

/// The number of the topmost folder.
pub(super) const ROOT: u64 = 1;

type Names = BTreeMap<OsString, u64>;

/// A file system at one moment: what programs see, and what of it is durable. Cheap to clone.
#[derive(Clone, Debug)]
pub struct State {
    nodes: BTreeMap<u64, Arc<Node>>,
    /// What was done to names and is not durable, in order.
    pending: Vec<Arc<Step>>,
    next: u64,
}

#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) kind: Kind,
    pub(super) mode: u32,
    pub(super) owner: (u32, u32),
}

#[derive(Clone, Debug)]
pub(super) enum Kind {
    File(Content),
    Folder { now: Names, kept: Names },
    Link(PathBuf),
}

impl Kind {
    pub(super) fn folder() -> Self {
        let (now, kept) = (Names::new(), Names::new());
        Self::Folder { now, kept }
    }
}

/// Changes of names that the disk holds all or none of: in a folder, a name gets a file or is
/// taken away.
#[derive(Debug)]
struct Step(Vec<(u64, OsString, Option<u64>)>);

impl Step {
    fn keys(&self) -> impl Iterator<Item = (u64, &OsString)> {
        self.0.iter().map(|(folder, name, _)| (*folder, name))
    }
}

impl State {
    /// An empty one.
    pub(super) fn new() -> Self {
        let root = Node {
            kind: Kind::folder(),
            mode: 0o755,
            owner: (0, 0),
        };
        Self {
            nodes: BTreeMap::from([(ROOT, Arc::new(root))]),
            pending: Vec::new(),
            next: ROOT + 1,
        }
    }

    pub(super) fn node(&self, number: u64) -> Result<&Node, Errno> {
        // What was open before a power cut is not there any more.
        self.nodes.get(&number).map(|n| &**n).ok_or(Errno::EIO)
    }

    pub(super) fn node_mut(&mut self, number: u64) -> Result<&mut Node, Errno> {
        let node = self.nodes.get_mut(&number).ok_or(Errno::EIO)?;
        Ok(Arc::make_mut(node))
    }

    pub(super) fn file(&mut self, number: u64) -> Result<&mut Content, Errno> {
        match &mut self.node_mut(number)?.kind {
            Kind::File(content) => Ok(content),
            _ => Err(Errno::EISDIR),
        }
    }

    pub(super) fn names(&self, folder: u64) -> Result<&Names, Errno> {
        match &self.node(folder)?.kind {
            Kind::Folder { now, .. } => Ok(now),
            _ => Err(Errno::ENOTDIR),
        }
    }

    pub(super) fn find(&self, folder: u64, name: &OsStr) -> Result<u64, Errno> {
        self.names(folder)?.get(name).copied().ok_or(Errno::ENOENT)
    }

    fn must_be_new(&self, folder: u64, name: &OsStr) -> Result<(), Errno> {
        match self.names(folder)?.contains_key(name) {
            true => Err(Errno::EEXIST),
            false => Ok(()),
        }
    }

    fn must_be_empty(&self, number: u64) -> Result<(), Errno> {
        match &self.node(number)?.kind {
            Kind::Folder { now, .. } if !now.is_empty() => Err(Errno::ENOTEMPTY),
            _ => Ok(()),
        }
    }

    /// Makes something under a new name; gives its number.
    pub(super) fn make(&mut self, folder: u64, name: &OsStr, node: Node) -> Result<u64, Errno> {
        self.must_be_new(folder, name)?;
        let number = self.next;
        self.next += 1;
        self.nodes.insert(number, Arc::new(node));
        self.step(vec![(folder, name.to_owned(), Some(number))])?;
        Ok(number)
    }

    pub(super) fn link(&mut self, number: u64, folder: u64, name: &OsStr) -> Result<(), Errno> {
        self.must_be_new(folder, name)?;
        self.node(number)?;
        self.step(vec![(folder, name.to_owned(), Some(number))])
    }

    pub(super) fn remove(&mut self, folder: u64, name: &OsStr) -> Result<(), Errno> {
        self.must_be_empty(self.find(folder, name)?)?;
        self.step(vec![(folder, name.to_owned(), None)])
    }

    pub(super) fn rename(
        &mut self,
        (folder, name): (u64, &OsStr),
        (to, new): (u64, &OsStr),
        replace: bool,
    ) -> Result<(), Errno> {
        let number = self.find(folder, name)?;
        match self.find(to, new) {
            Ok(_) if !replace => return Err(Errno::EEXIST),
            Ok(there) if there == number => return Ok(()),
            Ok(there) => self.must_be_empty(there)?,
            Err(_) => {}
        }
        let gone = (folder, name.to_owned(), None);
        self.step(vec![gone, (to, new.to_owned(), Some(number))])
    }

    fn step(&mut self, changes: Vec<(u64, OsString, Option<u64>)>) -> Result<(), Errno> {
        for (folder, name, number) in &changes {
            let Kind::Folder { now, .. } = &mut self.node_mut(*folder)?.kind else {
                return Err(Errno::ENOTDIR);
            };
            set(now, name, *number);
        }
        self.pending.push(Arc::new(Step(changes)));
        Ok(())
    }

    /// Makes the names in a folder durable, with what happened to the same names before.
    pub(super) fn sync_folder(&mut self, folder: u64) -> Result<(), Errno> {
        self.node(folder)?;
        let mut touched: BTreeSet<(u64, OsString)> = BTreeSet::new();
        let mut durable = Vec::new();
        let mut pending = std::mem::take(&mut self.pending);
        for i in (0..pending.len()).rev() {
            let step = &pending[i];
            let mine =
                |(f, name): (u64, &OsString)| f == folder || touched.contains(&(f, name.clone()));
            if step.keys().any(mine) {
                touched.extend(step.keys().map(|(f, name)| (f, name.clone())));
                durable.push(pending.remove(i));
            }
        }
        self.pending = pending;
        durable.reverse();
        self.keep(&durable);
        Ok(())
    }

    fn keep(&mut self, steps: &[Arc<Step>]) {
        for (folder, name, number) in steps.iter().flat_map(|s| &s.0) {
            if let Some(node) = self.nodes.get_mut(folder)
                && let Kind::Folder { kept, .. } = &mut Arc::make_mut(node).kind
            {
                set(kept, name, *number);
            }
        }
    }

    /// What a disk may hold after a power cut at this moment: all that is durable, and of the
    /// rest what the seed chooses. The same seed chooses the same.
    #[must_use]
    pub fn cut(&self, seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        let mut left = self.clone();
        let pending = std::mem::take(&mut left.pending);
        let steps: Vec<_> = pending.into_iter().filter(|_| dice.name()).collect();
        left.keep(&steps);
        for node in left.nodes.values_mut() {
            match &mut Arc::make_mut(node).kind {
                Kind::File(content) => *content = content.cut(&mut dice),
                Kind::Folder { now, kept } => now.clone_from(kept),
                Kind::Link(_) => {}
            }
        }
        left
    }

    /// The same with numbers that were never given before; `past` is the last one that was.
    pub(super) fn renumbered(&self, past: u64) -> Self {
        let others = self.nodes.keys().filter(|n| **n != ROOT);
        let new: BTreeMap<u64, u64> = others.copied().zip(past + 1..).collect();
        let new = |n: u64| new.get(&n).copied().unwrap_or(ROOT);
        let names = |names: &Names| names.iter().map(|(k, n)| (k.clone(), new(*n))).collect();
        let node = |(number, node): (&u64, &Arc<Node>)| {
            let Kind::Folder { now, kept } = &node.kind else {
                return (new(*number), Arc::clone(node));
            };
            let kind = Kind::Folder {
                now: names(now),
                kept: names(kept),
            };
            (
                new(*number),
                Arc::new(Node {
                    kind,
                    mode: node.mode,
                    owner: node.owner,
                }),
            )
        };
        let step = |step: &Arc<Step>| {
            let changes = step.0.iter();
            let changes = changes.map(|(f, name, n)| (new(*f), name.clone(), n.map(new)));
            Arc::new(Step(changes.collect()))
        };
        Self {
            nodes: self.nodes.iter().map(node).collect(),
            pending: self.pending.iter().map(step).collect(),
            next: past + self.nodes.len() as u64,
        }
    }

    /// The last number that was given.
    pub(super) fn last(&self) -> u64 {
        self.next - 1
    }
}

fn set(names: &mut Names, name: &OsStr, number: Option<u64>) {
    match number {
        Some(number) => names.insert(name.to_owned(), number),
        None => names.remove(name),
    };
}
