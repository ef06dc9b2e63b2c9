//! What is aimed at: each row of the report, its figure, and what it is compared with.

use super::measure::Sample;
use super::results::Results;
use super::run::LIMIT;

/// What a figure is compared with.
#[derive(Clone, Copy)]
pub(crate) enum Against {
    /// The best of these tools.
    Best(&'static [&'static str]),
    /// The bare pipeline.
    Limit,
    /// A number of the row's unit.
    Number(f64),
    /// One of our own rows.
    Own(&'static str),
    /// Nothing: the row only tells.
    Nothing,
}

/// The figure of a row.
#[derive(Clone, Copy)]
pub(crate) enum Figure {
    Wall,
    /// Thousandths of a second.
    Millis,
    Cpu,
    Rss,
    Added,
    /// What was added from the full backup to the clone.
    Sum,
    /// MiB read or checked in a second: the more the better.
    Speed,
}

/// A row of the report.
#[derive(Clone, Copy)]
pub(crate) struct Goal {
    /// What people read.
    pub(crate) title: &'static str,
    /// The row of the results.
    pub(crate) row: &'static str,
    /// Which of our ways.
    pub(crate) ours: &'static str,
    /// The peers' row, where it has another name.
    pub(crate) theirs: &'static str,
    pub(crate) figure: Figure,
    pub(crate) against: Against,
    /// The ratio that is the goal: at most, or for [`Figure::Speed`] at least.
    pub(crate) ratio: f64,
    /// Only for disks of at most, or more than, 4 GiB.
    pub(crate) disks: Disks,
}

/// The disks that a goal is for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Disks {
    All,
    Small,
    Large,
}

impl Figure {
    pub(crate) fn unit(self) -> &'static str {
        match self {
            Self::Wall | Self::Cpu => "s",
            Self::Millis => "ms",
            Self::Rss | Self::Added | Self::Sum => "MiB",
            Self::Speed => "MiB/s",
        }
    }

    /// The figure of a tool, if it was measured.
    pub(crate) fn of(self, results: &Results, tool: &str, row: &str) -> Option<f64> {
        let mib = f64::from(1 << 20);
        let added = |row: &str| Some(results.median(tool, row, |s| s.added as f64)? / mib);
        match self {
            Self::Wall => results.median(tool, row, |s| s.wall),
            Self::Millis => Some(results.median(tool, row, |s| s.wall)? * 1000.0),
            Self::Cpu => results.median(tool, row, |s| s.cpu),
            Self::Rss => Some(results.median(tool, row, |s| s.rss as f64)? / 1024.0),
            Self::Added => added(row),
            Self::Sum => SUMMED.iter().map(|row| added(row)).sum(),
            Self::Speed => results.median(tool, row, |s: &Sample| {
                s.added as f64 / f64::from(1 << 20) / s.wall
            }),
        }
    }
}

const SUMMED: &[&str] = &["full", "db", "log", "pkg", "clone"];

/// What a goal came to.
pub(crate) struct Outcome {
    pub(crate) ours: f64,
    /// Who it was compared with, and their figure.
    pub(crate) other: Option<(&'static str, f64)>,
    pub(crate) limit: Option<f64>,
    pub(crate) ratio: Option<f64>,
    pub(crate) met: Option<bool>,
}

impl Goal {
    /// What it came to; `None` if ours was not measured.
    pub(crate) fn outcome(&self, results: &Results) -> Option<Outcome> {
        let ours = self.figure.of(results, self.ours, self.row)?;
        let limit = self.figure.of(results, LIMIT, self.theirs);
        let other = match self.against {
            Against::Best(tools) => tools
                .iter()
                .filter_map(|t| Some((*t, self.figure.of(results, t, self.theirs)?)))
                .min_by(|a, b| self.order(a.1, b.1)),
            Against::Limit => limit.map(|l| (LIMIT, l)),
            Against::Number(n) => Some(("", n)),
            Against::Own(row) => self.figure.of(results, self.ours, row).map(|f| (row, f)),
            Against::Nothing => None,
        };
        let ratio = other.map(|(_, theirs)| ours / theirs);
        let met = ratio.map(|r| match self.figure {
            Figure::Speed => r >= self.ratio,
            _ => r <= self.ratio,
        });
        Some(Outcome {
            ours,
            other,
            limit,
            ratio,
            met,
        })
    }

    /// The better one first.
    fn order(&self, a: f64, b: f64) -> std::cmp::Ordering {
        match self.figure {
            Figure::Speed => b.total_cmp(&a),
            _ => a.total_cmp(&b),
        }
    }
}
