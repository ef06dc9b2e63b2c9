//! `…/providers/Stillpoint.Fabric/heatMap/default`: machines against days.

use axum::Json;
use axum::extract::{Path, RawQuery, State};
use control::{HeatDay, HeatRow, HeatStatus};
use serde_json::{Value, json};
use state::recovery_points::Consistency;

use crate::app::App;
use crate::body::word_for;
use crate::caller::Caller;
use crate::error::Answer;
use crate::overview::ITEMS;
use crate::page::Page;
use crate::query::Query;
use crate::scope::Subscription;

/// Items of a page.
const ENTRIES: usize = 100;
/// The fewest and most days.
const DAYS: (u32, u32) = (1, 92);

/// The words for how consistent a point is.
pub(crate) const CONSISTENCIES: [(&str, Consistency); 3] = [
    ("AppConsistent", Consistency::AppConsistent),
    ("FileSystemConsistent", Consistency::FileSystemConsistent),
    ("CrashConsistent", Consistency::CrashConsistent),
];
/// The words for how the backups of a day ended.
pub(crate) const STATUSES: [(&str, HeatStatus); 4] = [
    ("None", HeatStatus::None),
    ("Completed", HeatStatus::Completed),
    ("Warning", HeatStatus::Warning),
    ("Failed", HeatStatus::Failed),
];
/// The words for where the points of a day are.
pub(crate) const TIERS: [&str; 3] = ["Snapshot", "Vault", "SnapshotAndVault"];

/// `GET …/heatMap/default?days=30`
pub(crate) async fn show(
    State(app): State<App>,
    Path(scope): Path<Subscription>,
    RawQuery(raw): RawQuery,
    page: Page,
    caller: Caller,
) -> Answer<Json<Value>> {
    let sees = scope.sees(&app, &caller, ITEMS).await?;
    let days = Query::read(raw)?.number("days", DAYS)?.unwrap_or(30);
    let from = app.control.heat_from(days);
    let asked = ENTRIES as u32 + 1;
    let found = app
        .control
        .heat_map(&sees, from, page.after(), asked)
        .await?;
    let key = |row: &HeatRow| row.item.id.clone();
    let mut answer = page.answer_of(&app, ENTRIES, found, key, row);
    answer["timeZone"] = "UTC".into();
    answer["from"] = from.to_string().into();
    answer["days"] = days.into();
    Ok(Json(answer))
}

fn row(row: &HeatRow) -> Value {
    let vault = row.item.id.split("/backupFabrics/").next();
    let vault = vault.unwrap_or_default();
    json!({
        "id": row.item.id,
        "name": row.item.body.friendly_name,
        "vaultId": vault,
        "vaultName": vault.rsplit('/').next(),
        "days": row.days.iter().map(day).collect::<Vec<_>>(),
    })
}

fn day(day: &HeatDay) -> Value {
    let mut shown = json!({
        "date": day.date.to_string(),
        "points": day.points,
        "status": word_for(&STATUSES, &day.status),
    });
    if let Some((consistency, in_snapshot, in_vault)) = day.best {
        shown["consistency"] = json!(word_for(&CONSISTENCIES, &consistency));
        let tier = match (in_snapshot, in_vault) {
            (true, true) => TIERS[2],
            (false, true) => TIERS[1],
            (_, false) => TIERS[0],
        };
        shown["tier"] = tier.into();
    }
    shown
}
