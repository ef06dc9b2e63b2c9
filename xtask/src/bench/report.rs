//! The report: as a table for people, as JSON for others.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::goals::{Disks, Figure, Goal, Outcome};
use super::results::Results;
use super::table::GOALS;

/// Goals that are for a disk of that size and that were measured.
fn outcomes(results: &Results, gib: u64) -> Vec<(&'static Goal, Outcome)> {
    let disks = if gib > 4 { Disks::Large } else { Disks::Small };
    GOALS
        .iter()
        .filter(|goal| goal.disks == Disks::All || goal.disks == disks)
        .filter_map(|goal| Some((goal, goal.outcome(results)?)))
        .collect()
}

/// The table for people.
pub(crate) fn table(results: &Results, gib: u64) -> String {
    let mut out = format!(
        "{:20} {:>14} {:>26} {:>10} {:>7} {:>8}  {}\n",
        "row", "ours", "compared with", "limit", "ratio", "goal", "met"
    );
    for (goal, outcome) in outcomes(results, gib) {
        let unit = goal.figure.unit();
        let other = outcome.other.map_or(String::new(), |(who, n)| {
            format!("{who} {} {unit}", round(n))
        });
        let sign = match goal.figure {
            Figure::Speed => "≥",
            _ => "≤",
        };
        let has_goal = goal.ratio > 0.0;
        let aim = if has_goal {
            format!("{sign} {}", goal.ratio)
        } else {
            String::new()
        };
        let met = match outcome.met.filter(|_| has_goal) {
            Some(true) => "yes",
            Some(false) => "NO",
            None => "",
        };
        let (calm, all) = results.calm(goal.ours, goal.row);
        let disturbed = if calm == 0 && all > 0 { " *" } else { "" };
        let _ = writeln!(
            out,
            "{:20} {:>14} {:>26} {:>10} {:>7} {:>8}  {met}{disturbed}",
            goal.title,
            format!("{} {unit}", round(outcome.ours)),
            other.trim(),
            outcome.limit.map_or(String::new(), round),
            outcome.ratio.map_or(String::new(), |r| format!("{r:.2}")),
            aim,
        );
    }
    out.push_str("* in all runs others took more than a tenth of the processors\n");
    out
}

/// Everything, for programs.
pub(crate) fn json(results: &Results, gib: u64) -> Value {
    let goals: Vec<Value> = outcomes(results, gib)
        .into_iter()
        .map(|(goal, outcome)| {
            json!({
                "title": goal.title, "unit": goal.figure.unit(), "ours": outcome.ours,
                "comparedWith": outcome.other.map(|o| o.0), "theirs": outcome.other.map(|o| o.1),
                "limit": outcome.limit, "ratio": outcome.ratio,
                "goal": (goal.ratio > 0.0).then_some(goal.ratio),
                "met": outcome.met.filter(|_| goal.ratio > 0.0),
            })
        })
        .collect();
    let samples: Vec<Value> = results
        .keys()
        .map(|(tool, row)| {
            let of = |s: &super::measure::Sample| {
                json!({"wall": s.wall, "cpu": s.cpu, "rssKib": s.rss, "added": s.added,
                    "others": s.others})
            };
            let all: Vec<Value> = results.samples(tool, row).iter().map(of).collect();
            json!({"tool": tool, "row": row, "samples": all})
        })
        .collect();
    json!({"gib": gib, "goals": goals, "samples": samples})
}

/// Three digits that matter.
fn round(n: f64) -> String {
    match n {
        n if n >= 100.0 => format!("{n:.0}"),
        n if n >= 10.0 => format!("{n:.1}"),
        n if n >= 1.0 => format!("{n:.2}"),
        n => format!("{n:.3}"),
    }
}
