//! Alerts on the wire, in the shape of Azure Monitor (MON-2, 6).

use axum::http::StatusCode;
use serde_json::Value;

use crate::world::World;

const VERSION: &str = "api-version=2025-05-25-preview";

#[tokio::test]
async fn mon_6_alerts_are_listed_filtered_shown_and_closed() {
    let world = World::new().await;
    let token = world.log_in().await;
    let group = world.group.clone();
    let vault = format!("{group}/providers/Microsoft.RecoveryServices/vaults/v1");
    let subscription = group.split("/resourceGroups").next().unwrap();
    let made = world
        .ask(
            "PUT",
            &format!("{vault}?{VERSION}"),
            &token,
            r#"{"location":"onprem"}"#,
        )
        .await;
    assert_eq!(made.0, StatusCode::CREATED);
    let of = |scope: &str, query: &str| {
        format!("{scope}/providers/Microsoft.AlertsManagement/alerts?{VERSION}{query}")
    };
    let list = async |scope: &str, query: &str| -> Vec<Value> {
        let (status, answer) = world.ask("GET", &of(scope, query), &token, "").await;
        assert_eq!(status, StatusCode::OK, "{answer}");
        answer["value"].as_array().unwrap().clone()
    };
    assert_eq!(list(subscription, "").await.len(), 0);
    let off = r#"{"properties":{"softDeleteFeatureState":"Disabled"}}"#;
    let config = format!("{vault}/backupconfig/vaultconfig?{VERSION}");
    world.ask("PATCH", &config, &token, off).await;

    for scope in [subscription, &group, &vault] {
        assert_eq!(list(scope, "").await.len(), 1, "{scope}");
    }
    let alert = list(subscription, "").await.remove(0);
    let essentials = &alert["properties"]["essentials"];
    for (name, value) in [
        ("severity", "Sev0"),
        ("alertState", "New"),
        ("monitorCondition", "Fired"),
        ("monitorService", "Azure Backup"),
        ("targetResource", vault.as_str()),
        ("targetResourceGroup", "default"),
        ("alertRule", "SoftDeleteDisabled"),
    ] {
        assert_eq!(essentials[name], value, "{alert}");
    }
    for (query, count) in [
        ("&severity=Sev0&alertState=New&monitorCondition=fired", 1),
        ("&severity=Sev1", 0),
        ("&monitorService=Platform", 0),
        ("&alertState=Closed", 0),
        ("&targetResourceGroup=other", 0),
        ("&targetResourceGroup=DEFAULT&timeRange=1h", 1),
        (
            "&customTimeRange=2026-02-01T00:00:00Z/2026-02-02T00:00:00Z",
            0,
        ),
    ] {
        assert_eq!(list(subscription, query).await.len(), count, "{query}");
    }
    let (status, bad) = world
        .ask("GET", &of(subscription, "&timeRange=2h"), &token, "")
        .await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "{bad}");

    let id = alert["id"].as_str().unwrap();
    let change = format!("{id}/changestate?{VERSION}");
    let (status, refused) = world.ask("POST", &change, &token, "").await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "{refused}");
    let close = format!("{change}&newState=closed");
    let (status, closed) = world.ask("POST", &close, &token, "").await;
    assert_eq!(status, StatusCode::OK, "{closed}");
    let (_, shown) = world
        .ask("GET", &format!("{id}?{VERSION}"), &token, "")
        .await;
    assert_eq!(shown, closed);
    assert_eq!(shown["properties"]["essentials"]["alertState"], "Closed");
    let other = of(&format!("{subscription}/resourceGroups/other"), "");
    let elsewhere = other.replace(
        "/alerts?",
        &format!("/alerts/{}?", id.rsplit('/').next().unwrap()),
    );
    let (status, _) = world.ask("GET", &elsewhere, &token, "").await;
    assert_eq!(status, StatusCode::NOT_FOUND);
}
