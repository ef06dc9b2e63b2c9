//! `stillpoint heat-map`

use base::{Code, Error, Result};
use jiff::ToSpan;
use jiff::civil::Date;
use serde_json::{Value, json};

use super::text;
use crate::client::Client;
use crate::settings::Settings;

/// Shows machines against days.
pub async fn run(settings: &Settings, days: u32) -> Result<()> {
    let client = Client::open()?;
    let map = format!(
        "{}/providers/Stillpoint.Fabric/heatMap/default",
        client.scope
    );
    let mut next = Some(format!("{map}?days={days}"));
    let (mut rows, mut first) = (Vec::new(), None);
    while let Some(path) = next {
        let mut page = client.get(&path).await?;
        first = first.or_else(|| text(&page, "/from").parse::<Date>().ok());
        if let Value::Array(all) = page["value"].take() {
            rows.extend(all);
        }
        next = page["nextLink"].as_str().map(str::to_owned);
    }
    let unclear = || Error::new(Code::ServerUnavailable, "the answer names no first day");
    let first = first.ok_or_else(unclear)?;
    let dates: Vec<String> = (0..days)
        .filter_map(|n| first.checked_add(i64::from(n).days()).ok())
        .map(|date| date.to_string())
        .collect();
    if let Some(vault) = &settings.global.remote.vault_name {
        rows.retain(|row| text(row, "/vaultName").eq_ignore_ascii_case(vault));
    }
    let shown = rows.iter().map(|row| {
        let all = row["days"].as_array().map_or(&[][..], |all| all);
        let of = |date: &String| all.iter().find(|day| day["date"] == date.as_str());
        let letters: String = dates
            .iter()
            .map(|date| of(date).map_or('.', letter))
            .collect();
        vec![text(row, "/name"), text(row, "/vaultName"), letters]
    });
    let heading = format!("~{} TO {} (UTC)", first, dates.last().map_or("", |d| d));
    let headings = ["~MACHINE", "~VAULT", &heading];
    let shown = shown.collect();
    settings.output.sheet(&json!(rows), &headings, shown)
}

/// A day in one letter.
fn letter(day: &Value) -> char {
    let letter = match day["consistency"].as_str() {
        Some("AppConsistent") => 'A',
        Some("FileSystemConsistent") => 'F',
        Some(_) => 'C',
        None => '.',
    };
    match (day["status"].as_str(), day["tier"].as_str()) {
        (Some("Failed"), _) => '!',
        (Some("Warning"), _) => '?',
        (_, Some("Snapshot")) => letter.to_ascii_lowercase(),
        _ => letter,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_one_letter() {
        let of = |consistency: &str, tier: &str, status: &str| {
            letter(&json!({"consistency": consistency, "tier": tier, "status": status}))
        };
        assert_eq!(of("AppConsistent", "Vault", "Completed"), 'A');
        assert_eq!(of("FileSystemConsistent", "Snapshot", "Completed"), 'f');
        assert_eq!(of("CrashConsistent", "SnapshotAndVault", "None"), 'C');
        assert_eq!(of("AppConsistent", "Vault", "Warning"), '?');
        assert_eq!(letter(&json!({"status": "Failed"})), '!');
        assert_eq!(letter(&json!({"status": "None"})), '.');
    }
}
