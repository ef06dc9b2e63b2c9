//! A disk that several tiers hold: read from the nearest that can.

use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use base::{Code, Error, Kind, Result};
use block::{BlockSource, Extent, Run};
use tokio::time::Instant;
use vault::PointImage;

use crate::points::Point;
use crate::tiers::Tier;

/// So long a tier that could not be reached is asked last, and no more is said of its trouble:
/// a read would wait for it each time.
const REST: Duration = Duration::from_secs(30);

/// The same disk in one tier or more, the nearest first.
#[derive(Debug)]
pub struct Nearest(Vec<Place>);

#[derive(Debug)]
struct Place {
    tier: Tier,
    image: Arc<dyn BlockSource>,
    trouble: Mutex<Trouble>,
}

#[derive(Debug, Default)]
struct Trouble {
    /// It could not be reached then.
    away: Option<Instant>,
    /// That was said then.
    told: Option<Instant>,
}

impl Nearest {
    /// The disk of a point in all its tiers. One that can't be read is left out with a warning
    /// in the log, if another can.
    ///
    /// # Errors
    /// `DiskNotFound`, `KeyMissing`; those of the last tier if none can be read.
    pub async fn open(point: &Point, disk: &str) -> Result<Self> {
        let mut images: Vec<(Tier, Arc<dyn BlockSource>)> = Vec::new();
        let mut last = Error::new(
            Code::PointNotFound,
            format!("point {} is nowhere", point.id),
        );
        for (tier, vault, info) in &point.places {
            let Some((root, _)) = point.record()?.disk(info, disk) else {
                return Err(Error::new(Code::DiskNotFound, format!("no disk {disk}")));
            };
            match vault.reader().await {
                Ok(reader) => {
                    let image = PointImage::new(reader, root, vault.chunk_size());
                    images.push((*tier, Arc::new(image)));
                }
                Err(e) if passes(&e) => {
                    tracing::warn!(error = %e, "the {tier} is left out");
                    last = e;
                }
                Err(e) => return Err(e),
            }
        }
        if images.is_empty() {
            return Err(last);
        }
        Ok(Self::of(images))
    }

    fn of(images: Vec<(Tier, Arc<dyn BlockSource>)>) -> Self {
        let place = |(tier, image)| Place {
            tier,
            image,
            trouble: Mutex::default(),
        };
        Self(images.into_iter().map(place).collect())
    }

    /// The nearest tier.
    pub fn tier(&self) -> Tier {
        self.0[0].tier
    }

    /// In the order to ask them: those that are away last.
    fn places(&self) -> impl Iterator<Item = &Place> {
        let (there, away): (Vec<&Place>, Vec<&Place>) = self.0.iter().partition(|p| !p.is_away());
        there.into_iter().chain(away)
    }

    /// What one tier answered, or its error if another may do better.
    fn answer<T>(&self, place: &Place, answer: Result<T>) -> ControlFlow<Result<T>, Error> {
        match answer {
            Err(e) if passes(&e) => {
                place.fails(&e, self.0.len() > 1);
                ControlFlow::Continue(e)
            }
            done => ControlFlow::Break(done),
        }
    }
}

impl Place {
    fn is_away(&self) -> bool {
        recent(self.trouble().away)
    }

    fn fails(&self, error: &Error, others: bool) {
        let mut trouble = self.trouble();
        if error.kind() == Kind::Unavailable {
            trouble.away = Some(Instant::now());
        }
        let once = error.kind() == Kind::Unavailable;
        if others && !(once && recent(trouble.told)) {
            if once {
                trouble.told = Some(Instant::now());
            }
            tracing::warn!(%error, "the {} fails: reading from another tier", self.tier);
        }
    }

    fn trouble(&self) -> std::sync::MutexGuard<'_, Trouble> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn recent(then: Option<Instant>) -> bool {
    then.is_some_and(|then| then.elapsed() < REST)
}

