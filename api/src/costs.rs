//! What protection costs (`Stillpoint.Fabric`; PRICE-1 to 12): rates, a period, an estimate.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{Path, State};
use base::{ByteSize, Code, Error, Result};
use control::{Costs, Period};
use policy::{EstimateInput, ItemCharge, Range, RateCard, Rates, StorageClass, VaultCharge};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::app::App;
use crate::body::{self, Body, Flexible, word_for};
use crate::caller::Caller;
use crate::error::Answer;
use crate::filter::Filter;
use crate::page::seen;
use crate::scope::Subscription;

const TYPE: &str = "Stillpoint.Fabric/costs";
const RATES: &str = "Stillpoint.Fabric/rates";

/// The classes of storage, with their names on the wire.
pub(crate) const CLASSES: [(&str, StorageClass); 4] = [
    ("LocallyRedundant", StorageClass::LocallyRedundant),
    ("ZoneRedundant", StorageClass::ZoneRedundant),
    ("GeoRedundant", StorageClass::GeoRedundant),
    (
        "ReadAccessGeoRedundant",
        StorageClass::ReadAccessGeoRedundant,
    ),
];

/// The largest rate.
const MOST: f64 = 1e9;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct RateProperties {
    currency: Option<String>,
    protectedinstance: Option<f64>,
    vaultgb: BTreeMap<String, f64>,
    snapshotgb: Option<f64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct EstimateProperties {
    databytes: Option<Flexible<u64>>,
    machines: Option<Flexible<u32>>,
    dailychurnpercent: Option<f64>,
    excludedpercent: Option<f64>,
    days: Option<Flexible<u32>>,
    weeks: Option<Flexible<u32>>,
    months: Option<Flexible<u32>>,
    years: Option<Flexible<u32>>,
    snapshotdays: Option<Flexible<u32>>,
    redundancy: Option<String>,
}

/// `GET …/costs`
pub(crate) async fn list(
    State(app): State<App>,
    Path(scope): Path<Subscription>,
    filter: Filter,
    caller: Caller,
) -> Answer<Json<Value>> {
    let sees = scope.sees(&app, &caller, &format!("{TYPE}/read")).await?;
    let day = |name: &str| {
        let asked = filter.get(name).map(|text| {
            text.parse().map_err(|_| {
                let detail = format!("$filter: {name} is `{text}`, which is no date");
                Error::new(Code::BadArgument, detail)
            })
        });
        asked.transpose()
    };
    let period = Period {
        from: day("from")?,
        to: day("to")?,
    };
    let mut costs = app.control.costs(period).await?;
    costs.vaults.retain(|v| filter.lets("vaultName", &v.name));
    let all: Vec<Value> = costs.vaults.iter().map(|v| shape(&costs, v)).collect();
    Ok(Json(seen(json!({"value": all}), &sees)))
}

/// `GET …/rates/default`
pub(crate) async fn rates(
    State(app): State<App>,
    Path(scope): Path<Subscription>,
    caller: Caller,
) -> Answer<Json<Value>> {
    scope.allow(&app, &caller, &format!("{RATES}/read")).await?;
    let rates = app.control.rates().await?;
    Ok(Json(rates_shape(&scope, &rates)))
}

/// `PUT …/rates/default`
pub(crate) async fn put_rates(
    State(app): State<App>,
    Path(scope): Path<Subscription>,
    caller: Caller,
    Body(bytes): Body,
) -> Answer<Json<Value>> {
    scope
        .allow(&app, &caller, &format!("{RATES}/write"))
        .await?;
    let asked = body::properties::<RateProperties>(&bytes)?;
    let mut vault_gb = BTreeMap::new();
    for (name, rate) in &asked.vaultgb {
        vault_gb.insert(class(name)?, millionths(name, *rate)?);
    }
    let rates = RateCard {
        currency: asked.currency.unwrap_or_default(),
        instance: millionths("protectedInstance", asked.protectedinstance.unwrap_or(0.0))?,
        vault_gb,
        snapshot_gb: millionths("snapshotGb", asked.snapshotgb.unwrap_or(0.0))?,
    };
    let rates = app.control.put_rates(rates).await?;
    Ok(Json(rates_shape(&scope, &rates)))
}

/// `POST …/estimateCost`
pub(crate) async fn estimate(
    State(app): State<App>,
    Path(scope): Path<Subscription>,
    caller: Caller,
    Body(bytes): Body,
) -> Answer<Json<Value>> {
    scope.allow(&app, &caller, &format!("{TYPE}/read")).await?;
    let asked = body::properties::<EstimateProperties>(&bytes)?;
    let missing = |name: &str| {
        let detail = format!("{name} is missing");
        Error::new(Code::InvalidRequestContent, detail)
    };
    let kept = [
        (Range::Daily, asked.days),
        (Range::Weekly, asked.weeks),
        (Range::Monthly, asked.months),
        (Range::Yearly, asked.years),
    ];
    let kept = kept
        .into_iter()
        .filter_map(|(range, count)| Some((range, count?.0)));
    let churn = asked.dailychurnpercent;
    let churn = churn.ok_or_else(|| missing("dailyChurnPercent"))?;
    let input = EstimateInput {
        size: ByteSize(asked.databytes.ok_or_else(|| missing("dataBytes"))?.0),
        machines: asked.machines.map_or(1, |n| n.0),
        churn_ppm: ppm("dailyChurnPercent", churn)?,
        excluded_ppm: ppm("excludedPercent", asked.excludedpercent.unwrap_or(0.0))?,
        kept: kept.collect(),
        snapshot_days: asked.snapshotdays.map_or(0, |n| n.0),
        rates: Rates::default(),
    };
    let redundancy = asked.redundancy.as_deref().unwrap_or("LocallyRedundant");
    let class = class(redundancy)?;
    let (month, card) = app.control.estimate(input, class).await?;
    let total = u128::from(month.instances_cost)
        + u128::from(month.vault_cost)
        + u128::from(month.snapshots_cost);
    Ok(Json(json!({"properties": {
        "currency": card.currency,
        "redundancy": word_for(&CLASSES, &class),
        "instances": halves(month.half_instances),
        "vaultBytes": month.vault_bytes,
        "snapshotBytes": month.snapshot_bytes,
        "instancesCost": money(month.instances_cost),
        "vaultCost": money(month.vault_cost),
        "snapshotsCost": money(month.snapshots_cost),
        "cost": money(u64::try_from(total).unwrap_or(u64::MAX)),
    }})))
}

fn shape(costs: &Costs, vault: &VaultCharge) -> Value {
    json!({
        "id": format!("{}/providers/{TYPE}/{}_{}", vault.id, costs.from, costs.to),
        "name": vault.name,
        "type": TYPE,
        "properties": {
            "from": costs.from.to_string(),
            "to": costs.to.to_string(),
            "currency": costs.rates.currency,
            "redundancy": word_for(&CLASSES, &vault.class),
            "vaultGbMonths": money(vault.vault_gb_months),
            "snapshotGbMonths": money(vault.snapshot_gb_months),
            "instancesCost": money(vault.instances_cost),
            "vaultCost": money(vault.vault_cost),
            "snapshotsCost": money(vault.snapshots_cost),
            "cost": money(vault.total()),
            "items": vault.items.iter().map(item).collect::<Vec<_>>(),
        },
    })
}

fn item(item: &ItemCharge) -> Value {
    json!({
        "id": item.id,
        "friendlyName": item.name,
        "days": item.days,
        "dataBytes": item.size,
        "instances": halves(item.half_instances),
        "cost": money(item.cost),
    })
}

fn rates_shape(scope: &Subscription, rates: &RateCard) -> Value {
    let gb: BTreeMap<&str, f64> = CLASSES
        .iter()
        .filter_map(|(name, class)| Some((*name, money(*rates.vault_gb.get(class)?))))
        .collect();
    json!({
        "id": format!("/subscriptions/{}/providers/{RATES}/default", scope.subscription),
        "name": "default",
        "type": RATES,
        "properties": {
            "currency": rates.currency,
            "protectedInstance": money(rates.instance),
            "vaultGb": gb,
            "snapshotGb": money(rates.snapshot_gb),
        },
    })
}

fn class(name: &str) -> Result<StorageClass> {
    let found = CLASSES.iter().find(|c| c.0.eq_ignore_ascii_case(name));
    found.map(|c| c.1).ok_or_else(|| {
        let names: Vec<&str> = CLASSES.iter().map(|c| c.0).collect();
        let detail = format!("`{name}` is none of {}", names.join(", "));
        Error::new(Code::BadArgument, detail)
    })
}

/// Millionths as a number.
#[allow(
    clippy::cast_precision_loss,
    reason = "amounts below 9 billion are exact"
)]
fn money(millionths: u64) -> f64 {
    millionths as f64 / 1e6
}

/// Half rates as rates.
#[allow(clippy::cast_precision_loss, reason = "few instances")]
fn halves(halves: u64) -> f64 {
    halves as f64 / 2.0
}

fn millionths(name: &str, rate: f64) -> Result<u64> {
    if !(0.0..=MOST).contains(&rate) {
        let detail = format!("{name}: the rate {rate} is not from 0 to {MOST}");
        return Err(Error::new(Code::BadArgument, detail));
    }
    Ok((rate * 1e6).round() as u64)
}

/// Percent as millionths.
fn ppm(name: &str, value: f64) -> Result<u32> {
    if !(0.0..=100.0).contains(&value) {
        let detail = format!("{name}: {value} is not from 0 to 100");
        return Err(Error::new(Code::BadArgument, detail));
    }
    Ok((value * 10_000.0).round() as u32)
}
