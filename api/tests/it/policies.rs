//! Policies on the wire.

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::world::World;

/// A vault of a world, and its owner's token.
pub struct Vault {
    world: World,
    path: String,
    token: String,
}

impl Vault {
    pub async fn new() -> Self {
        let world = World::new().await;
        let vault = Self {
            token: world.log_in().await,
            path: format!(
                "{}/providers/Microsoft.RecoveryServices/vaults/v1",
                world.group
            ),
            world,
        };
        let body = json!({"location": "onprem"});
        let (status, answer) = vault.ask("PUT", "", &body).await;
        assert_eq!(status, StatusCode::CREATED, "{answer}");
        vault
    }

    pub async fn ask(&self, method: &str, rest: &str, body: &Value) -> (StatusCode, Value) {
        let and = if rest.contains('?') { '&' } else { '?' };
        let path = format!("{}{rest}{and}api-version=2026-08-01", self.path);
        let body = match body {
            Value::Null => String::new(),
            body => body.to_string(),
        };
        self.world.ask(method, &path, &self.token, &body).await
    }

    pub async fn names(&self, query: &str) -> Vec<String> {
        let path = format!("/backupPolicies/{query}");
        let (status, answer) = self.ask("GET", &path, &Value::Null).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
        let all = answer["value"].as_array().unwrap().iter();
        all.map(|p| p["name"].as_str().unwrap().to_owned())
            .collect()
    }
}

/// What the Azure command line sends when it is fed its own output.
pub fn echo() -> Value {
    json!({"eTag":null,"location":null,"name":"p1","resourceGroup":"rg","properties":{
        "backupManagementType":"AzureIaasVM",
        "instantRpDetails":{"azureBackupRgNamePrefix":null,"azureBackupRgNameSuffix":null},
        "instantRpRetentionRangeInDays":2,"policyType":"V1","protectedItemsCount":0,
        "resourceGuardOperationRequests":null,"timeZone":"UTC","snapshotConsistencyType":null,
        "tieringPolicy":null,
        "schedulePolicy":{"schedulePolicyType":"SimpleSchedulePolicy",
            "scheduleRunFrequency":"Daily","scheduleRunDays":null,
            "scheduleRunTimes":["2026-01-01T19:30:00+00:00"],"scheduleWeeklyFrequency":0,
            "hourlySchedule":null},
        "retentionPolicy":{"retentionPolicyType":"LongTermRetentionPolicy",
            "dailySchedule":{"retentionDuration":{"count":45,"durationType":"Days"},
                "retentionTimes":["2026-01-01T19:30:00+00:00"]},
            "weeklySchedule":null,"monthlySchedule":null,"yearlySchedule":null}}})
}

/// An enhanced policy with every range.
pub fn enhanced() -> Value {
    let kept = |count: u32, unit: &str, mut more: Value| {
        more["retentionTimes"] = json!(["2026-01-01T08:00:00Z"]);
        more["retentionDuration"] = json!({"count": count, "durationType": unit});
        more
    };
    json!({"properties":{
        "backupManagementType":"AzureIaasVM","policyType":"V2","timeZone":"UTC",
        "instantRpRetentionRangeInDays":7,"instantRPDetails":{},"protectedItemsCount":0,
        "snapshotConsistencyType":"OnlyCrashConsistent",
        "schedulePolicy":{"schedulePolicyType":"SimpleSchedulePolicyV2",
            "scheduleRunFrequency":"Hourly","hourlySchedule":{"interval":4,
                "scheduleWindowStartTime":"2026-01-01T08:00:00Z","scheduleWindowDuration":12}},
        "retentionPolicy":{"retentionPolicyType":"LongTermRetentionPolicy",
            "dailySchedule":kept(180, "Days", json!({})),
            "weeklySchedule":kept(12, "Weeks", json!({"daysOfTheWeek":["Sunday"]})),
            "monthlySchedule":kept(60, "Months", json!({
                "retentionScheduleFormatType":"Weekly",
                "retentionScheduleWeekly":{
                    "daysOfTheWeek":["Sunday"],"weeksOfTheMonth":["First"]}})),
            "yearlySchedule":kept(10, "Years", json!({
                "retentionScheduleFormatType":"Daily","monthsOfYear":["January"],
                "retentionScheduleDaily":{"daysOfTheMonth":[{"date":1,"isLast":false}]}}))}}})
}

