//! `stillpoint verify`

mod ledger;
mod view;

use base::{Clock, Kind, PointId, Result, SystemClock};
use mover::{Event, Events, Progress};
use vault::{Level, VerifyEvent, VerifyOptions, VerifyReport};

use self::ledger::LedgerFile;
pub use self::view::{Checked, damage_text};
use self::view::{checked, names, text};
use crate::cli::{LevelWord, Verify};
use crate::points::{self, Point};
use crate::settings::Settings;
use crate::tiers::{Tier, Tiers};

pub async fn run(settings: &Settings, words: Verify) -> Result<u8> {
    let tiers = Tiers::open(settings).await?;
    let mut named: Vec<Point> = Vec::new();
    for word in &words.points {
        named.push(points::find(settings, &tiers, word).await?);
    }
    let level = match words.level {
        LevelWord::Structure => Level::Structure,
        LevelWord::Sealed => Level::Sealed,
        LevelWord::Full => Level::Full,
    };
    let mut all = Vec::new();
    for (tier, vault) in tiers.all() {
        let only: Vec<PointId> = named
            .iter()
            .filter(|p| p.places.iter().any(|place| place.0 == tier))
            .map(|p| p.id)
            .collect();
        if only.is_empty() && !named.is_empty() {
            continue;
        }
        settings.reporter.tell(Event::Step {
            what: format!("Checking the {tier}"),
        });
        let report = match named.is_empty() {
            false => {
                let options = VerifyOptions {
                    only: Some(&only),
                    ..VerifyOptions::all(level)
                };
                let tell = |event: VerifyEvent<'_>| progress(settings, event);
                vault::verify_with(vault, &options, &tell).await?
            }
            true => all_of(settings, vault, level, &words).await?,
        };
        all.push(of(settings, Some(tier), report, &tiers).await);
    }
    settings.reporter.clear();
    let damaged = all.iter().any(Checked::is_damaged);
    settings.output.print(&all, |all| text(all))?;
    Ok(if damaged {
        Kind::Integrity.exit_code()
    } else {
        0
    })
}

/// Checks a store, as far as was asked for, and notes what was found well.
async fn all_of(
    settings: &Settings,
    vault: &vault::Vault,
    level: Level,
    words: &Verify,
) -> Result<VerifyReport> {
    let file = LedgerFile::read(settings, vault);
    let (known, now) = (file.ledger(), SystemClock.now());
    let since = now.checked_sub(words.older_than.unwrap_or_default());
    let since = since.unwrap_or(jiff::Timestamp::MIN);
    let spread = words.older_than.is_some() || words.budget.is_some();
    let options = VerifyOptions {
        known: spread.then_some((&known, since)),
        budget: words.budget.map(|b| b.0),
        ..VerifyOptions::all(level)
    };
    let tell = |event: VerifyEvent<'_>| {
        if let VerifyEvent::Well(pack) = event {
            file.note(pack, level);
        }
        progress(settings, event);
    };
    let report = vault::verify_with(vault, &options, &tell).await;
    file.finish(settings, vault);
    report
}

/// Shows how far a check is.
pub fn progress(settings: &Settings, event: VerifyEvent<'_>) {
    if let VerifyEvent::Progress { done, total } = event {
        settings.reporter.tell(Event::Progress(Progress {
            done,
            total,
            ..Progress::default()
        }));
    }
}

/// A report with the names of what is hurt, as far as the tiers at hand tell them.
pub async fn of(
    settings: &Settings,
    tier: Option<Tier>,
    report: VerifyReport,
    tiers: &Tiers,
) -> Checked {
    let names = names(settings, &report, tiers).await;
    checked(tier, report, &names)
}

/// A report of which no names are known.
pub fn unnamed(report: VerifyReport) -> Checked {
    checked(None, report, &view::Names::new())
}
