//! Rates, costs and estimates; what vaults take (PRICE-1 to 12).

use serde_json::{Value, json};

use crate::fabric::World;

impl World {
    async fn told(&self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        let (status, _, answer) = self.ask(method, path, body).await;
        (status, answer)
    }

    fn own(&self, what: &str) -> String {
        format!("{}/providers/Stillpoint.Fabric/{what}", self.subscription)
    }

    async fn set_rates(&self) {
        let rates = json!({"properties": {
            "currency": "EUR",
            "protectedInstance": 31,
            "vaultGb": {"locallyRedundant": 0.02, "GeoRedundant": 0.04},
            "snapshotGb": 0.05,
        }});
        let (status, answer) = self.told("PUT", &self.own("rates/default"), &rates).await;
        assert_eq!(status, 200, "{answer}");
    }
}

#[tokio::test]
async fn price_2_rates_are_set_and_reckoned_by() {
    let world = World::new().await;
    let path = world.own("rates/default");
    let (_, first) = world.told("GET", &path, &json!({})).await;
    assert_eq!(first["properties"]["currency"], "XXX");
    assert_eq!(first["properties"]["protectedInstance"], 0.0);
    world.set_rates().await;
    let (_, kept) = world.told("GET", &path, &json!({})).await;
    let gb = json!({"LocallyRedundant": 0.02, "GeoRedundant": 0.04});
    assert_eq!(kept["properties"]["vaultGb"], gb);
    for wrong in [
        json!({"currency": "Euro"}),
        json!({"currency": "EUR", "protectedInstance": -1}),
        json!({"currency": "EUR", "snapshotGb": 1e300}),
        json!({"currency": "EUR", "vaultGb": {"Moon": 1}}),
        json!({"currency": "EUR", "vaultGb": 7}),
    ] {
        let body = json!({"properties": wrong});
        let (status, answer) = world.told("PUT", &path, &body).await;
        assert_eq!(status, 400, "{body}: {answer}");
    }
    assert_eq!(world.told("GET", &path, &json!({})).await.1, kept);
}

#[tokio::test]
async fn price_3_5_8_costs_are_told_by_vault_and_machine_for_a_period() {
    let world = World::new().await;
    world.set_rates().await;
    let all = world.own("costs");
    let (status, none) = world.told("GET", &all, &json!({})).await;
    assert_eq!((status, none), (200, json!({"value": []})));
    world.backed_up("web").await;
    world.control.maintain().await;
    let (status, found) = world.told("GET", &all, &json!({})).await;
    assert_eq!(status, 200, "{found}");
    let vault = &found["value"][0];
    assert_eq!(
        (&vault["id"], &vault["name"]),
        (
            &json!(format!(
                "{}/providers/Stillpoint.Fabric/costs/2026-03-01_2026-03-01",
                world.vault()
            )),
            &json!("v1")
        )
    );
    let of = &vault["properties"];
    assert_eq!(
        (&of["from"], &of["to"]),
        (&json!("2026-03-01"), &json!("2026-03-01"))
    );
    // Half a rate of 31 for one of 31 days.
    assert_eq!((&of["cost"], &of["currency"]), (&json!(0.5), &json!("EUR")));
    let item = &of["items"][0];
    assert_eq!(
        (&item["friendlyName"], &item["days"]),
        (&json!("web"), &json!(1))
    );
    let gib = 1u64 << 30;
    let data = 10 * gib / 4 * 3 + (gib + 1) / 4 * 3;
    assert_eq!(
        (&item["dataBytes"], &item["instances"]),
        (&json!(data), &json!(0.5))
    );

    let filtered = async |filter: &str| {
        let filter = filter.replace(' ', "%20");
        let (status, found) = world
            .told("GET", &format!("{all}?$filter={filter}"), &json!({}))
            .await;
        (status, found["value"].as_array().map(Vec::len))
    };
    assert_eq!(filtered("vaultName eq 'V1'").await, (200, Some(1)));
    assert_eq!(filtered("vaultName eq 'v2'").await, (200, Some(0)));
    let march = "from eq '2026-03-01' and to eq '2026-03-31'";
    assert_eq!(filtered(march).await, (200, Some(1)));
    let before = "from eq '2026-02-01' and to eq '2026-02-28'";
    assert_eq!(filtered(before).await, (200, Some(0)));
    assert_eq!(filtered("from eq '2026-03-02'").await.0, 400);
    assert_eq!(filtered("from eq 'soon'").await.0, 400);
    assert_eq!(filtered("from eq '2020-01-01'").await.0, 400);
}

