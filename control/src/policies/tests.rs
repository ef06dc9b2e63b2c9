use policy::{PolicyType, Zone};
use state::protected_items::{ItemBody, NewItem, ProtectionState};

use super::*;
use crate::VaultInput;
use crate::fixture::server;

/// An item that has this policy.
async fn item(control: &Control, policy: &str) {
    let vault = control.vault_id("default", "v1");
    let new = NewItem {
        id: format!("{vault}/protectedItems/i1"),
        machine: control.new_id(),
        machine_group: control.group_id("default"),
        policy: Some(control.policy_id("default", "v1", policy)),
        vault,
        state: ProtectionState::InitialBackupPending,
        next_run: None,
        body: ItemBody::default(),
    };
    let mut tx = control.state.write().await.unwrap();
    items::create(&mut tx, new).await.unwrap();
    tx.commit().await.unwrap();
}

fn input(policy: policy::Policy) -> PolicyInput {
    PolicyInput {
        policy,
        properties: json!({}),
    }
}

#[tokio::test]
async fn policy_30_a_policy_that_items_have_is_neither_deleted_nor_made_another_sub_type() {
    let (_folder, control) = server().await;
    item(&control, "defaultPOLICY").await;
    let all = control.policies("default", "v1", None, 9).await.unwrap();
    let counts: Vec<(&str, u64)> = all.iter().map(|p| (&*p.record.name, p.items)).collect();
    assert_eq!(counts, [("DefaultPolicy", 1), ("EnhancedPolicy", 0)]);
    let put = async |name, policy| {
        control
            .put_policy("default", "v1", name, input(policy))
            .await
    };
    let enhanced = policy::Policy::enhanced_default();
    let refused = put("DefaultPolicy", enhanced).await.unwrap_err();
    assert_eq!(refused.code(), Code::PolicyInUse, "{refused}");
    let refused = control
        .delete_policy("default", "v1", "DefaultPolicy")
        .await
        .unwrap_err();
    assert_eq!(refused.code(), Code::PolicyInUse, "{refused}");
    let refused = control
        .delete_vault("default", "v1", None)
        .await
        .unwrap_err();
    assert_eq!(refused.code(), Code::VaultNotEmpty, "{refused}");

    // Another change goes.
    let longer = policy::Policy {
        zone: Zone::named("Europe/Berlin", control.now()).unwrap(),
        snapshot_days: 5,
        ..policy::Policy::standard_default()
    };
    let saved = put("DefaultPolicy", longer.clone()).await.unwrap();
    assert_eq!((saved.items, saved.record.revision), (1, 2));
    let kept = control.policy("default", "v1", "defaultpolicy").await;
    let kept = kept.unwrap().record;
    assert_eq!((&*kept.name, kept.body.policy), ("DefaultPolicy", longer));
    // Nothing has this one.
    let standard = policy::Policy::standard_default();
    let saved = put("EnhancedPolicy", standard).await.unwrap();
    assert_eq!(saved.record.body.policy.kind, PolicyType::Standard);
    let delete = async |name| control.delete_policy("default", "v1", name).await.unwrap();
    // VAULT-14: one of the first comes back as it was.
    assert!(delete("EnhancedPolicy").await);
    let again = control.policy("default", "v1", "EnhancedPolicy").await;
    let again = again.unwrap().record.body.policy;
    assert_eq!(again, policy::Policy::enhanced_default());
    put("other", again).await.unwrap();
    assert!(delete("other").await);
    assert!(!delete("other").await);
    let gone = control.policy("default", "v1", "other").await;
    assert_eq!(gone.unwrap_err().code(), Code::PolicyNotFound);
}

#[tokio::test]
async fn policy_26_a_vault_has_as_many_policies_as_the_setting_allows() {
    let (_folder, control) = server().await;
    control
        .set_limit("policies_per_vault", Some(3))
        .await
        .unwrap();
    let put = async |name| {
        let input = input(policy::Policy::standard_default());
        control.put_policy("default", "v1", name, input).await
    };
    put("p1").await.unwrap();
    let refused = put("p2").await.unwrap_err();
    assert_eq!(refused.code(), Code::LimitReached);
    assert!(refused.detail().contains("policies_per_vault"), "{refused}");
    // One that is there may still be changed.
    put("P1").await.unwrap();
}

#[tokio::test]
async fn a_vault_takes_its_policies_with_it_and_leaves_those_of_others() {
    let (_folder, control) = server().await;
    let input = VaultInput {
        location: Some("onprem".to_owned()),
        ..VaultInput::default()
    };
    control.put_vault("default", "v11", input).await.unwrap();
    control.delete_vault("default", "v1", None).await.unwrap();
    let mut tx = control.state.read().await.unwrap();
    let left = resources::page::<Policy>(&mut tx, Scope::All, None, 9).await;
    let left: Vec<String> = left.unwrap().into_iter().map(|p| p.id).collect();
    let id = |name| control.policy_id("default", "v11", name);
    assert_eq!(left, [id("DefaultPolicy"), id("EnhancedPolicy")]);
    drop(tx);
    let gone = control.policies("default", "v1", None, 9).await;
    assert_eq!(gone.unwrap_err().code(), Code::ResourceNotFound);
}

#[tokio::test]
async fn broken_rules_are_all_told_under_the_code_of_the_first() {
    let (_folder, control) = server().await;
    let put = async |policy| {
        let done = control.put_policy("default", "v1", "p1", input(policy));
        done.await.unwrap_err()
    };
    let mut policy = policy::Policy::standard_default();
    policy.snapshot_days = 9;
    policy.retention.daily = Some(6);
    let error = put(policy).await;
    assert_eq!(error.code(), Code::PolicyInvalid);
    for text in ["7 to 9999", "1 to 5", "points in the vault 6"] {
        assert!(error.detail().contains(text), "{error}");
    }
    let mut policy = policy::Policy::enhanced_default();
    policy.snapshot_days = 8;
    policy.retention = policy::Retention {
        daily: Some(7),
        ..policy::Retention::default()
    };
    let error = put(policy).await;
    assert_eq!(error.code(), Code::SnapshotsOutliveVault, "{error}");
    let all = control.policies("default", "v1", None, 9).await.unwrap();
    assert_eq!(all.len(), 2);
}
