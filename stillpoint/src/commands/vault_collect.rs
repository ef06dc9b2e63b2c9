//! `stillpoint vault collect`

use std::sync::Arc;

use base::{ByteSize, Error, Result};
use mover::{Event, Events};
use serde::Serialize;
use vault::{CollectOptions, Figures, Swept, Vault};

use crate::errors::ErrorView;
use crate::output::table;
use crate::ownership;
use crate::settings::Settings;
use crate::tiers::{Tier, Tiers, again, open_one};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Collected {
    /// Nothing if one store was named.
    tier: Option<Tier>,
    location: String,
    #[serde(flatten)]
    report: Option<Report>,
    error: Option<ErrorView>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Report {
    points: u64,
    nodes: u64,
    records: u64,
    garbage_records: u64,
    garbage_bytes: u64,
    packs: u64,
    packs_dropped: u64,
    packs_copied: u64,
    copied: u64,
    /// Bytes that come back.
    freed: u64,
    segments: u64,
    segments_rewritten: u64,
    /// What was deleted; nothing of a plan.
    #[serde(flatten)]
    deleted: Option<Deleted>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Deleted {
    objects_deleted: u64,
    bytes_deleted: u64,
    bytes_waiting: u64,
}

impl Report {
    fn of(f: Figures, swept: Option<Swept>) -> Self {
        Self {
            points: f.points,
            nodes: f.nodes,
            records: f.records,
            garbage_records: f.garbage_records,
            garbage_bytes: f.garbage_bytes,
            packs: f.packs,
            packs_dropped: f.packs_dropped,
            packs_copied: f.packs_copied,
            copied: f.copied,
            freed: f.freed,
            segments: f.segments,
            segments_rewritten: f.segments_rewritten,
            deleted: swept.map(|s| Deleted {
                objects_deleted: s.objects,
                bytes_deleted: s.bytes,
                bytes_waiting: s.waiting,
            }),
        }
    }
}

/// Collects in every tier; one that fails does not keep the others from it.
pub async fn run(
    settings: &Settings,
    store: Option<&str>,
    plan: bool,
    options: &CollectOptions,
) -> Result<()> {
    let mut all = Vec::new();
    let mut failed: Option<Error> = None;
    if let Some(place) = store {
        let vault = open_one(settings, place).await?;
        all.push(one(settings, None, &vault, plan, options, &mut failed).await);
    } else {
        let tiers = Tiers::open(settings).await?;
        for (tier, vault) in tiers.all() {
            all.push(one(settings, Some(tier), vault, plan, options, &mut failed).await);
        }
        if let (Err(e), Some(place)) = (&tiers.vault, &settings.global.vault) {
            all.push(Collected {
                tier: Some(Tier::Vault),
                location: place.clone(),
                report: None,
                error: Some(ErrorView::from(e)),
            });
            failed.get_or_insert(again(e));
        }
    }
    settings.reporter.clear();
    settings.output.print(&all, |all| text(all, plan))?;
    failed.map_or(Ok(()), Err)
}

async fn one(
    settings: &Settings,
    tier: Option<Tier>,
    vault: &Arc<Vault>,
    plan: bool,
    options: &CollectOptions,
    failed: &mut Option<Error>,
) -> Collected {
    let location = vault.store().to_string();
    let name = name(tier, &location);
    settings.reporter.tell(Event::Step {
        what: format!("Collecting in {name}"),
    });
    let done = match plan {
        true => vault::plan_collection(vault, options)
            .await
            .map(|figures| Report::of(figures, None)),
        false => collect(settings, vault, options).await,
    };
    let (report, error) = match done {
        Ok(report) => (Some(report), None),
        Err(e) => {
            let e = e.during(name);
            let view = ErrorView::from(&e);
            failed.get_or_insert(e);
            (None, Some(view))
        }
    };
    Collected {
        tier,
        location,
        report,
        error,
    }
}

async fn collect(
    settings: &Settings,
    vault: &Arc<Vault>,
    options: &CollectOptions,
) -> Result<Report> {
    ownership::may_write(settings, vault.store()).await?;
    let done = vault::collect(vault, options).await?;
    Ok(Report::of(done.figures, Some(done.swept)))
}

fn name(tier: Option<Tier>, location: &str) -> String {
    tier.map_or_else(|| location.to_owned(), |tier| format!("the {tier}"))
}

/// A column for each store.
fn text(all: &[Collected], plan: bool) -> String {
    let size = |n: u64| ByteSize(n).to_string();
    type Value = Box<dyn Fn(&Report) -> String>;
    let fact = |name, value: Value| (name, value);
    let mut facts: Vec<(&str, Value)> = vec![
        fact("Points", Box::new(|r| r.points.to_string())),
        fact("Records", Box::new(|r| r.records.to_string())),
        fact("  garbage", Box::new(|r| r.garbage_records.to_string())),
        fact("  bytes", Box::new(move |r| size(r.garbage_bytes))),
        fact("Packs", Box::new(|r| r.packs.to_string())),
        fact("  dropped", Box::new(|r| r.packs_dropped.to_string())),
        fact("  copied", Box::new(|r| r.packs_copied.to_string())),
        fact("  bytes", Box::new(move |r| size(r.copied))),
        fact("Index segments", Box::new(|r| r.segments.to_string())),
        fact(
            "  rewritten",
            Box::new(|r| r.segments_rewritten.to_string()),
        ),
    ];
    if plan {
        facts.push(fact("Would free", Box::new(move |r| size(r.freed))));
    } else {
        let deleted = |value: fn(&Deleted) -> u64| -> Value {
            Box::new(move |r| {
                r.deleted
                    .as_ref()
                    .map_or("-".to_owned(), |d| size(value(d)))
            })
        };
        facts.push(fact("Freed", deleted(|d| d.bytes_deleted)));
        facts.push(fact("Waiting", deleted(|d| d.bytes_waiting)));
    }
    let headings: Vec<String> = all
        .iter()
        .map(|c| match c.tier {
            Some(tier) => format!(">{}", tier.to_string().to_uppercase()),
            None => format!(">{}", c.location),
        })
        .collect();
    let headings: Vec<&str> = std::iter::once("")
        .chain(headings.iter().map(String::as_str))
        .collect();
    let rows = facts.iter().map(|(name, value)| {
        let values = all
            .iter()
            .map(|c| c.report.as_ref().map_or("-".to_owned(), value));
        std::iter::once((*name).to_owned()).chain(values).collect()
    });
    let mut out = table(&headings, rows);
    let waits = |c: &Collected| {
        let deleted = c.report.as_ref().and_then(|r| r.deleted.as_ref());
        deleted.is_some_and(|d| d.bytes_waiting > 0)
    };
    if all.iter().any(waits) {
        out += "\nWaiting: work that is under way may still need these bytes; a collection after\n\
                its end frees them.\n";
    }
    for c in all {
        if let Some(e) = &c.error {
            let name = name(c.tier, &c.location);
            out += &format!("\nNothing was collected in {name}: {}\n", e.code);
        }
    }
    out
}
