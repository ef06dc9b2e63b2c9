//! What enabling and restoring need beside the rights on the vault (RBAC-5; RESTORE-18).

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::access::Access;

#[tokio::test]
async fn rbac_5_enabling_needs_rights_on_the_machine_too() {
    let access = Access::new().await;
    let group = access.world.group.clone();
    let vault = format!("{group}/providers/Microsoft.RecoveryServices/vaults/v1");
    let new = json!({"location": "onprem"});
    assert_eq!(access.ask("PUT", &vault, &new).await.0, StatusCode::CREATED);
    let (who, token) = access.application("Operator").await;
    access.give(&vault, 1, &who, "Backup Operator").await;
    let name = "iaasvmcontainerv2;default;web";
    let item = format!(
        "{vault}/backupFabrics/Azure/protectionContainers/IaasVMContainer;{name}/protectedItems/VM;{name}"
    );
    let machine = format!("{group}/providers/Microsoft.Compute/virtualMachines/web");
    let body = json!({"properties": {
        "policyId": format!("{vault}/backupPolicies/DefaultPolicy"),
        "sourceResourceId": machine,
    }});
    let (status, refused) = access.ask_as(&token, "PUT", &item, &body).await;
    assert_eq!(status, StatusCode::FORBIDDEN, "{refused}");
    let text = refused["error"]["message"].as_str().unwrap();
    assert!(
        text.contains("Microsoft.Compute/virtualMachines/write"),
        "{text}"
    );
    // With them it is only the machine that is missing.
    let role = "Virtual Machine Contributor";
    access.give(&group, 2, &who, role).await;
    let (status, missing) = access.ask_as(&token, "PUT", &item, &body).await;
    assert_eq!(status, StatusCode::NOT_FOUND, "{missing}");
    let restore = format!("{item}/recoveryPoints/1/restore");
    let (status, _) = access.ask_as(&token, "POST", &restore, &Value::Null).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
}
