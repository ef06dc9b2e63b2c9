//! `stillpoint point remove`

use base::{Code, Error, PointId, Result};
use serde::Serialize;

use crate::cli::TierWord;
use crate::output::table;
use crate::ownership;
use crate::points::{self, Point};
use crate::settings::Settings;
use crate::tiers::{Tier, Tiers, again};
use crate::units::minute;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Removed {
    id: String,
    machine: Option<String>,
    created_at: Option<String>,
    tiers: Vec<Tier>,
}

/// A point to be removed, which may be too damaged to be listed.
struct Doomed<'a> {
    id: PointId,
    point: Option<&'a Point>,
    tiers: Vec<Tier>,
}

/// All points are looked up before the first is removed.
pub async fn run(
    settings: &Settings,
    tiers: &Tiers,
    words: &[String],
    only: TierWord,
) -> Result<()> {
    let wanted = |tier: Tier| match only {
        TierWord::All => true,
        TierWord::Snapshot => tier == Tier::Snapshot,
        TierWord::Vault => tier == Tier::Vault,
    };
    if let Err(e) = &tiers.vault
        && wanted(Tier::Vault)
        && settings.global.vault.is_some()
    {
        return Err(again(e).during("nothing was removed; --tier snapshot leaves the vault out"));
    }
    let listed = points::list(settings, tiers, None).await?;
    let known = committed(tiers).await?;
    let mut doomed: Vec<Doomed> = Vec::new();
    for word in words {
        let mut one = choose(&listed, &known, word)?;
        one.tiers.retain(|tier| wanted(*tier));
        if one.tiers.is_empty() {
            let what = format!("point {} is not in the {}", one.id, name(only));
            return Err(Error::new(Code::PointNotFound, what));
        }
        if doomed.iter().all(|d| d.id != one.id) {
            doomed.push(one);
        }
    }
    for (tier, vault) in tiers.all() {
        if doomed.iter().any(|d| d.tiers.contains(&tier)) {
            ownership::may_write(settings, vault.store()).await?;
        }
    }
    // The vault goes first: cut short, the points are where they are nearest, and the same
    // words name them again.
    let mut removed: Vec<(Tier, PointId)> = Vec::new();
    for (tier, vault) in tiers.all().collect::<Vec<_>>().into_iter().rev() {
        let here = doomed.iter().filter(|d| d.tiers.contains(&tier));
        let here: Vec<PointId> = here.map(|d| d.id).collect();
        if !here.is_empty() {
            let gone = vault.remove_points(&here).await;
            let gone = gone.map_err(|e| e.during(format!("the {tier}")))?;
            removed.extend(gone.into_iter().map(|point| (tier, point)));
        }
    }
    let all: Vec<Removed> = doomed.iter().map(|d| view(d, &removed)).collect();
    settings.output.print(&all, |all| {
        let rows = all.iter().map(|r| {
            let tiers: Vec<String> = r.tiers.iter().map(ToString::to_string).collect();
            vec![
                r.id.clone(),
                r.machine.clone().unwrap_or_else(|| "-".to_owned()),
                r.created_at.as_deref().map_or("-".to_owned(), minute),
                match tiers.is_empty() {
                    true => "nothing: others removed it meanwhile".to_owned(),
                    false => tiers.join(", "),
                },
            ]
        });
        table(&["POINT", "~MACHINE", "TIME (UTC)", "REMOVED FROM"], rows)
    })
}

/// What the logs hold, also points whose manifest can't be read, and unfinished ones.
async fn committed(tiers: &Tiers) -> Result<Vec<(PointId, Vec<Tier>)>> {
    let mut all: Vec<(PointId, Vec<Tier>)> = Vec::new();
    for (tier, vault) in tiers.all() {
        let Ok(state) = vault.refresh().await else {
            // The list has told of it.
            continue;
        };
        for entry in state.points {
            match all.iter_mut().find(|(id, _)| *id == entry.point) {
                Some((_, tiers)) => tiers.push(tier),
                None => all.push((entry.point, vec![tier])),
            }
        }
    }
    Ok(all)
}

fn choose<'a>(
    listed: &'a [Point],
    known: &[(PointId, Vec<Tier>)],
    word: &str,
) -> Result<Doomed<'a>> {
    let point = points::choose(listed, word)?;
    // Of those that are not listed only a whole id is taken.
    let id = point.map(|p| p.id).or_else(|| word.parse().ok());
    let found = id.and_then(|id| known.iter().find(|k| k.0 == id));
    let (id, tiers) = found
        .cloned()
        .ok_or_else(|| Error::new(Code::PointNotFound, format!("no point `{word}`")))?;
    Ok(Doomed { id, point, tiers })
}

fn view(d: &Doomed, removed: &[(Tier, PointId)]) -> Removed {
    let record = d.point.and_then(|p| p.record.as_ref().ok());
    let here = removed.iter().filter(|(_, id)| *id == d.id);
    let mut tiers: Vec<Tier> = here.map(|(tier, _)| *tier).collect();
    tiers.reverse();
    Removed {
        id: d.id.to_string(),
        machine: record.map(|r| r.machine.name.clone()),
        created_at: d.point.map(|p| p.created_at().to_owned()),
        tiers,
    }
}

fn name(tier: TierWord) -> &'static str {
    match tier {
        TierWord::Snapshot => "snapshot store",
        TierWord::Vault => "vault",
        TierWord::All => "configured stores",
    }
}
