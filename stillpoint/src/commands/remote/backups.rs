//! `stillpoint backup now` by a server.

use base::{Code, Error, Result};
use jiff::Timestamp;
use jiff::civil::Date;
use policy::Zone;
use reqwest::Method;
use serde_json::{Value, json};

use super::{find, text, watch};
use crate::cli::BackupNow;
use crate::client::Client;
use crate::settings::Settings;

/// The words of a backup that this command makes by itself.
const DIRECT: [&str; 10] = [
    "image",
    "format",
    "name",
    "changed",
    "include",
    "exclude",
    "rate",
    "sample",
    "quiesce",
    "freeze_budget",
];

pub async fn now(settings: &Settings, words: &BackupNow) -> Result<u8> {
    let why = "is for backups into a store: give --vault STORE";
    settings.refuse(&DIRECT, why)?;
    settings.refuse(&["no_transfer"], why)?;
    let machine = words.machine.as_deref().unwrap_or_default();
    let client = Client::open()?;
    let vault = find::vault_id(&client, settings).await?;
    let item = find::item(&client, settings, &vault, machine).await?;
    let mut properties = json!({"objectType": "IaasVMBackupRequest"});
    if let Some(date) = &words.retain_until {
        let until = until(&client, &item, date).await?;
        properties["recoveryPointExpiryTimeInUTC"] = until.to_string().into();
    }
    let path = format!("{}/backup", text(&item, "/id"));
    let body = json!({"properties": properties});
    let job = client.start(Method::POST, &path, Some(&body)).await?;
    finish(&client, settings, &vault, &job, words.no_wait).await
}

/// Follows the job, or only prints it.
pub(super) async fn finish(
    client: &Client,
    settings: &Settings,
    vault: &str,
    job: &str,
    no_wait: bool,
) -> Result<u8> {
    if no_wait {
        let job = client.get(&format!("{vault}/backupJobs/{job}")).await?;
        return super::jobs::print(settings, &job).map(|()| 0);
    }
    watch::job(client, settings, vault, job).await
}

/// A time as it is given; of a date its end in the zone of the item's policy (PROT-6).
async fn until(client: &Client, item: &Value, text_of_date: &str) -> Result<Timestamp> {
    if let Ok(time) = text_of_date.parse() {
        return Ok(time);
    }
    let date: Date = text_of_date.parse().map_err(|e| {
        let detail = format!("--retain-until: `{text_of_date}` is neither a date nor a time");
        Error::new(Code::BadArgument, detail).because(e)
    })?;
    let policy = text(item, "/properties/policyId");
    let zone = match policy.is_empty() {
        true => Zone::utc(),
        false => {
            let name = text(&client.get(&policy).await?, "/properties/timeZone");
            // As it is on that day; a zone that only the server knows counts as UTC.
            let noon = date.at(12, 0, 0, 0).in_tz("UTC");
            let noon = noon.map_or(Timestamp::UNIX_EPOCH, |noon| noon.timestamp());
            Zone::named(&name, noon).unwrap_or_else(|_| Zone::utc())
        }
    };
    Ok(zone.end_of_day(date))
}
