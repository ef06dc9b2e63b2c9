//! Finding by a part of a name.

use serde_json::{Value, json};

use crate::fabric::World;

const BACKUP_READER: &str = "a795c7a0-d4a2-40c1-ae25-d81f01202912";

impl World {
    fn search(&self, query: &str) -> String {
        format!(
            "{}/providers/Stillpoint.Fabric/search{query}",
            self.subscription
        )
    }

    async fn found(&self, text: &str) -> Vec<(String, String)> {
        let (status, found) = self.get(&self.search(&format!("?q={text}"))).await;
        assert_eq!(status, 200, "{found}");
        names(&found)
    }
}

fn names(found: &Value) -> Vec<(String, String)> {
    let all = found["value"].as_array().unwrap().iter();
    let word = |one: &Value, name: &str| one[name].as_str().unwrap().to_owned();
    all.map(|one| (word(one, "kind"), word(one, "name")))
        .collect()
}

fn are<const N: usize>(all: [(&str, &str); N]) -> Vec<(String, String)> {
    all.map(|(kind, name)| (kind.to_owned(), name.to_owned()))
        .into()
}

#[tokio::test]
async fn all_kinds_are_found_by_a_part_of_their_name_in_any_case() {
    let world = World::new().await;
    assert_eq!(world.found("WEB").await, are([("Machine", "web")]));
    assert_eq!(world.found("host1").await, are([("Host", "host1")]));
    assert_eq!(world.found("v1").await, are([("Vault", "v1")]));
    let policies = [("Policy", "DefaultPolicy"), ("Policy", "EnhancedPolicy")];
    assert_eq!(world.found("policy").await, are(policies));
    for nothing in ["nothing", "%25", "_", "default;", "onprem"] {
        assert_eq!(world.found(nothing).await, are([]), "{nothing}");
    }
    world.protect_in(&world.vault(), "web").await;
    assert_eq!(
        world.found("eb").await,
        are([("Machine", "web"), ("Job", "web")])
    );
    let (_, found) = world.get(&world.search("?q=eb")).await;
    let job = &found["value"][1];
    let (status, shown) = world.get(job["id"].as_str().unwrap()).await;
    assert_eq!(
        (status, &shown["properties"]["operation"]),
        (200, &json!("ConfigureBackup"))
    );
    let id = shown["name"].as_str().unwrap();
    assert_eq!(world.found(&id[..8]).await, are([("Job", "web")]));
    for query in ["", "?q=", "?q=%20"] {
        let (status, answer) = world.get(&world.search(query)).await;
        assert_eq!(
            (status, &answer["error"]["code"]),
            (400, &json!("BadArgument"))
        );
    }
}

#[tokio::test]
async fn rbac_5_nothing_is_found_that_the_caller_may_not_read() {
    let world = World::new().await;
    let other = world.within("Microsoft.RecoveryServices/vaults/v2");
    assert_eq!(
        world
            .ask("PUT", &other, &json!({"location": "onprem"}))
            .await
            .0,
        201
    );
    world.protect_in(&world.vault(), "web").await;
    world.protect_in(&other, "db").await;
    let (who, token) = world.application().await;
    let search = async |text: &str| {
        let path = world.search(&format!("?q={text}&api-version=1"));
        world.ask_as(&token, "GET", &path, &json!({})).await
    };
    assert_eq!(search("v").await.0, 403);
    world.give(1, &other, &who, BACKUP_READER).await;
    assert_eq!(names(&search("v").await.1), are([("Vault", "v2")]));
    assert_eq!(names(&search("b").await.1), are([("Job", "db")]));
    assert_eq!(names(&search("host").await.1), are([]));
    let (_, found) = search("policy").await;
    assert_eq!(found["value"].as_array().unwrap().len(), 2);
    assert_eq!(found["value"][0]["detail"], "v2");
}
