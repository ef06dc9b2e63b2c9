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

#[tokio::test]
async fn vault_16_a_vault_is_moved_by_who_may_and_only_a_vault() {
    let access = Access::new().await;
    let group = access.world.group.clone();
    let other = group.replace("/default", "/other");
    assert_ne!(other, group);
    let new = json!({"location": "onprem"});
    let vault = |group: &str, name: &str| {
        format!("{group}/providers/Microsoft.RecoveryServices/vaults/{name}")
    };
    for path in [&other, &vault(&group, "v1"), &vault(&group, "v2")] {
        assert_eq!(access.ask("PUT", path, &new).await.0, StatusCode::CREATED);
    }
    let (who, token) = access.application("Mover").await;
    access.give(&group, 1, &who, "Contributor").await;
    let from = format!("{group}/moveResources");
    let body = |ids: &[String], to: &str| json!({"resources": ids, "targetResourceGroup": to});
    let both = [
        vault(&group, "V1"),
        vault(&group, "v2"),
        vault(&group, "v2"),
    ];

    // Who may take it from here may not put it there.
    let (status, refused) = access
        .ask_as(&token, "POST", &from, &body(&both, &other))
        .await;
    assert_eq!(status, StatusCode::FORBIDDEN, "{refused}");
    access.give(&other, 2, &who, "Contributor").await;

    // What can't be moved is told, and nothing of the rest is moved.
    let of_other = [vault(&group, "v1"), vault(&other, "v2")];
    let machine = [format!(
        "{group}/providers/Microsoft.Compute/virtualMachines/web"
    )];
    let missing = [vault(&group, "v1"), vault(&group, "v3")];
    for (wrong, status) in [
        (body(&of_other, &other), 400),
        (body(&machine, &other), 400),
        (body(&[], &other), 400),
        (body(&both, &group), 400),
        (body(&missing, &other), 404),
        (body(&both, &other.replace("/other", "/none")), 403),
        (json!({"resources": both}), 400),
    ] {
        let (found, answer) = access.ask_as(&token, "POST", &from, &wrong).await;
        assert_eq!(found, status, "{wrong}: {answer}");
    }
    let lock = format!(
        "{}/providers/Microsoft.Authorization/locks/l1",
        vault(&group, "v2")
    );
    let level = json!({"properties": {"level": "CanNotDelete"}});
    assert_eq!(
        access.ask("PUT", &lock, &level).await.0,
        StatusCode::CREATED
    );
    let (status, locked) = access
        .ask_as(&token, "POST", &from, &body(&both, &other))
        .await;
    assert_eq!(
        (status, &locked["error"]["code"]),
        (StatusCode::CONFLICT, &json!("ScopeLocked"))
    );
    assert_eq!(
        access.ask("DELETE", &lock, &Value::Null).await.0,
        StatusCode::OK
    );
    for name in ["v1", "v2"] {
        let (status, _) = access.ask("GET", &vault(&group, name), &Value::Null).await;
        assert_eq!(status, StatusCode::OK, "{name}");
    }

    let to = format!(
        "{}/",
        other
            .to_uppercase()
            .replace("RESOURCEGROUPS", "resourceGroups")
    );
    let (status, answer) = access
        .ask_as(&token, "POST", &from, &body(&both, &to))
        .await;
    assert_eq!(status, StatusCode::NO_CONTENT, "{answer}");
    for name in ["v1", "v2"] {
        let (status, _) = access.ask("GET", &vault(&group, name), &Value::Null).await;
        assert_eq!(status, StatusCode::NOT_FOUND, "{name}");
        let (status, there) = access.ask("GET", &vault(&other, name), &Value::Null).await;
        assert_eq!(
            (status, &there["id"]),
            (StatusCode::OK, &json!(vault(&other, name)))
        );
    }
}
