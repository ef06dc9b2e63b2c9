//! The goals, as a table.

use super::goals::Against::{self, Best, Limit, Nothing, Number, Own};
use super::goals::Disks::{self, All, Large, Small};
use super::goals::Figure::{self, Added, Cpu, Millis, Rss, Speed, Sum, Wall};
use super::goals::Goal;

const OURS: &str = "stillpoint";
const SCAN: &str = "stillpoint, no bitmap";
const TIERS: &str = "stillpoint, two tiers";

/// Peers that keep points and find duplicates.
const DEDUP: &[&str] = &["restic", "rustic", "borg", "borg-64k", "benji", "bupstash"];
/// What backs up machines of libvirt that run.
const LIVE: &[&str] = &["virtnbdbackup"];

const fn goal(
    title: &'static str,
    row: &'static str,
    figure: Figure,
    against: Against,
    ratio: f64,
    disks: Disks,
) -> Goal {
    Goal {
        title,
        row,
        ours: OURS,
        theirs: row,
        figure,
        against,
        ratio,
        disks,
    }
}

const fn other(goal: Goal, ours: &'static str, theirs: &'static str) -> Goal {
    Goal {
        ours,
        theirs,
        ..goal
    }
}

/// All goals, in the order of the report.
pub(crate) const GOALS: &[Goal] = &[
    goal("full", "full", Wall, Best(&["rustic"]), 0.55, Small),
    goal("full", "full", Wall, Limit, 1.4, Small),
    goal("full", "full", Wall, Best(&["rustic"]), 0.7, Large),
    goal("full", "full", Wall, Limit, 1.25, Large),
    goal(
        "full, processor",
        "full",
        Cpu,
        Best(&["bupstash"]),
        0.65,
        All,
    ),
    goal(
        "full, bytes",
        "full",
        Added,
        Best(&["borg", "bupstash", "benji"]),
        1.1,
        All,
    ),
    goal("full, two tiers", "full", Wall, Nothing, 0.0, All).with(TIERS),
    goal(
        "full, floor",
        "full",
        Wall,
        Best(&["zstd", "qemu-img"]),
        1.0,
        All,
    ),
    goal(
        "db, changes known",
        "db",
        Wall,
        Best(&["benji", "rustic"]),
        0.2,
        Small,
    ),
    goal(
        "db, changes known",
        "db",
        Wall,
        Best(&["restic"]),
        0.15,
        Large,
    ),
    goal("db, bytes", "db", Added, Best(&["rustic"]), 0.1, All),
    goal("db, two tiers", "db", Wall, Nothing, 0.0, All).with(TIERS),
    goal("log", "log", Wall, Best(&["benji"]), 0.2, All),
    goal("log, bytes", "log", Added, Best(&["rustic"]), 1.1, All),
    goal("pkg", "pkg", Wall, Best(&["restic"]), 0.2, All),
    goal("pkg, bytes", "pkg", Added, Best(&["borg-64k"]), 0.8, All),
    goal("empty", "empty", Wall, Number(0.2), 1.0, All),
    other(
        goal("db, all read", "db", Wall, Best(&["rustic"]), 0.35, All),
        SCAN,
        "db",
    ),
    other(
        goal("db, all read", "db", Wall, Limit, 2.0, All),
        SCAN,
        "scan",
    )
    .told(),
    goal("clone", "clone", Wall, Best(DEDUP), 0.3, All),
    goal(
        "clone, bytes",
        "clone",
        Added,
        Best(&["borg-64k"]),
        1.05,
        All,
    ),
    goal("clone, bytes", "clone", Added, Best(&["rustic"]), 0.55, All),
    goal("all five, bytes", "full", Sum, Best(&["rustic"]), 0.83, All),
    goal(
        "all five, bytes",
        "full",
        Sum,
        Best(&["borg-64k"]),
        0.88,
        All,
    ),
    goal("hot-db, bytes", "hot-db", Added, Best(DEDUP), 1.0, All).told(),
    goal("scatter, bytes", "scatter", Added, Best(DEDUP), 1.0, All).told(),
    goal("restore", "restore", Wall, Best(&["bupstash"]), 0.45, Small),
    goal("restore", "restore", Wall, Limit, 2.0, Small),
    goal("restore", "restore", Wall, Best(&["rustic"]), 0.65, Large),
    goal(
        "restore, floor",
        "restore",
        Wall,
        Best(&["zstd", "qemu-img"]),
        1.0,
        All,
    ),
    goal(
        "verify all bytes",
        "verify",
        Speed,
        Best(&["rustic"]),
        2.0,
        All,
    ),
    goal("memory, full", "full", Rss, Number(150.0), 1.0, All),
    goal("memory, db", "db", Rss, Number(150.0), 1.0, All),
    goal("memory, restore", "restore", Rss, Number(150.0), 1.0, All),
    goal("memory, verify", "verify", Rss, Nothing, 0.0, All),
    goal("NBD, ready", "nbd, ready", Wall, Number(1.0), 1.0, All),
    goal(
        "NBD, ready, 1 TiB",
        "nbd, ready, 1 TiB",
        Wall,
        Number(1.0),
        1.0,
        All,
    ),
    goal("NBD, 4 KiB, p50", "nbd, p50", Millis, Number(0.3), 1.0, All),
    goal("NBD, 4 KiB, p99", "nbd, p99", Millis, Nothing, 0.0, All),
    goal(
        "NBD, 1 MiB in order",
        "nbd, in order",
        Speed,
        Number(600.0),
        1.0,
        All,
    ),
    goal(
        "NBD, nbdcopy",
        "nbd, copied",
        Speed,
        Number(600.0),
        1.0,
        All,
    ),
    goal("live, full", "live, full", Wall, Best(LIVE), 1.0, All).told(),
    goal("live, db", "live, db", Wall, Best(LIVE), 0.6, All),
    goal("live, db, bytes", "live, db", Added, Best(LIVE), 1.0, All).told(),
    goal("live, empty", "live, empty", Wall, Best(LIVE), 1.0, All).told(),
    goal(
        "1 TiB, unchanged",
        "unchanged, 1 TiB",
        Wall,
        Number(1.0),
        1.0,
        All,
    ),
    goal("  of it read", "unchanged, 1 TiB", Added, Nothing, 0.0, All),
    goal(
        "1 TiB, 5000 writes",
        "scattered, 1 TiB",
        Added,
        Own("scattered, 2 GiB"),
        1.5,
        All,
    ),
    goal(
        "1 TiB, 5000 writes",
        "scattered, 1 TiB",
        Wall,
        Nothing,
        0.0,
        All,
    ),
];

impl Goal {
    /// Of another way of ours.
    const fn with(self, ours: &'static str) -> Self {
        Self { ours, ..self }
    }

    /// With no goal: its ratio is only told.
    const fn told(self) -> Self {
        Self { ratio: 0.0, ..self }
    }
}
