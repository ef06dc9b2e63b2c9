//! The check itself.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use base::{Kind, PointId, Result};
use block::ExtentSet;
use futures::StreamExt;

use super::listed::{Listing, Sum, records_of};
use super::packs::{Checker, PackFound, is_listed};
use super::trees::{Trees, walk};
use super::{Damage, Finding, Hurt, Level, VerifyEvent, VerifyOptions, VerifyReport, heads};
use crate::format::manifest::PointState;
use crate::format::pack::PackName;
use crate::index::Segment;
use crate::log_end;
use crate::reader::Reader;
use crate::vault::{PointInfo, Vault};

/// Packs looked at together.
const AT_ONCE: usize = 3;
/// Packs whose damaged directories are made up for by one pass over the index.
const LOST_AT_ONCE: usize = 64;

/// What a check found, before it is known what that hurts.
pub(crate) struct Examined {
    pub(crate) damage: Damage,
    pub(crate) trees: Trees,
    /// Sorted prefixes of what is live.
    pub(crate) live: Vec<u64>,
    /// The points and attempts that could be read.
    pub(crate) points: Vec<PointInfo>,
    pub(crate) reader: Reader,
    report: VerifyReport,
}

/// Checks what `options` ask for.
///
/// # Errors
/// As [`super::verify_with`].
pub(crate) async fn examine(
    vault: &Vault,
    options: &VerifyOptions<'_>,
    tell: &(dyn Fn(VerifyEvent<'_>) + Send + Sync),
) -> Result<Examined> {
    let newest = log_end::newest_session(&vault.store).await?;
    let state = vault.refresh().await?;
    let mut damage = Damage::default();
    if options.level > Level::Structure && options.only.is_none() {
        damage.heads = heads::check(&vault.store, &vault.ring, vault.descriptor_bytes()).await?;
    }
    if options.only.is_none()
        && let Err(e) = log_end::check(&vault.store, newest, state.head).await
    {
        match e.kind() {
            Kind::Integrity => damage.heads.insert("log".to_owned(), e.to_string()),
            _ => return Err(e),
        };
    }
    let segments = Arc::new(vault.index.snapshot());
    for (name, why) in vault.index.damaged() {
        damage.segments.insert(name, why);
    }
    for segment in segments.iter() {
        let s = Arc::clone(segment);
        match crate::cpu::run(move || s.check()).await {
            Err(e) if e.kind() == Kind::Integrity => {
                damage.segments.insert(segment.name(), e.to_string());
            }
            checked => drop(checked?),
        }
    }
    let wanted = |p: PointId| options.only.is_none_or(|o| o.contains(&p));
    let mut points = Vec::new();
    for entry in state.points.into_iter().filter(|p| wanted(p.point)) {
        match vault.info(entry.clone()).await {
            Err(e) if e.kind() == Kind::Integrity => damage.manifests.push((entry, e.to_string())),
            info => points.push(info?),
        }
    }
    let reader = vault.reader().await?;
    let disks = points.iter().flat_map(|p| &p.manifest.disks);
    let mut trees = walk(&reader, vault.chunk_size(), disks).await?;
    let mut report = VerifyReport {
        nodes: trees.nodes() - trees.unreadable.len() as u64,
        chunks: (trees.live.sorted().len() as u64).saturating_sub(trees.nodes()),
        ..VerifyReport::default()
    };
    let (all, live) = (options.only.is_none(), std::mem::take(&mut trees.live));
    let s = Arc::clone(&segments);
    let listing = crate::cpu::run(move || Listing::make(&s, live, all)).await?;
    let Listing { packs, live, lost } = listing;
    damage.lost = lost;
    let live = Arc::new(live);
    let checker = Checker {
        store: vault.store.clone(),
        ring: Arc::clone(&vault.ring),
        reader: reader.clone(),
        segments: Arc::clone(&segments),
        level: options.level,
        only: (!all).then(|| Arc::clone(&live)),
    };
    check_packs(
        vault,
        &checker,
        packs,
        options,
        tell,
        &mut damage,
        &mut report,
    )
    .await?;
    drop(checker);
    forget_what_moved(vault, &segments, &mut damage).await?;
    Ok(Examined {
        damage,
        trees,
        live: Arc::unwrap_or_clone(live),
        points,
        reader,
        report,
    })
}

async fn check_packs(
    vault: &Vault,
    checker: &Checker,
    packs: BTreeMap<PackName, Sum>,
    options: &VerifyOptions<'_>,
    tell: &(dyn Fn(VerifyEvent<'_>) + Send + Sync),
    damage: &mut Damage,
    report: &mut VerifyReport,
) -> Result<()> {
    let sizes: BTreeMap<String, u64> = vault.store.list("packs").await?.into_iter().collect();
    let size_of = |pack: &PackName| sizes.get(&pack.to_string()).copied().unwrap_or(0);
    let listed = packs.len() as u64;
    let mut due: Vec<(Option<jiff::Timestamp>, PackName, Sum)> = packs
        .into_iter()
        .map(|(pack, sum)| {
            let known = options.known.map(|(ledger, _)| ledger);
            let last = known.and_then(|k| k.last(&pack.to_string(), options.level));
            (last, pack, sum)
        })
        .collect();
    if let Some((_, since)) = options.known {
        due.retain(|(last, ..)| last.is_none_or(|at| at < since));
        due.sort_unstable_by_key(|(last, pack, _)| (*last, *pack));
    }
    if let Some(budget) = options.budget {
        let mut bytes = 0;
        let fits = due.iter().take_while(|(_, pack, _)| {
            let fits = bytes < budget;
            bytes += size_of(pack);
            fits
        });
        let fits = fits.count();
        due.truncate(fits);
    }
    let total = due.iter().map(|(_, pack, _)| size_of(pack)).sum();
    report.packs = due.len() as u64;
    report.packs_left = listed - report.packs;
    let mut done = 0;
    let mut checks = futures::stream::iter(due)
        .map(|(_, pack, sum)| async move { (pack, checker.pack(pack, sum).await) })
        .buffered(AT_ONCE);
    let mut unlisted: BTreeSet<PackName> = BTreeSet::new();
    while let Some((pack, found)) = checks.next().await {
        let found = found?;
        done += size_of(&pack);
        report.bytes += found.bytes;
        tell(VerifyEvent::Progress { done, total });
        if options.only.is_none() && found.is_well() {
            tell(VerifyEvent::Well(&pack.to_string()));
        }
        take_in(pack, found, &mut unlisted, damage);
    }
    drop(checks);
    let unlisted: Vec<PackName> = unlisted.into_iter().collect();
    for group in unlisted.chunks(LOST_AT_ONCE) {
        without_directories(checker, group, damage, report).await?;
    }
    Ok(())
}

fn take_in(
    pack: PackName,
    found: PackFound,
    unlisted: &mut BTreeSet<PackName>,
    damage: &mut Damage,
) {
    if let Some(why) = found.missing {
        damage.missing.insert(pack, why);
        unlisted.insert(pack);
    }
    if let Some(why) = found.directory {
        damage.directories.insert(pack, why);
        unlisted.insert(pack);
    }
    for (l, why) in found.bad {
        damage.add_bad(l, why);
    }
}

/// Checks what the index lists of packs that don't say it themselves.
async fn without_directories(
    checker: &Checker,
    packs: &[PackName],
    damage: &mut Damage,
    report: &mut VerifyReport,
) -> Result<()> {
    let (segments, wanted) = (
        Arc::clone(&checker.segments),
        packs.iter().copied().collect::<BTreeSet<_>>(),
    );
    let records = crate::cpu::run(move || records_of(&segments, &wanted)).await?;
    for (pack, mut records) in records {
        if let Some(only) = &checker.only {
            records.retain(|l| only.binary_search(&l.id.prefix()).is_ok());
        }
        if let Some(why) = damage.missing.get(&pack).cloned() {
            for l in records {
                damage.add_bad(l, why.clone());
            }
        } else if checker.level > Level::Structure {
            let mut found = PackFound::default();
            checker.records(&records, &mut found).await?;
            report.bytes += found.bytes;
            for (l, why) in found.bad {
                damage.add_bad(l, why);
            }
        }
    }
    Ok(())
}

/// Drops from the damage what a collection has moved away meanwhile: what is not listed any
/// more is not damaged.
async fn forget_what_moved(
    vault: &Vault,
    checked: &Arc<Vec<Arc<Segment>>>,
    damage: &mut Damage,
) -> Result<()> {
    vault.refresh().await?;
    let now = vault.index.snapshot();
    let names = |all: &[Arc<Segment>]| all.iter().map(|s| s.name()).collect::<Vec<_>>();
    if names(&now) == names(checked) {
        return Ok(());
    }
    let mut gone = Vec::new();
    for (l, _) in damage.bad() {
        if !is_listed(&now, l)? {
            gone.push(*l);
        }
    }
    for l in gone {
        if let Some(here) = damage.records.get_mut(&(l.pack, l.offset)) {
            here.retain(|(bad, _)| bad.id != l.id);
        }
    }
    damage.records.retain(|_, here| !here.is_empty());
    let listed: BTreeSet<PackName> = now.iter().flat_map(|s| s.packs().iter().copied()).collect();
    damage.missing.retain(|pack, _| listed.contains(pack));
    damage.directories.retain(|pack, _| listed.contains(pack));
    let in_use: BTreeSet<_> = now.iter().map(|s| s.name()).collect();
    let closed: BTreeSet<_> = vault.index.damaged().into_iter().map(|d| d.0).collect();
    damage
        .segments
        .retain(|name, _| in_use.contains(name) || closed.contains(name));
    Ok(())
}

impl Examined {
    /// Finds out what the damage hurts, and reports.
    ///
    /// # Errors
    /// `Unavailable`; those of the index's files.
    pub(crate) async fn report(self, vault: &Vault) -> Result<VerifyReport> {
        let mut report = self.report.clone();
        report.damaged_objects = self.damage.objects(&self.live);
        let segments = Arc::new(vault.index.snapshot());
        let hurt = Hurt::find(&self.reader, &segments, &self.trees, &self.damage).await?;
        // Points that were removed meanwhile are hurt by nothing.
        let there: BTreeSet<PointId> = {
            let state = vault.refresh().await?;
            state.points.iter().map(|p| p.point).collect()
        };
        let mut findings = Vec::new();
        for (entry, what) in &self.damage.manifests {
            if entry.state == PointState::Whole && there.contains(&entry.point) {
                findings.push(Finding {
                    point: entry.point,
                    disk: None,
                    extents: ExtentSet::new(),
                    what: what.clone(),
                });
            }
        }
        for info in self
            .points
            .iter()
            .filter(|p| there.contains(&p.entry.point))
        {
            for disk in &info.manifest.disks {
                let hurts = hurt.of_disk(&self.reader, disk, vault.chunk_size()).await?;
                for (what, extents) in hurts {
                    if info.entry.state == PointState::Attempt {
                        let attempt = info.entry.point;
                        report
                            .damaged_objects
                            .push(format!("attempt {attempt}: {what}"));
                        continue;
                    }
                    findings.push(Finding {
                        point: info.entry.point,
                        disk: Some(disk.key),
                        extents: extents.into_iter().collect(),
                        what: what.to_string(),
                    });
                }
            }
        }
        let whole = self
            .points
            .iter()
            .filter(|p| p.entry.state == PointState::Whole);
        let unread = self.damage.manifests.iter();
        let unread = unread.filter(|(p, _)| p.state == PointState::Whole);
        report.points = (whole.count() + unread.count()) as u64;
        report.findings = findings;
        Ok(report)
    }
}
