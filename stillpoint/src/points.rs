//! Recovery points over both tiers, and how people name them.

use std::collections::BTreeMap;
use std::sync::Arc;

use base::{Code, Error, Kind, PointId, Result};
use mover::PointRecord;
use vault::{PointInfo, Vault};

use crate::settings::Settings;
use crate::tiers::{Tier, Tiers, is_hurt};

/// A tier that holds a point, and what it knows of it without a data key.
pub type Place = (Tier, Arc<Vault>, PointInfo);

/// A point, wherever it is.
#[derive(Clone, Debug)]
pub struct Point {
    /// Its id.
    pub id: PointId,
    /// Where it is, the nearest tier first.
    pub places: Vec<Place>,
    /// What the backup stored with it; an error if the key at hand does not open it.
    pub record: Result<Arc<PointRecord>, Arc<Error>>,
}

impl Point {
    /// The instant it shows, RFC 3339 in UTC.
    pub fn created_at(&self) -> &str {
        &self.info().manifest.created_at
    }

    /// What is known without a data key.
    pub fn info(&self) -> &PointInfo {
        &self.places[0].2
    }

    /// The bytes of its disks.
    pub fn size(&self) -> u64 {
        self.info().manifest.disks.iter().map(|d| d.size).sum()
    }

    /// What storing it took in a tier.
    pub fn stored(&self, tier: Tier) -> Option<u64> {
        self.places
            .iter()
            .find(|p| p.0 == tier)
            .map(|p| p.2.entry.stored)
    }

    /// Its tiers as people name them.
    pub fn tiers(&self) -> &'static str {
        match (
            self.stored(Tier::Snapshot).is_some(),
            self.stored(Tier::Vault).is_some(),
        ) {
            (true, true) => "Snapshot and vault",
            (true, false) => "Snapshot",
            _ => "Vault",
        }
    }

    /// The machine's name, or a dash if the key at hand does not open it.
    pub fn machine(&self) -> &str {
        self.record.as_ref().map_or("-", |r| &r.machine.name)
    }

    /// What the backup stored with it.
    ///
    /// # Errors
    /// `KeyMissing`, `Integrity`.
    pub fn record(&self) -> Result<&PointRecord> {
        match &self.record {
            Ok(record) => Ok(record),
            Err(e) => Err(crate::tiers::again(e).during(format!("point {}", self.id))),
        }
    }

    fn is_of(&self, machine: &str) -> bool {
        self.record.as_ref().is_ok_and(|r| {
            r.machine.name == machine || r.machine.uuid.eq_ignore_ascii_case(machine)
        })
    }
}

/// All points of both tiers, oldest first; only those of a machine if one is named. A tier that
/// can't be read is left out with a warning, if the other can.
///
/// # Errors
/// `Integrity`, `Unavailable`.
pub async fn list(settings: &Settings, tiers: &Tiers, machine: Option<&str>) -> Result<Vec<Point>> {
    let mut found: BTreeMap<PointId, Point> = BTreeMap::new();
    let (mut trouble, mut read) = (None, false);
    for (tier, vault) in tiers.all() {
        let infos = match vault.points().await {
            Ok(infos) => infos,
            Err(e) if is_hurt(&e) => {
                settings
                    .reporter
                    .warn(format!("the {tier} can't be read: {e}"));
                trouble = Some(e);
                continue;
            }
            Err(e) => return Err(e),
        };
        read = true;
        for info in infos {
            let place = (tier, Arc::clone(vault), info);
            match found.get_mut(&place.2.entry.point) {
                Some(point) => point.places.push(place),
                None => {
                    let record = record(&place).await?;
                    let id = place.2.entry.point;
                    found.insert(
                        id,
                        Point {
                            id,
                            places: vec![place],
                            record,
                        },
                    );
                }
            }
        }
    }
    if let Some(e) = trouble.filter(|_| !read) {
        return Err(e);
    }
    let mut points: Vec<Point> = found.into_values().collect();
    points.retain(|p| machine.is_none_or(|m| p.is_of(m)));
    points.sort_by_key(|p| {
        (
            p.created_at().parse::<jiff::Timestamp>().ok(),
            p.info().entry.number,
        )
    });
    Ok(points)
}

async fn record((_, vault, info): &Place) -> Result<Result<Arc<PointRecord>, Arc<Error>>> {
    match PointRecord::of(vault, info).await {
        Ok(record) => Ok(Ok(Arc::new(record))),
        Err(e) if matches!(e.kind(), Kind::Denied | Kind::Integrity) => Ok(Err(Arc::new(e))),
        Err(e) => Err(e),
    }
}

/// The point that `word` names: its id, the beginning of one, `latest`, `latest:MACHINE`.
///
/// # Errors
/// `PointNotFound`; `BadArgument` if several begin so; those of [`list`].
pub async fn find(settings: &Settings, tiers: &Tiers, word: &str) -> Result<Point> {
    let points = list(settings, tiers, None).await?;
    let found = choose(&points, word)?.cloned();
    found.ok_or_else(|| Error::new(Code::PointNotFound, format!("no point `{word}`")))
}

/// The one among `points`, oldest first, that `word` names; `None` if no id begins so.
///
/// # Errors
/// `PointNotFound` if there is no latest one; `BadArgument` if several begin so.
pub fn choose<'a>(points: &'a [Point], word: &str) -> Result<Option<&'a Point>> {
    let machine = word.strip_prefix("latest:");
    if machine.is_some() || word == "latest" {
        let newest = points
            .iter()
            .rfind(|p| machine.is_none_or(|name| p.is_of(name)));
        let found = newest.ok_or_else(|| match machine {
            Some(machine) => Error::new(
                Code::PointNotFound,
                format!("no point of a machine `{machine}`"),
            ),
            None => Error::new(Code::PointNotFound, "there is no point yet"),
        });
        return found.map(Some);
    }
    let ids = points.iter().map(|p| p.id);
    let at = begins(ids, word)?;
    Ok(at.map(|i| &points[i]))
}

/// Which of `ids` is `word` or begins so; `None` if none does.
///
/// # Errors
/// `BadArgument` if several begin so.
pub fn begins(ids: impl Iterator<Item = PointId>, word: &str) -> Result<Option<usize>> {
    let wanted = word.to_ascii_lowercase();
    let fits = |id: &PointId| !wanted.is_empty() && id.to_string().starts_with(&wanted);
    let found: Vec<usize> = ids
        .enumerate()
        .filter(|(_, id)| fits(id))
        .map(|(i, _)| i)
        .collect();
    if found.len() > 1 {
        let what = format!(
            "`{word}` is the beginning of {} points' ids: give more of it",
            found.len()
        );
        return Err(Error::new(Code::BadArgument, what));
    }
    Ok(found.first().copied())
}
