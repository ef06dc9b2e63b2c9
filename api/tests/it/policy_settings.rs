//! Settings of a policy that Azure's body has no word for.

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::access::Access;
use crate::policies::{Vault, echo};

const REST: &str = "/backupPolicies/p1/providers/Stillpoint.Fabric/policySettings/default";

#[tokio::test]
async fn a_policys_settings_survive_what_azures_clients_send_and_go_with_the_policy() {
    let vault = Vault::new().await;
    let ask = async |method, rest, body: &Value| vault.ask(method, rest, body).await;
    let none = Value::Null;
    assert_eq!(ask("GET", REST, &none).await.0, StatusCode::NOT_FOUND);
    let new = json!({"properties": {"refuseDowngrades": true}});
    let missing = ask("PUT", REST, &new).await;
    assert_eq!(missing.0, StatusCode::NOT_FOUND);
    assert_eq!(missing.1["error"]["code"], "BMSUserErrorPolicyNotFound");
    let put = async || ask("PUT", "/backupPolicies/p1", &echo()).await;
    assert_eq!(put().await.0, StatusCode::OK);
    let (_, first) = ask("GET", REST, &none).await;
    assert_eq!(first["properties"]["refuseDowngrades"], false);
    let (status, set) = ask("PUT", REST, &new).await;
    assert_eq!(status, StatusCode::OK, "{set}");
    let id = set["id"].as_str().unwrap();
    assert!(id.ends_with(REST), "{id}");
    assert_eq!(set["properties"]["refuseStandardItems"], false);
    // A client that knows nothing of them changes the policy.
    assert_eq!(put().await.0, StatusCode::OK);
    assert_eq!(ask("GET", REST, &none).await.1, set);
    let wrong = json!({"properties": {"refuseDowngrades": "perhaps"}});
    let (status, refused) = ask("PUT", REST, &wrong).await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "{refused}");
    assert_eq!(ask("DELETE", REST, &none).await.0, StatusCode::OK);
    assert_eq!(ask("DELETE", REST, &none).await.0, StatusCode::NO_CONTENT);
    assert_eq!(ask("GET", REST, &none).await.1, first);
    assert_eq!(ask("PUT", REST, &new).await.1, set);
    let gone = ask("DELETE", "/backupPolicies/p1", &none).await;
    assert_eq!(gone.0, StatusCode::OK);
    assert_eq!(put().await.0, StatusCode::OK);
    assert_eq!(ask("GET", REST, &none).await.1, first);
}

#[tokio::test]
async fn who_may_change_a_policy_may_change_its_settings_and_nobody_else() {
    let access = Access::new().await;
    let group = access.world.group.clone();
    let vault = format!("{group}/providers/Microsoft.RecoveryServices/vaults/v1");
    let new = json!({"location": "onprem"});
    assert_eq!(access.ask("PUT", &vault, &new).await.0, StatusCode::CREATED);
    let path = format!("{vault}{}", REST.replace("p1", "DefaultPolicy"));
    let body = json!({"properties": {"refuseDowngrades": true}});
    let (operator, may_not) = access.application("Operator").await;
    access.give(&vault, 1, &operator, "Backup Operator").await;
    let (contributor, may) = access.application("Contributor").await;
    let role = "Backup Contributor";
    access.give(&vault, 2, &contributor, role).await;
    for method in ["PUT", "DELETE"] {
        let refused = access.ask_as(&may_not, method, &path, &body).await;
        assert_eq!(refused.0, StatusCode::FORBIDDEN, "{}", refused.1);
    }
    let read = access.ask_as(&may_not, "GET", &path, &Value::Null).await;
    assert_eq!(read.0, StatusCode::OK, "{}", read.1);
    let set = access.ask_as(&may, "PUT", &path, &body).await;
    assert_eq!(set.0, StatusCode::OK, "{}", set.1);
    assert_eq!(set.1["properties"]["refuseDowngrades"], true);
}
