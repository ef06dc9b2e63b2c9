//! How much scratch a snapshot may take.

use base::{Code, Error, Result};
use hypervisor::ScratchPlace;
use mover::Space;

/// How much scratch a snapshot may take of what its host's snapshots may take together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScratchRule {
    /// Bytes for all of them; `None`: for each by its machine's disks.
    pub limit: Option<u64>,
    /// Percent of scratch's file system that stay free.
    pub keep_free: Option<u8>,
    /// How many snapshots are taken at once; each has the same share.
    pub among: u64,
}

impl ScratchRule {
    /// The share of the limit that one snapshot has, in bytes.
    #[must_use]
    pub fn share(&self) -> Option<u64> {
        self.limit.map(|limit| limit / self.among.max(1))
    }

    /// Holds a snapshot's scratch to what may be taken of the space that there is now.
    ///
    /// # Errors
    /// `NoSpace` if there is nothing left to take.
    pub(super) fn hold(&self, place: &mut ScratchPlace, space: Space) -> Result<()> {
        let Some(percent) = self.keep_free else {
            return Ok(());
        };
        let kept = (u128::from(space.total) * u128::from(percent)).div_ceil(100) as u64;
        let share = space.free.saturating_sub(kept) / self.among.max(1);
        if share == 0 {
            let detail = format!(
                "scratch in {}: {} of {} bytes are free, and {percent} percent are to stay free",
                place.dir.display(),
                space.free,
                space.total
            );
            return Err(Error::new(Code::NoSpace, detail));
        }
        place.limit = place.limit.min(share);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held(rule: ScratchRule, limit: u64, total: u64, free: u64) -> Result<u64> {
        let dir = "/scratch".into();
        let mut place = ScratchPlace { dir, limit };
        rule.hold(&mut place, Space { total, free })?;
        Ok(place.limit)
    }

    #[test]
    fn snapshots_that_go_on_at_once_share_what_may_be_taken() {
        let rule = |limit, keep_free| ScratchRule {
            limit,
            keep_free,
            among: 4,
        };
        assert_eq!(rule(Some(1000), None).share(), Some(250));
        assert_eq!(rule(None, Some(10)).share(), None);
        // Four of these together leave the tenth that is kept.
        assert_eq!(held(rule(None, Some(10)), 500, 1000, 900).unwrap(), 200);
        assert_eq!(held(rule(None, Some(10)), 50, 1000, 900).unwrap(), 50);
        assert_eq!(held(rule(None, None), 500, 1000, 1).unwrap(), 500);
        for free in [0, 99, 100, 103] {
            let refused = held(rule(None, Some(10)), 500, 1000, free).unwrap_err();
            assert_eq!(refused.code(), Code::NoSpace);
        }
        assert_eq!(held(rule(None, Some(10)), 500, 1000, 104).unwrap(), 1);
    }
}