/// The same without what is `null`.
fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(all) => all
            .into_iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(name, value)| (name, without_nulls(value)))
            .collect(),
        other => other,
    }
}

#[tokio::test]
async fn policy_2_27_28_a_new_vault_has_its_two_policies_and_they_go_with_it() {
    let vault = Vault::new().await;
    assert_eq!(vault.names("").await, ["DefaultPolicy", "EnhancedPolicy"]);
    let (_, standard) = vault
        .ask("GET", "/backuppolicies/defaultpolicy", &Value::Null)
        .await;
    assert_eq!(
        standard["type"],
        "Microsoft.RecoveryServices/vaults/backupPolicies"
    );
    assert_eq!(
        standard["id"],
        format!("{}/backupPolicies/DefaultPolicy", vault.path)
    );
    let properties = &standard["properties"];
    assert_eq!(properties["policyType"], "V1");
    assert_eq!(properties["instantRpRetentionRangeInDays"], 2);
    assert_eq!(properties["protectedItemsCount"], 0);
    assert_eq!(
        properties["schedulePolicy"]["scheduleRunTimes"],
        json!(["2026-01-01T19:30:00Z"])
    );
    let kept = &properties["retentionPolicy"]["dailySchedule"]["retentionDuration"];
    assert_eq!(*kept, json!({"count": 30, "durationType": "Days"}));
    let (_, enhanced) = vault
        .ask("GET", "/backupPolicies/EnhancedPolicy", &Value::Null)
        .await;
    let hourly = &enhanced["properties"]["schedulePolicy"]["hourlySchedule"];
    assert_eq!(
        *hourly,
        json!({
            "interval": 4,
            "scheduleWindowStartTime": "2026-01-01T08:00:00Z",
            "scheduleWindowDuration": 24,
        })
    );
    // POLICY-28: 7 days of snapshots; 180 days, 12 weeks, 60 months, 10 years.
    assert_eq!(enhanced["properties"]["instantRpRetentionRangeInDays"], 7);
    let kept = &enhanced["properties"]["retentionPolicy"];
    for (range, count, unit) in [
        ("dailySchedule", 180, "Days"),
        ("weeklySchedule", 12, "Weeks"),
        ("monthlySchedule", 60, "Months"),
        ("yearlySchedule", 10, "Years"),
    ] {
        let expected = json!({"count": count, "durationType": unit});
        assert_eq!(kept[range]["retentionDuration"], expected, "{range}");
    }
    // Each can be sent back as it is, and stays as it is.
    for policy in [standard, enhanced] {
        let name = policy["name"].as_str().unwrap();
        let path = format!("/backupPolicies/{name}");
        let (status, answer) = vault.ask("PUT", &path, &policy).await;
        assert_eq!((status, answer), (StatusCode::OK, policy));
    }
    let (status, _) = vault.ask("DELETE", "", &Value::Null).await;
    assert_eq!(status, StatusCode::NO_CONTENT);
    let (status, _) = vault.ask("GET", "/backupPolicies", &Value::Null).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    let body = json!({"location": "onprem"});
    let (status, answer) = vault.ask("PUT", "", &body).await;
    assert_eq!(status, StatusCode::CREATED, "{answer}");
}

