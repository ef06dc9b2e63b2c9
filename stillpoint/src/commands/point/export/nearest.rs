//! A disk that several tiers hold: read from the nearest that can.

use async_trait::async_trait;
use base::{Code, Error, Kind, Result};
use block::{BlockSource, Extent, Run};
use vault::PointImage;

use crate::points::Point;
use crate::tiers::Tier;

/// The same disk in one tier or more, the nearest first.
#[derive(Debug)]
pub struct Nearest(Vec<(Tier, PointImage)>);

impl Nearest {
    /// The disk of a point in all its tiers. One that can't be read is left out with a warning
    /// in the log, if another can.
    ///
    /// # Errors
    /// `DiskNotFound`, `KeyMissing`; those of the last tier if none can be read.
    pub async fn open(point: &Point, disk: &str) -> Result<Self> {
        let mut images = Vec::new();
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
                    images.push((*tier, PointImage::new(reader, root, vault.chunk_size())));
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
        Ok(Self(images))
    }

    /// The nearest tier.
    pub fn tier(&self) -> Tier {
        self.0[0].0
    }

    /// Warns of a tier that fails; gives the error back if there is no other.
    fn pass_by(&self, which: usize, error: Error) -> Result<()> {
        let (tier, _) = self.0[which];
        match self.0.get(which + 1) {
            Some((next, _)) if passes(&error) => {
                tracing::warn!(%error, "the {tier} fails: reading from the {next}");
                Ok(())
            }
            _ => Err(error),
        }
    }
}

/// Whether another tier may do better.
fn passes(error: &Error) -> bool {
    matches!(error.kind(), Kind::Integrity | Kind::Unavailable)
}

#[async_trait]
impl BlockSource for Nearest {
    fn size(&self) -> u64 {
        self.0[0].1.size()
    }

    async fn read(&self, offset: u64, buf: Vec<u8>) -> Result<Vec<u8>> {
        let (len, mut buf) = (buf.len(), Some(buf));
        for (which, (_, image)) in self.0.iter().enumerate() {
            let buf = buf.take().unwrap_or_else(|| vec![0; len]);
            match image.read(offset, buf).await {
                Ok(read) => return Ok(read),
                Err(e) => self.pass_by(which, e)?,
            }
        }
        Err(Error::new(Code::Internal, "no tier was asked"))
    }

    async fn runs(&self, range: Extent) -> Result<Vec<Run>> {
        for (which, (_, image)) in self.0.iter().enumerate() {
            match image.runs(range).await {
                Ok(runs) => return Ok(runs),
                Err(e) => self.pass_by(which, e)?,
            }
        }
        Err(Error::new(Code::Internal, "no tier was asked"))
    }
}
