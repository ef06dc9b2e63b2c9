//! What a file holds, and what a disk may hold of it.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::dice::Dice;

const PAGE: usize = 4096;
const PAGE_BYTES: u64 = PAGE as u64;

type Page = Arc<[u8; PAGE]>;

/// Bytes by pages; one that is not there is zero.
#[derive(Clone, Debug, Default)]
struct Pages {
    pages: BTreeMap<u64, Page>,
    size: u64,
}

impl Pages {
    fn set(&mut self, number: u64, page: Option<Page>) {
        match page {
            Some(page) => self.pages.insert(number, page),
            None => self.pages.remove(&number),
        };
    }
}

/// A file's contents as programs see them, as they were synced last, and all between.
#[derive(Clone, Debug, Default)]
pub(super) struct Content {
    now: Pages,
    kept: Pages,
    /// Of each page written since: what it was in turn.
    written: BTreeMap<u64, Vec<Option<Page>>>,
    /// The sizes since, in turn.
    sizes: Vec<u64>,
}

impl Content {
    pub(super) fn size(&self) -> u64 {
        self.now.size
    }

    /// Fewer than `len` bytes at the end.
    pub(super) fn read(&self, at: u64, len: usize) -> Vec<u8> {
        let end = (at + len as u64).min(self.now.size);
        let mut out = Vec::with_capacity(len);
        let mut at = at;
        while at < end {
            let (number, from) = (at / PAGE_BYTES, (at % PAGE_BYTES) as usize);
            let to = PAGE.min(from + (end - at) as usize);
            match self.now.pages.get(&number) {
                Some(page) => out.extend_from_slice(&page[from..to]),
                None => out.resize(out.len() + to - from, 0),
            }
            at += (to - from) as u64;
        }
        out
    }

    pub(super) fn write(&mut self, at: u64, data: &[u8]) {
        self.put(at, data.len() as u64, |page, done| {
            page.copy_from_slice(&data[done..done + page.len()]);
        });
        if at + data.len() as u64 > self.now.size {
            self.now.size = at + data.len() as u64;
            self.sizes.push(self.now.size);
        }
    }

    /// Zeros inside the size.
    pub(super) fn zero(&mut self, at: u64, len: u64) {
        let end = (at + len).min(self.now.size);
        self.put(at, end.saturating_sub(at), |page, _| page.fill(0));
    }

    pub(super) fn resize(&mut self, size: u64) {
        if size < self.now.size {
            self.zero(size, self.now.size - size);
        }
        if size != self.now.size {
            self.now.size = size;
            self.sizes.push(size);
        }
    }

    /// Gives `change` each piece of a page, and how many bytes came before it.
    fn put(&mut self, at: u64, len: u64, change: impl Fn(&mut [u8], usize)) {
        let mut done = 0;
        while done < len {
            let (number, from) = (
                (at + done) / PAGE_BYTES,
                ((at + done) % PAGE_BYTES) as usize,
            );
            let to = PAGE.min(from + (len - done) as usize);
            let old = self.now.pages.get(&number);
            let mut page = old.map_or([0; PAGE], |p| **p);
            change(&mut page[from..to], done as usize);
            let page = page.iter().any(|b| *b != 0).then(|| Arc::new(page));
            self.now.set(number, page.clone());
            self.written.entry(number).or_default().push(page);
            done += (to - from) as u64;
        }
    }

    /// All that was written is on the disk, unless an earlier failure lost it.
    pub(super) fn sync(&mut self) {
        for number in std::mem::take(&mut self.written).into_keys() {
            let page = self.now.pages.get(&number).cloned();
            self.kept.set(number, page);
        }
        if let Some(size) = self.sizes.pop() {
            self.sizes.clear();
            self.kept.size = size;
        }
    }

    /// Writing back failed: the pages stay as they are for who reads them, but count as clean,
    /// and no later sync writes them.
    pub(super) fn lose(&mut self) {
        self.written.clear();
    }

    /// What the disk holds after a power cut.
    pub(super) fn cut(&self, dice: &mut Dice) -> Self {
        let mut kept = self.kept.clone();
        if let Some(i) = dice.version(self.sizes.len()) {
            kept.size = self.sizes[i];
        }
        for (number, versions) in &self.written {
            let fresh = number * PAGE_BYTES >= self.kept.size;
            match dice.version(versions.len()) {
                Some(i) => kept.set(*number, versions[i].clone()),
                // The file has grown, its block was never written: what was there before.
                None if fresh && dice.chance(30) => {
                    let mut page = [0; PAGE];
                    page.fill_with(|| dice.number() as u8);
                    kept.set(*number, Some(Arc::new(page)));
                }
                None => {}
            }
        }
        let last = kept.size / PAGE_BYTES;
        kept.pages.retain(|n, _| *n <= last);
        if let Some(page) = kept.pages.get_mut(&last) {
            Arc::make_mut(page)[(kept.size % PAGE_BYTES) as usize..].fill(0);
        }
        Self {
            now: kept.clone(),
            kept,
            ..Self::default()
        }
    }
}
