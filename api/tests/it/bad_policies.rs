//! Policies that are refused, and what is said of them.

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::policies::{Vault, echo, enhanced};

/// Puts the policy with something changed, which has to be refused; gives code and message.
async fn refused(vault: &Vault, mut body: Value, at: &str, value: &Value) -> (String, String) {
    let properties = &mut body["properties"];
    let names = at.split('/').filter(|name| !name.is_empty());
    *names.fold(properties, |value, name| &mut value[name]) = value.clone();
    let (status, answer) = vault.ask("PUT", "/backupPolicies/p1", &body).await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "{at} {value}: {answer}");
    let text = |name: &str| answer["error"][name].as_str().unwrap().to_owned();
    (text("code"), text("message"))
}

/// Where, what is put there, and which field the refusal names; none: that place.
async fn each_is_refused<const N: usize>(base: fn() -> Value, bad: [(&str, Value, &str); N]) {
    let vault = Vault::new().await;
    for (at, value, named) in bad {
        let (code, message) = refused(&vault, base(), at, &value).await;
        assert_eq!(
            code, "BMSUserErrorInvalidPolicyInput",
            "{at} {value}: {message}"
        );
        let named = match named {
            "" => at.trim_start_matches('/').replace('/', "."),
            named => named.to_owned(),
        };
        let named = format!("`{named}`");
        assert!(message.contains(&named), "{at} {value}: {message}");
    }
    assert_eq!(vault.names("").await.len(), 2);
}

#[tokio::test]
async fn a_bad_standard_policy_is_refused_and_the_field_is_named() {
    let bad = [
        ("", Value::Null, "properties"),
        ("", json!([1]), "properties"),
        ("/backupManagementType", Value::Null, ""),
        ("/backupManagementType", json!("MAB"), ""),
        ("/policyType", json!("V2"), ""),
        ("/policyType", json!("V3"), ""),
        ("/timeZone", json!("Mars"), ""),
        ("/timeZone", json!(1), ""),
        ("/instantRpRetentionRangeInDays", json!(6), ""),
        ("/instantRpRetentionRangeInDays", json!(-1), ""),
        ("/instantRpRetentionRangeInDays", json!("two"), ""),
        ("/snapshotConsistencyType", json!("OnlyCrashConsistent"), ""),
        ("/snapshotConsistencyType", json!("Other"), ""),
        ("/tieringPolicy", json!(true), ""),
        (
            "/tieringPolicy",
            json!({"ArchivedRP": {"tieringMode": "TierAfter", "duration": 3}}),
            "tieringPolicy.ArchivedRP.tieringMode",
        ),
        (
            "/instantRpDetails",
            json!({"azureBackupRgNamePrefix": "a b"}),
            "instantRPDetails.azureBackupRGNamePrefix",
        ),
        (
            "/schedulePolicy",
            Value::Null,
            "schedulePolicy.schedulePolicyType",
        ),
        ("/schedulePolicy", json!("daily"), ""),
        ("/schedulePolicy/schedulePolicyType", json!("Log"), ""),
        ("/schedulePolicy/scheduleRunFrequency", json!("Yearly"), ""),
        ("/schedulePolicy/scheduleRunFrequency", Value::Null, ""),
        ("/schedulePolicy/scheduleRunDays", json!(["Monday"]), ""),
        ("/schedulePolicy/scheduleWeeklyFrequency", json!(2), ""),
        ("/schedulePolicy/scheduleRunTimes", json!([]), ""),
        ("/schedulePolicy/scheduleRunTimes", json!("19:30"), ""),
        // POLICY-6
        (
            "/schedulePolicy/scheduleRunTimes",
            json!(["2026-01-01T19:30:00Z", "2026-01-01T20:30:00Z"]),
            "",
        ),
        (
            "/schedulePolicy/scheduleRunTimes",
            json!(["19:30"]),
            "schedulePolicy.scheduleRunTimes[0]",
        ),
        (
            "/schedulePolicy/scheduleRunTimes",
            json!([null]),
            "schedulePolicy.scheduleRunTimes[0]",
        ),
        (
            "/schedulePolicy/hourlySchedule",
            json!({"interval": 4}),
            "schedulePolicy.hourlySchedule",
        ),
        (
            "/retentionPolicy",
            Value::Null,
            "retentionPolicy.retentionPolicyType",
        ),
        (
            "/retentionPolicy/retentionPolicyType",
            json!("SimpleRetentionPolicy"),
            "",
        ),
        (
            "/retentionPolicy/dailySchedule",
            Value::Null,
            "retentionPolicy",
        ),
        ("/retentionPolicy/dailySchedule", json!([]), ""),
        (
            "/retentionPolicy/dailySchedule/retentionTimes",
            json!(["2026-01-01T20:00:00Z"]),
            "retentionPolicy.dailySchedule.retentionTimes[0]",
        ),
        (
            "/retentionPolicy/dailySchedule/retentionDuration/count",
            json!(6),
            "",
        ),
        (
            "/retentionPolicy/dailySchedule/retentionDuration/count",
            Value::Null,
            "",
        ),
        (
            "/retentionPolicy/dailySchedule/retentionDuration/count",
            json!(5_000_000_000_u64),
            "",
        ),
        (
            "/retentionPolicy/dailySchedule/retentionDuration/durationType",
            json!("Weeks"),
            "",
        ),
        (
            "/retentionPolicy/weeklySchedule",
            json!({"daysOfTheWeek": [1], "retentionDuration": {"count": 1}}),
            "retentionPolicy.weeklySchedule.daysOfTheWeek[0]",
        ),
        (
            "/retentionPolicy/monthlySchedule",
            json!({"retentionDuration": {"count": 1}}),
            "retentionPolicy.monthlySchedule.retentionScheduleFormatType",
        ),
    ];
    each_is_refused(echo, bad).await;
}

