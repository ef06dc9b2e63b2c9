//! A disk in memory.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use base::TrackerName;
use block::{Extent, ExtentSet, Run, RunState};

/// The bytes of a page: what a tracker marks and copy-before-write copies at a time.
pub const PAGE: u64 = 64 << 10;

/// A disk and its trackers.
#[derive(Debug)]
pub(super) struct FakeDisk {
    pub(super) name: String,
    pub(super) pages: Pages,
    pub(super) trackers: HashMap<TrackerName, Tracker>,
}

impl FakeDisk {
    /// Marks pages in all trackers.
    pub(super) fn mark(&mut self, pages: std::ops::Range<u64>) {
        for tracker in self.trackers.values_mut() {
            tracker.dirty.extend(pages.clone());
        }
    }
}

/// What was written since a point.
#[derive(Debug)]
pub(super) struct Tracker {
    pub(super) dirty: BTreeSet<u64>,
    pub(super) consistent: bool,
}

impl Tracker {
    pub(super) fn new() -> Self {
        Self {
            dirty: BTreeSet::new(),
            consistent: true,
        }
    }

    /// The dirty pages as bytes of a disk of `size` bytes.
    pub(super) fn extents(&self, size: u64) -> ExtentSet {
        let all: ExtentSet = self
            .dirty
            .iter()
            .map(|p| Extent::new(p * PAGE, PAGE))
            .collect();
        all.intersect(&ExtentSet::full(size))
    }
}

/// Contents; a page that is absent reads as zero. Clones share the pages.
#[derive(Clone, Debug)]
pub(super) struct Pages {
    size: u64,
    pages: BTreeMap<u64, Arc<Vec<u8>>>,
}

/// The pages that `offset..offset + len` touches.
pub(super) fn touched(offset: u64, len: u64) -> std::ops::Range<u64> {
    offset / PAGE..(offset + len).div_ceil(PAGE)
}

impl Pages {
    pub(super) fn new(size: u64) -> Self {
        Self {
            size,
            pages: BTreeMap::new(),
        }
    }

    pub(super) fn size(&self) -> u64 {
        self.size
    }

    pub(super) fn resize(&mut self, size: u64) {
        if size < self.size {
            self.pages.split_off(&size.div_ceil(PAGE));
            let tail = usize::try_from(size % PAGE).expect("a page fits in memory");
            if let Some(last) = self.pages.get_mut(&(size / PAGE)) {
                Arc::make_mut(last)[tail..].fill(0);
            }
        }
        self.size = size;
    }

    pub(super) fn read(&self, offset: u64, len: usize) -> Vec<u8> {
        let mut out = vec![0; len];
        self.walk(offset, len, |page, at, from| {
            if let Some(data) = self.pages.get(&page) {
                out[at..at + from.len()].copy_from_slice(&data[from]);
            }
        });
        out
    }

    pub(super) fn write(&mut self, offset: u64, data: &[u8]) {
        let mut pages = std::mem::take(&mut self.pages);
        self.walk(offset, data.len(), |page, at, to| {
            let held = pages
                .entry(page)
                .or_insert_with(|| Arc::new(vec![0; usize::try_from(PAGE).unwrap_or(usize::MAX)]));
            Arc::make_mut(held)[to.clone()].copy_from_slice(&data[at..at + to.len()]);
        });
        self.pages = pages;
    }

    /// Makes holes of whole pages.
    pub(super) fn discard(&mut self, pages: std::ops::Range<u64>) {
        self.pages.retain(|page, _| !pages.contains(page));
    }

    pub(super) fn runs(&self, range: Extent) -> Vec<Run> {
        let mut runs: Vec<Run> = Vec::new();
        for page in touched(range.offset, range.len) {
            let state = if self.pages.contains_key(&page) {
                RunState::Data
            } else {
                RunState::Zero
            };
            let Some(extent) = Extent::new(page * PAGE, PAGE).intersect(&range) else {
                continue;
            };
            match runs.last_mut() {
                Some(last) if last.state == state => last.extent.len += extent.len,
                _ => runs.push(Run { extent, state }),
            }
        }
        runs
    }

    /// Calls `each` with every page of the range, the place in the caller's buffer and the
    /// place in the page.
    fn walk(
        &self,
        offset: u64,
        len: usize,
        mut each: impl FnMut(u64, usize, std::ops::Range<usize>),
    ) {
        assert!(
            offset + len as u64 <= self.size,
            "{offset}+{len} is outside the disk"
        );
        let mut at = 0;
        while at < len {
            let place = offset + at as u64;
            let start = usize::try_from(place % PAGE).expect("a page fits in memory");
            let part = (len - at).min(usize::try_from(PAGE).unwrap_or(usize::MAX) - start);
            each(place / PAGE, at, start..start + part);
            at += part;
        }
    }
}
