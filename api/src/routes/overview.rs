//! What pages show of many machines at once: one read each, however many there are.

use serde_json::{Value, json};

use super::{SUBSCRIPTION, vault};
use crate::heat_map::{self, CONSISTENCIES, STATUSES, TIERS};
use crate::openapi::schema::{
    about, choices, flag, list, map, maybe, model, object, one_of, only, resource, text,
    text_about, time, whole,
};
use crate::openapi::{Routes, op};
use crate::overview::{self, KINDS, SEVERITIES};
use crate::search;

/// Where it is, behind a scope.
const OVERVIEW: &str = "/providers/Stillpoint.Fabric/overview/default";

pub(super) fn routes() -> Routes {
    overviews().merge(heat_map()).merge(search())
}

fn heat_map() -> Routes {
    let day = object([
        ("date", text_about("A date of UTC, such as `2026-03-01`.")),
        ("points", about(whole(), "Taken on it and there now.")),
        (
            "?consistency",
            about(choices(&CONSISTENCIES), "That of the best point."),
        ),
        (
            "?tier",
            about(one_of(TIERS), "Where they are, all of them together."),
        ),
        (
            "status",
            about(
                choices(&STATUSES),
                "How the backups ended that began on it.",
            ),
        ),
    ]);
    let row = object([
        ("id", text()),
        ("name", text()),
        ("vaultId", text()),
        ("vaultName", text()),
        (
            "days",
            about(list(day), "In order; those without anything are left out."),
        ),
    ]);
    let map = object([
        ("timeZone", only("UTC")),
        ("from", text_about("A date of UTC, such as `2026-03-01`.")),
        ("days", whole()),
        ("value", list(model("HeatMapRow"))),
        (
            "?nextLink",
            text_about("Where the next page is; absent on the last."),
        ),
    ]);
    let days = json!({"type": "integer", "minimum": 1, "maximum": 92, "default": 30});
    Routes::new()
        .get(
            &format!("{SUBSCRIPTION}/providers/Stillpoint.Fabric/heatMap/default"),
            heat_map::show,
            op(
                "HeatMaps_Get",
                "Items against days of UTC: points, the best consistency, where they are, and how \
                 the backups ended.",
            )
            .skips()
            .query("days", days)
            .is("HeatMap"),
        )
        .model("HeatMap", map)
        .model("HeatMapRow", row)
}

fn search() -> Routes {
    let found = object([
        ("kind", one_of(search::KINDS)),
        ("id", text()),
        ("name", text()),
        (
            "detail",
            text_about("What tells it from others of its name."),
        ),
    ]);
    Routes::new()
        .get(
            &format!("{SUBSCRIPTION}/providers/Stillpoint.Fabric/search"),
            search::search,
            op(
                "Searches_Get",
                "Vaults, machines, policies, jobs and hosts with a text in their name, ten of each \
                 at most; jobs by their machine's name, or by the beginning of their id.",
            )
            .query("q", text_about("What is looked for, in any case."))
            .list_of("SearchResult"),
        )
        .model("SearchResult", found)
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
                list(model("Attention")),
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