#[tokio::test]
async fn a_bad_enhanced_policy_is_refused_and_the_field_is_named() {
    let bad = [
        (
            "/retentionPolicy/yearlySchedule/monthsOfYear",
            json!(["May", "Smarch"]),
            "retentionPolicy.yearlySchedule.monthsOfYear[1]",
        ),
        (
            "/retentionPolicy/yearlySchedule/retentionScheduleDaily",
            json!({"daysOfTheMonth": [{"date": 200}]}),
            "retentionPolicy.yearlySchedule.retentionScheduleDaily.daysOfTheMonth[0].date",
        ),
        (
            "/retentionPolicy/monthlySchedule/retentionScheduleWeekly/weeksOfTheMonth",
            json!(null),
            "retentionPolicy.monthlySchedule.retentionScheduleWeekly",
        ),
        ("/schedulePolicy/hourlySchedule/interval", json!(5), ""),
        (
            "/schedulePolicy/hourlySchedule/scheduleWindowDuration",
            json!("long"),
            "",
        ),
        ("/instantRpRetentionRangeInDays", json!(21), ""),
    ];
    each_is_refused(enhanced, bad).await;
}

#[tokio::test]
async fn snapshots_that_outlive_the_vaults_points_have_their_code_and_every_broken_rule_is_told() {
    let vault = Vault::new().await;
    let mut body = enhanced();
    body["properties"]["retentionPolicy"] = json!({
        "retentionPolicyType": "LongTermRetentionPolicy",
        "dailySchedule": {"retentionDuration": {"count": 7}},
    });
    let days = "/instantRpRetentionRangeInDays";
    let (code, message) = refused(&vault, body, days, &json!(8)).await;
    assert_eq!(
        code,
        "BMSUserErrorInstantRPRetentionExceedsVaultedRetention"
    );
    assert!(message.contains("points in the vault 7"), "{message}");

    let mut body = echo();
    body["properties"]["retentionPolicy"]["dailySchedule"]["retentionDuration"]["count"] = json!(3);
    let (_, message) = refused(&vault, body, days, &json!(9)).await;
    for text in ["7 to 9999 days", "1 to 5 days", "points in the vault 3"] {
        assert!(message.contains(text), "{text}: {message}");
    }
}

#[tokio::test]
async fn bad_names_bodies_and_filters_are_refused() {
    let vault = Vault::new().await;
    for (method, rest, body, status, code) in [
        (
            "PUT",
            "/backupPolicies/-p",
            echo(),
            400,
            "InvalidResourceName",
        ),
        (
            "PUT",
            "/backupPolicies/p1",
            json!([]),
            400,
            "InvalidRequestContent",
        ),
        (
            "GET",
            "/backupPolicies?$filter=x",
            Value::Null,
            400,
            "BadArgument",
        ),
        (
            "POST",
            "/backupPolicies",
            Value::Null,
            404,
            "InvalidResourceType",
        ),
    ] {
        let (got, answer) = vault.ask(method, rest, &body).await;
        assert_eq!(got.as_u16(), status, "{rest}: {answer}");
        assert_eq!(answer["error"]["code"], code, "{rest}: {answer}");
    }
}
