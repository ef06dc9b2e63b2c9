//! What pages show of many machines at once: one read each, however many there are.

use serde_json::Value;

use super::{SUBSCRIPTION, vault};
use crate::openapi::schema::{
    about, choices, flag, list, map, maybe, object, one_of, resource, text, text_about, time, whole,
};
use crate::openapi::{Routes, op};
use crate::overview::{self, KINDS, SEVERITIES};

/// Where it is, behind a scope.
const OVERVIEW: &str = "/providers/Stillpoint.Fabric/overview/default";

pub(super) fn routes() -> Routes {
    overviews()
}

fn overviews() -> Routes {
    let show = op(
        "Overviews_Get",
        "What needs attention first, and how many there are of all that the caller may see.",
    );
    let of_vault = op(
        "Overviews_Get",
        "The same of a vault: of its items, jobs and alerts.",
    );
    Routes::new()
        .get(
            &format!("{SUBSCRIPTION}{OVERVIEW}"),
            overview::show,
            show.is("Overview"),
        )
        .get(
            &vault(OVERVIEW),
            overview::show_of_vault,
            of_vault.at("OfVault").is("Overview"),
        )
        .model("Overview", resource("Stillpoint.Fabric/overview", counts()))
        .model("Attention", attention())
}

fn counts() -> Value {
    let machines = object([
        ("total", whole()),
        ("protected", whole()),
        ("stopped", whole()),
        (
            "unprotected",
            about(whole(), "Nothing backs them up: no live item is of them."),
        ),
        (
            "gone",
            about(whole(), "No longer on their host; in none of the others."),
        ),
        ("inConflict", about(whole(), "On several hosts at once.")),
    ]);
    let missed = "The run after the one that is due is due, too.";
    let items = object([
        ("total", about(whole(), "Those that are not soft-deleted.")),
        (
            "byState",
            about(map(whole()), "By their protectionState; 0 is left out."),
        ),
        ("initialBackupPending", whole()),
        ("lastBackupFailed", whole()),
        ("lastBackupWithWarnings", whole()),
        (
            "downgraded",
            about(whole(), "The last point is less consistent than was asked."),
        ),
        ("pointsMissed", about(whole(), missed)),
        ("stopped", whole()),
        ("softDeleted", whole()),
    ]);
    let ended = object([
        ("completed", whole()),
        ("completedWithWarnings", whole()),
        ("failed", whole()),
        ("cancelled", whole()),
    ]);
    let levels = object([
        ("critical", whole()),
        ("warning", whole()),
        ("informational", whole()),
    ]);
    let place = object([
        ("kind", one_of(["VaultPool", "SnapshotStore"])),
        ("id", text()),
        ("name", text_about("Of the pool, or of the store's host.")),
        ("folder", text()),
        ("totalBytes", whole()),
        ("freeBytes", whole()),
        ("usedPercent", whole()),
        ("nearlyFull", flag()),
    ]);
    let reached = "Those that can be reached, the fullest first, 100 at most.";
    object([
        ("asOf", time()),
        (
            "?machines",
            about(machines, "Of the subscription, for who may see machines."),
        ),
        ("items", items),
        (
            "jobs",
            object([("inProgress", whole()), ("last24Hours", ended)]),
        ),
        ("?alerts", about(levels, "Open ones.")),
        ("vaults", whole()),
        (
            "protectedInstances",
            about(whole(), "Items with at least one point (PRICE-3)."),
        ),
        (
            "storage",
            object([
                ("nearlyFull", whole()),
                ("places", about(list(place), reached)),
            ]),
        ),
        (
            "attention",
            about(
                list(crate::openapi::schema::model("Attention")),
                "The most urgent first, 50 at most, with some of each kind.",
            ),
        ),
    ])
}

fn attention() -> Value {
    object([
        ("kind", choices(&KINDS)),
        ("severity", choices(&SEVERITIES)),
        ("resourceId", text()),
        ("name", text()),
        ("vaultName", maybe(text())),
        ("since", maybe(time())),
        (
            "code",
            maybe(text_about(
                "Which error it is; all are in `docs/errors.md`.",
            )),
        ),
        ("detail", text()),
        (
            "recommendation",
            maybe(text_about("What to do about it, if the code tells.")),
        ),
    ])
}