/// Whether another tier may do better.
fn passes(error: &Error) -> bool {
    matches!(error.kind(), Kind::Integrity | Kind::Unavailable)
}

#[async_trait]
impl BlockSource for Nearest {
    fn size(&self) -> u64 {
        self.0[0].image.size()
    }

    async fn read(&self, offset: u64, buf: Vec<u8>) -> Result<Vec<u8>> {
        let (len, mut buf) = (buf.len(), Some(buf));
        let mut failed = nobody();
        for place in self.places() {
            let buf = buf.take().unwrap_or_else(|| vec![0; len]);
            match self.answer(place, place.image.read(offset, buf).await) {
                ControlFlow::Continue(e) => failed = e,
                ControlFlow::Break(done) => return done,
            }
        }
        Err(failed)
    }

    async fn runs(&self, range: Extent) -> Result<Vec<Run>> {
        let mut failed = nobody();
        for place in self.places() {
            match self.answer(place, place.image.runs(range).await) {
                ControlFlow::Continue(e) => failed = e,
                ControlFlow::Break(done) => return done,
            }
        }
        Err(failed)
    }
}

fn nobody() -> Error {
    Error::new(Code::Internal, "no tier was asked")
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    /// Fails in this way, or reads as its number.
    #[derive(Debug)]
    struct Asked(u8, Mutex<Option<Code>>, AtomicU32);

    impl Asked {
        fn new(number: u8, fails: Option<Code>) -> Arc<Self> {
            Arc::new(Self(number, Mutex::new(fails), AtomicU32::new(0)))
        }

        fn times(&self) -> u32 {
            self.2.swap(0, Ordering::Relaxed)
        }
    }

    #[async_trait]
    impl BlockSource for Asked {
        fn size(&self) -> u64 {
            8
        }
        async fn read(&self, _: u64, mut buf: Vec<u8>) -> Result<Vec<u8>> {
            self.2.fetch_add(1, Ordering::Relaxed);
            let fails = *self.1.lock().unwrap();
            buf.fill(self.0);
            fails.map_or(Ok(buf), |code| Err(Error::new(code, "on purpose")))
        }
        async fn runs(&self, _: Extent) -> Result<Vec<Run>> {
            Ok(Vec::new())
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_tier_that_is_away_rests_and_one_that_is_damaged_does_not() {
        for (code, asked_again) in [(Code::StoreUnavailable, 0), (Code::VaultDamaged, 5)] {
            let near = Asked::new(1, Some(code));
            let far = Asked::new(2, None);
            let both = Nearest::of(vec![
                (Tier::Snapshot, near.clone()),
                (Tier::Vault, far.clone()),
            ]);
            assert_eq!(both.read(0, vec![0; 3]).await.unwrap(), [2; 3]);
            assert_eq!(near.times(), 1);
            for _ in 0..5 {
                assert_eq!(both.read(0, vec![0; 3]).await.unwrap(), [2; 3]);
            }
            assert_eq!(near.times(), asked_again, "{code:?}");
            // It comes back when it rested.
            *near.1.lock().unwrap() = None;
            tokio::time::advance(REST).await;
            assert_eq!(both.read(0, vec![0; 3]).await.unwrap(), [1; 3]);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn when_all_are_away_all_are_asked_each_time() {
        let images = [1, 2].map(|n| Asked::new(n, Some(Code::StoreUnavailable)));
        let of = |(tier, image): (Tier, &Arc<Asked>)| (tier, image.clone() as Arc<dyn BlockSource>);
        let tiers = [Tier::Snapshot, Tier::Vault].into_iter().zip(&images);
        let both = Nearest::of(tiers.map(of).collect());
        for _ in 0..2 {
            let e = both.read(0, vec![0; 3]).await.unwrap_err();
            assert_eq!(e.code(), Code::StoreUnavailable);
            assert!(images.iter().all(|i| i.times() == 1));
        }
        *images[1].1.lock().unwrap() = None;
        assert_eq!(both.read(0, vec![0; 3]).await.unwrap(), [2; 3]);
    }
}
