//! Runs of bytes on a disk, and sets of them.

use serde::{Deserialize, Serialize};

/// A run of bytes: `offset..offset + len`. Its end is at most 2^64 - 1; a stored one that
/// goes further can't be read back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "Stored")]
pub struct Extent {
    /// First byte.
    pub offset: u64,
    /// Number of bytes.
    pub len: u64,
}

/// An extent as stored by somebody.
#[derive(Deserialize)]
struct Stored {
    offset: u64,
    len: u64,
}

impl TryFrom<Stored> for Extent {
    type Error = &'static str;

    fn try_from(Stored { offset, len }: Stored) -> Result<Self, Self::Error> {
        match offset.checked_add(len) {
            Some(_) => Ok(Self { offset, len }),
            None => Err("an extent whose end is no number of 64 bits"),
        }
    }
}

impl Extent {
    /// The run of `len` bytes at `offset`.
    #[must_use]
    pub fn new(offset: u64, len: u64) -> Self {
        Self { offset, len }
    }

    /// The first byte after the run.
    #[must_use]
    pub fn end(&self) -> u64 {
        self.offset + self.len
    }

    /// The part that both share, if any.
    #[must_use]
    pub fn intersect(&self, other: &Self) -> Option<Self> {
        let start = self.offset.max(other.offset);
        let end = self.end().min(other.end());
        (start < end).then(|| Self::new(start, end - start))
    }
}

/// What is known about the bytes of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunState {
    /// They must be read to be known.
    Data,
    /// They read as zero.
    Zero,
}

/// A run and what is known about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    /// Where.
    pub extent: Extent,
    /// What.
    pub state: RunState,
}

/// A set of byte positions, held as sorted runs that neither touch nor overlap.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Vec<Extent>", into = "Vec<Extent>")]
pub struct ExtentSet(Vec<Extent>);

impl ExtentSet {
    /// The empty set.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The set of `0..size`.
    #[must_use]
    pub fn full(size: u64) -> Self {
        [Extent::new(0, size)].into_iter().collect()
    }

    /// The runs, in order.
    #[must_use]
    pub fn extents(&self) -> &[Extent] {
        &self.0
    }

    /// Whether the set has no byte.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The number of bytes in the set.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.0.iter().map(|e| e.len).sum()
    }

    /// The bytes in either.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        self.0.iter().chain(&other.0).copied().collect()
    }

    /// The bytes in both.
    #[must_use]
    pub fn intersect(&self, other: &Self) -> Self {
        let (mut i, mut j, mut out) = (0, 0, Vec::new());
        while let (Some(a), Some(b)) = (self.0.get(i), other.0.get(j)) {
            out.extend(a.intersect(b));
            if a.end() <= b.end() { i += 1 } else { j += 1 }
        }
        Self(out)
    }

    /// The bytes of this set that `other` lacks.
    #[must_use]
    pub fn subtract(&self, other: &Self) -> Self {
        let mut out = Vec::new();
        let mut j = 0;
        for e in &self.0 {
            let mut at = e.offset;
            while other.0.get(j).is_some_and(|o| o.end() <= at) {
                j += 1;
            }
            let mut k = j;
            while let Some(o) = other.0.get(k).filter(|o| o.offset < e.end()) {
                if o.offset > at {
                    out.push(Extent::new(at, o.offset - at));
                }
                at = at.max(o.end());
                k += 1;
            }
            if at < e.end() {
                out.push(Extent::new(at, e.end() - at));
            }
        }
        Self(out)
    }

    /// The set grown so that every run starts and ends at a multiple of `unit`, cut at `size`.
    #[must_use]
    pub fn align_out(&self, unit: u64, size: u64) -> Self {
        self.0
            .iter()
            .map(|e| {
                let start = e.offset / unit * unit;
                let end = e.end().div_ceil(unit).saturating_mul(unit).min(size);
                Extent::new(start, end.saturating_sub(start))
            })
            .collect()
    }
}

impl FromIterator<Extent> for ExtentSet {
    fn from_iter<I: IntoIterator<Item = Extent>>(iter: I) -> Self {
        let mut all: Vec<Extent> = iter.into_iter().filter(|e| e.len > 0).collect();
        all.sort_unstable();
        let mut out: Vec<Extent> = Vec::with_capacity(all.len());
        for e in all {
            match out.last_mut() {
                Some(last) if e.offset <= last.end() => {
                    last.len = last.end().max(e.end()) - last.offset;
                }
                _ => out.push(e),
            }
        }
        Self(out)
    }
}

impl From<Vec<Extent>> for ExtentSet {
    fn from(extents: Vec<Extent>) -> Self {
        extents.into_iter().collect()
    }
}

impl From<ExtentSet> for Vec<Extent> {
    fn from(set: ExtentSet) -> Self {
        set.0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sets() -> impl Strategy<Value = (ExtentSet, ExtentSet)> {
        let one = || {
            prop::collection::vec((0u64..200, 0u64..20), 0..12)
                .prop_map(|v| v.into_iter().map(|(o, l)| Extent::new(o, l)).collect())
        };
        (one(), one())
    }

    fn has(set: &ExtentSet, at: u64) -> bool {
        set.extents().iter().any(|e| e.offset <= at && at < e.end())
    }

    #[test]
    fn a_stored_extent_that_ends_nowhere_is_refused() {
        let read = |text: &str| serde_json::from_str::<ExtentSet>(text);
        let last = u64::MAX;
        assert!(read(&format!(r#"[{{"offset":{last},"len":1}}]"#)).is_err());
        let set = read(&format!(r#"[{{"offset":1,"len":{}}}]"#, last - 1)).unwrap();
        assert_eq!(set.extents()[0].end(), last);
        assert_eq!(set.align_out(1 << 20, 1 << 40).bytes(), 1 << 40);
    }

    proptest! {
        #[test]
        fn set_operations_agree_with_membership((a, b) in sets()) {
            let (u, i, s) = (a.union(&b), a.intersect(&b), a.subtract(&b));
            let aligned = a.align_out(16, 210);
            for at in 0..240 {
                prop_assert_eq!(has(&u, at), has(&a, at) || has(&b, at));
                prop_assert_eq!(has(&i, at), has(&a, at) && has(&b, at));
                prop_assert_eq!(has(&s, at), has(&a, at) && !has(&b, at));
                let near = (at / 16 * 16..at / 16 * 16 + 16).any(|n| has(&a, n));
                prop_assert_eq!(has(&aligned, at), near && at < 210);
            }
            for set in [&u, &i, &s] {
                for pair in set.extents().windows(2) {
                    prop_assert!(pair[0].end() <= pair[1].offset);
                }
            }
        }
    }
}