#[tokio::test]
async fn policies_are_made_given_back_changed_listed_and_deleted() {
    let vault = Vault::new().await;
    let path = "/backupPolicies/P1";
    let (status, made) = vault.ask("PUT", path, &echo()).await;
    assert_eq!(status, StatusCode::OK, "{made}");
    let mut sent = without_nulls(echo())["properties"].clone();
    let details = sent.as_object_mut().unwrap().remove("instantRpDetails");
    sent["instantRPDetails"] = details.unwrap();
    assert_eq!(made["properties"], sent);
    assert_eq!(
        vault.ask("GET", "/backupPolicies/p1", &Value::Null).await.1,
        made
    );

    let (status, other) = vault.ask("PUT", "/backupPolicies/p2", &enhanced()).await;
    assert_eq!(status, StatusCode::OK, "{other}");
    assert_eq!(other["properties"], enhanced()["properties"]);

    // Nothing has it, so its sub-type may change; the name stays as first written.
    let (status, changed) = vault.ask("PUT", "/backupPolicies/p1", &enhanced()).await;
    assert_eq!(status, StatusCode::OK, "{changed}");
    assert_eq!(changed["name"], "P1");
    assert_eq!(changed["properties"], enhanced()["properties"]);

    let all = ["DefaultPolicy", "EnhancedPolicy", "P1", "p2"];
    assert_eq!(vault.names("").await, all);
    let of = |kind: &str| {
        format!("?$filter=backupManagementType%20eq%20'{kind}'%20and%20workloadType%20eq%20'VM'")
    };
    assert_eq!(vault.names(&of("AzureIaasVM")).await, all);
    let none: [&str; 0] = [];
    assert_eq!(vault.names(&of("AzureWorkload")).await, none);

    for (path, status) in [(path, 200), (path, 204), ("/backupPolicies/p2", 200)] {
        let (got, _) = vault.ask("DELETE", path, &Value::Null).await;
        assert_eq!(got.as_u16(), status, "{path}");
    }
    let (status, gone) = vault.ask("GET", path, &Value::Null).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    assert_eq!(gone["error"]["code"], "BMSUserErrorPolicyNotFound");
    let guards = vault.ask("GET", "/backupResourceGuardProxies", &Value::Null);
    assert_eq!(guards.await, (StatusCode::OK, json!({"value": []})));
}

/// G6 to G8, POLICY-31, SRG-7.
#[tokio::test]
async fn numbers_come_as_text_and_names_in_any_case() {
    let vault = Vault::new().await;
    let body = json!({"properties": {
        "BACKUPMANAGEMENTTYPE": "azureiaasvm", "timeZone": "Europe/Berlin",
        "instantRpRetentionRangeInDays": "5",
        "instantRpDetails": {"azureBackupRgNamePrefix": "snap-"},
        "tieringPolicy": {"archivedRp": {"tieringMode": "donottier"}},
        "SchedulePolicy": {"schedulePolicyType": "simpleschedulepolicy",
            "scheduleRunFrequency": "WEEKLY", "scheduleRunDays": ["sunday", "MONDAY"],
            "scheduleRunTimes": ["2026-03-03T02:00:00"]},
        "retentionPolicy": {"retentionPolicyType": "longtermretentionpolicy",
            "weeklySchedule": {"daysOfTheWeek": ["monday"],
                "retentionDuration": {"count": "4"}}}}});
    let (status, made) = vault.ask("PUT", "/backupPolicies/p1", &body).await;
    assert_eq!(status, StatusCode::OK, "{made}");
    let expected = json!({
        "backupManagementType": "AzureIaasVM", "policyType": "V1", "timeZone": "Europe/Berlin",
        "instantRpRetentionRangeInDays": 5, "protectedItemsCount": 0,
        "instantRPDetails":
            {"azureBackupRGNamePrefix": "snap-", "azureBackupRGNameSuffix": ""},
        "tieringPolicy": {"ArchivedRP":
            {"tieringMode": "DoNotTier", "duration": 0, "durationType": "Invalid"}},
        "schedulePolicy": {"schedulePolicyType": "SimpleSchedulePolicy",
            "scheduleRunFrequency": "Weekly", "scheduleRunDays": ["Monday", "Sunday"],
            "scheduleRunTimes": ["2026-03-03T02:00:00"], "scheduleWeeklyFrequency": 0},
        "retentionPolicy": {"retentionPolicyType": "LongTermRetentionPolicy",
            "weeklySchedule": {"daysOfTheWeek": ["Monday"],
                "retentionTimes": ["2026-01-01T02:00:00Z"],
                "retentionDuration": {"count": 4, "durationType": "Weeks"}}}});
    assert_eq!(made["properties"], expected);
}
