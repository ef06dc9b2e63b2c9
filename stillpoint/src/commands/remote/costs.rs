//! `stillpoint cost …`

use base::{ByteSize, Result};
use reqwest::Method;
use serde_json::{Value, json};

use super::text;
use crate::cli::{CostCommand, CostEstimate, CostRates};
use crate::client::Client;
use crate::settings::Settings;

pub async fn run(settings: &Settings, command: CostCommand) -> Result<()> {
    let client = Client::open()?;
    let fabric = format!("{}/providers/Stillpoint.Fabric", client.scope);
    match command {
        CostCommand::Show { from, to } => {
            let vault = settings.global.remote.vault_name.as_deref();
            let asked = [
                ("from", from.as_deref()),
                ("to", to.as_deref()),
                ("vaultName", vault),
            ];
            let asked = asked.iter().filter_map(|(name, value)| {
                let value = (*value)?.replace('\'', "''");
                Some(format!("{name} eq '{value}'"))
            });
            let filter = asked.collect::<Vec<_>>().join(" and ");
            let path = format!("{fabric}/costs?$filter={filter}");
            show(settings, &client.list(&path).await?)
        }
        CostCommand::Estimate(words) => estimate(settings, &client, &fabric, &words).await,
        CostCommand::Rates(words) => rates(settings, &client, &fabric, &words).await,
    }
}

/// A row for each machine, one for what is stored, and one for all.
fn show(settings: &Settings, found: &[Value]) -> Result<()> {
    let (mut rows, mut total) = (Vec::new(), 0.0);
    let currency = found.first().map(|v| text(v, "/properties/currency"));
    for vault in found {
        let of = |name: &str| number(vault, &format!("/properties/{name}"));
        let name = text(vault, "/name");
        let items = vault.pointer("/properties/items").and_then(Value::as_array);
        for item in items.into_iter().flatten() {
            rows.push(vec![
                name.clone(),
                text(item, "/friendlyName"),
                text(item, "/days"),
                ByteSize(item["dataBytes"].as_u64().unwrap_or(0)).to_string(),
                text(item, "/instances"),
                amount(number(item, "/cost")),
            ]);
        }
        for (what, months, cost) in [
            ("(vault)", "vaultGbMonths", "vaultCost"),
            ("(snapshots)", "snapshotGbMonths", "snapshotsCost"),
        ] {
            let months = format!("{:.2} GB-months", of(months));
            let none = String::new();
            let row = [name.clone(), what.to_owned(), none.clone(), months, none];
            let mut row = row.to_vec();
            row.push(amount(of(cost)));
            rows.push(row);
        }
        total += of("cost");
    }
    if settings.output.is_for_people() && !rows.is_empty() {
        let mut row = vec![String::new(); 5];
        "Total".clone_into(&mut row[0]);
        row.push(amount(total));
        rows.push(row);
    }
    let cost = format!(">COST ({})", currency.unwrap_or_default());
    let headings = ["~VAULT", "~MACHINE", ">DAYS", ">DATA", ">INSTANCES", &cost];
    settings.output.sheet(&json!(found), &headings, rows)
}

async fn estimate(
    settings: &Settings,
    client: &Client,
    fabric: &str,
    words: &CostEstimate,
) -> Result<()> {
    let body = json!({"properties": {
        "dataBytes": words.size.0,
        "machines": words.machines,
        "dailyChurnPercent": words.churn,
        "excludedPercent": words.exclude,
        "days": words.days,
        "weeks": words.weeks,
        "months": words.months,
        "years": words.years,
        "snapshotDays": words.snapshot_days,
        "redundancy": words.redundancy.name(),
    }});
    let path = format!("{fabric}/estimateCost");
    let found = client.send(Method::POST, &path, Some(&body)).await?.body;
    let of = |name: &str| format!("/properties/{name}");
    let size = |name: &str| {
        let bytes = found.pointer(&of(name)).and_then(Value::as_u64);
        ByteSize(bytes.unwrap_or(0)).to_string()
    };
    let cost = |name: &str| {
        let currency = text(&found, &of("currency"));
        format!("{} {currency}", amount(number(&found, &of(name))))
    };
    let facts = [
        ("Instances", text(&found, &of("instances"))),
        ("In the vault", size("vaultBytes")),
        ("Snapshots", size("snapshotBytes")),
        ("Cost of instances", cost("instancesCost")),
        ("Cost of the vault", cost("vaultCost")),
        ("Cost of snapshots", cost("snapshotsCost")),
        ("A month", cost("cost")),
    ];
    settings.output.one(&found, &facts)
}

async fn rates(
    settings: &Settings,
    client: &Client,
    fabric: &str,
    words: &CostRates,
) -> Result<()> {
    let path = format!("{fabric}/rates/default");
    let mut found = client.get(&path).await?;
    let properties = &mut found["properties"];
    let before = properties.clone();
    if let Some(currency) = &words.currency {
        properties["currency"] = currency.as_str().into();
    }
    if let Some(rate) = words.instance {
        properties["protectedInstance"] = rate.into();
    }
    for (class, rate) in &words.gb {
        properties["vaultGb"][class.name()] = (*rate).into();
    }
    if let Some(rate) = words.snapshot_gb {
        properties["snapshotGb"] = rate.into();
    }
    if *properties != before {
        let body = json!({"properties": properties});
        found = client.send(Method::PUT, &path, Some(&body)).await?.body;
    }
    let of = |name: &str| text(&found, &format!("/properties/{name}"));
    let mut facts = vec![
        ("Currency".to_owned(), of("currency")),
        ("Instance".to_owned(), of("protectedInstance")),
        ("GB of snapshots".to_owned(), of("snapshotGb")),
    ];
    let gb = found
        .pointer("/properties/vaultGb")
        .and_then(Value::as_object);
    for (class, rate) in gb.into_iter().flatten() {
        facts.push((format!("GB {class}"), rate.to_string()));
    }
    let facts: Vec<(&str, String)> = facts.iter().map(|(n, v)| (n.as_str(), v.clone())).collect();
    settings.output.one(&found, &facts)
}

fn number(value: &Value, pointer: &str) -> f64 {
    value
        .pointer(pointer)
        .and_then(Value::as_f64)
        .unwrap_or(0.0)
}

fn amount(money: f64) -> String {
    format!("{money:.2}")
}
