//! What the caller may do at a scope.

use serde_json::{Value, json};

use crate::fabric::World;

const BACKUP_READER: &str = "a795c7a0-d4a2-40c1-ae25-d81f01202912";

#[tokio::test]
async fn rbac_1_to_4_permissions_are_those_of_the_roles_at_a_scope_and_above() {
    let world = World::new().await;
    let of = |scope: &str| format!("{scope}/providers/Microsoft.Authorization/permissions");
    let (status, found) = world.get(&of(&world.subscription)).await;
    assert_eq!(status, 200, "{found}");
    assert_eq!(found["value"][0]["actions"], json!(["*"]));
    let (who, token) = world.application().await;
    let see = async |scope: &str| {
        let path = format!("{}?api-version=1", of(scope));
        let (status, found) = world.ask_as(&token, "GET", &path, &json!({})).await;
        assert_eq!(status, 200, "{found}");
        found["value"].as_array().unwrap().clone()
    };
    assert_eq!(see(&world.subscription).await, Vec::<Value>::new());
    world.give(1, &world.vault(), &who, BACKUP_READER).await;
    assert_eq!(see(&world.subscription).await, Vec::<Value>::new());
    let group = format!("{}/resourceGroups/default", world.subscription);
    assert_eq!(see(&group).await, Vec::<Value>::new());
    let here = see(&world.vault()).await;
    assert_eq!(here.len(), 1);
    let actions = here[0]["actions"].as_array().unwrap();
    assert!(actions.contains(&json!("Microsoft.RecoveryServices/*/read")));
    assert_eq!(here[0]["notActions"], json!([]));
}