#[tokio::test]
async fn price_11_an_estimate_has_all_that_is_asked() {
    let world = World::new().await;
    world.set_rates().await;
    let path = world.own("estimateCost");
    let gib = 1u64 << 30;
    // As a machine of 100 GB: 30 days of 5 GB, and 7 weeks more of 35 GB.
    let mut asked = json!({
        "dataBytes": (200 * gib).to_string(),
        "machines": 3,
        "dailyChurnPercent": 5,
        "excludedPercent": 50,
        "days": 30,
        "weeks": 12,
        "snapshotDays": 2,
        "redundancy": "GeoRedundant",
    });
    let (status, found) = world
        .told("POST", &path, &json!({"properties": asked}))
        .await;
    assert_eq!(status, 200, "{found}");
    let month = &found["properties"];
    assert_eq!(month["instances"], 3.0);
    assert_eq!(month["vaultBytes"], 3 * 495 * gib);
    assert_eq!(month["snapshotBytes"], 30 * gib);
    assert_eq!(month["instancesCost"], 93.0);
    assert_eq!(month["vaultCost"], 59.4);
    assert_eq!(month["snapshotsCost"], 1.5);
    assert_eq!(month["cost"], 153.9);
    for (name, value) in [
        ("dailyChurnPercent", json!(101)),
        ("excludedPercent", json!(-1)),
        ("redundancy", json!("Moon")),
        ("dataBytes", json!(null)),
        ("machines", json!("many")),
    ] {
        let right = asked[name].take();
        asked[name] = value;
        let (status, answer) = world
            .told("POST", &path, &json!({"properties": asked}))
            .await;
        assert_eq!(status, 400, "{name}: {answer}");
        asked[name] = right;
    }
}

#[tokio::test]
async fn what_a_vault_takes_is_told_and_counted() {
    let world = World::new().await;
    world.backed_up("web").await;
    let path = world.within("Stillpoint.Fabric/vaultUsages/v1");
    let (status, before) = world.told("GET", &path, &json!({})).await;
    assert_eq!(status, 200, "{before}");
    let of = &before["properties"];
    assert_eq!((&of["points"], &of["stores"]), (&json!(1), &json!([])));
    assert_eq!(of["logicalBytes"], of["items"][0]["dataBytes"]);
    // REPL-1, 6: what was asked for, beside what there is.
    assert_eq!(of["redundancy"], "GeoRedundant");
    assert_eq!(
        (&of["copies"], &of["pairedPool"]),
        (&json!(1), &json!(null))
    );
    world.control.maintain().await;
    let (status, headers, _) = world
        .ask("POST", &format!("{path}/count"), &json!({}))
        .await;
    assert_eq!(status, 202);
    let link = headers["azure-asyncoperation"].to_str().unwrap();
    let link = link
        .strip_prefix("https://here:1")
        .unwrap()
        .split('?')
        .next()
        .unwrap();
    loop {
        let (status, found) = world.told("GET", link, &json!({})).await;
        assert_eq!(status, 200, "{found}");
        match found["status"].as_str() {
            Some("InProgress") => tokio::task::yield_now().await,
            ended => break assert_eq!(ended, Some("Succeeded"), "{found}"),
        }
    }
    let (_, after) = world.told("GET", &path, &json!({})).await;
    let stores = after["properties"]["stores"].as_array().unwrap();
    let names: Vec<&str> = stores.iter().map(|s| s["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["host1", "vault"]);
    assert_eq!(stores[1]["wrongSums"], 0);
    let missing = world.within("Stillpoint.Fabric/vaultUsages/v2");
    assert_eq!(world.told("GET", &missing, &json!({})).await.0, 404);
    let count = format!("{missing}/count");
    assert_eq!(world.told("POST", &count, &json!({})).await.0, 404);
}
