//! Jobs while they go on, as server-sent events.

use axum::body::Body;
use axum::http::{Request, header};
use control::scripted::{Act, Phase};
use futures::StreamExt;
use jiff::SignedDuration;
use serde_json::{Value, json};
use tower::ServiceExt;
use uuid::Uuid;

use crate::document::check_model;
use crate::fabric::World;

const BACKUP_READER: &str = "a795c7a0-d4a2-40c1-ae25-d81f01202912";

/// A stream of events that is read.
struct Events {
    body: axum::body::BodyDataStream,
    text: String,
}

impl Events {
    /// The next event: its name, and its data.
    async fn next(&mut self) -> Option<(String, Value)> {
        loop {
            if let Some((event, rest)) = self.text.split_once("\n\n") {
                let of = |name: &str| {
                    let line = event.lines().find_map(|line| line.strip_prefix(name));
                    line.map(|text| text.trim_start().to_owned())
                };
                let found = of("event:").zip(of("data:"));
                self.text = rest.to_owned();
                if let Some((name, data)) = found {
                    return Some((name, serde_json::from_str(&data).unwrap()));
                }
                continue;
            }
            let bytes = self.body.next().await?.unwrap();
            self.text += std::str::from_utf8(&bytes).unwrap();
        }
    }
}

impl World {
    async fn events(&self, path: &str) -> (u16, String, Events) {
        self.events_of(&self.token, path).await
    }

    async fn events_of(&self, token: &str, path: &str) -> (u16, String, Events) {
        let request = Request::get(format!("{path}?api-version=1"))
            .header(header::AUTHORIZATION, format!("Bearer {token}"))
            .body(Body::empty());
        let service = self.service.clone();
        let answer = service.oneshot(request.unwrap()).await.unwrap();
        let (parts, body) = answer.into_parts();
        let kind = parts.headers[header::CONTENT_TYPE].to_str().unwrap();
        let events = Events {
            body: body.into_data_stream(),
            text: String::new(),
        };
        (parts.status.as_u16(), kind.to_owned(), events)
    }
}

#[tokio::test]
async fn job_3_12_a_job_is_followed_to_its_end() {
    let world = World::new().await;
    let item = world.protect_in(&world.vault(), "web").await;
    let web = Uuid::from_u128(1);
    world.plane.play(web, Phase::Snapshot, &[Act::well(5)]);
    let (status, _, answer) = world
        .ask("POST", &format!("{item}/backup"), &json!({}))
        .await;
    assert_eq!(status, 202, "{answer}");
    world.control.tick().await;
    let jobs = format!("{}/backupJobs", world.vault());
    let backup = format!("{jobs}?$filter=operation%20eq%20'Backup'");
    let id = world.names(&backup).await.remove(0);
    let path = format!("{jobs}/{id}/providers/Stillpoint.Fabric/progress");
    let (status, kind, mut events) = world.events(&path).await;
    assert_eq!((status, &*kind), (200, "text/event-stream"));
    let (name, job) = events.next().await.unwrap();
    check_model("JobProgress", &job);
    assert_eq!((&*name, &job["name"]), ("job", &json!(id)));
    assert_eq!(job["properties"]["status"], "InProgress");
    while world.plane.waiting() == 0 {
        tokio::task::yield_now().await;
    }
    world.clock.advance(SignedDuration::from_mins(6));
    world.plane.sleeper().wake();
    let mut last = job;
    let ended = loop {
        let (name, data) = events.next().await.unwrap();
        if name == "end" {
            break data;
        }
        check_model("JobProgress", &data);
        last = data;
    };
    assert_eq!(ended, json!({}));
    assert_eq!(last["properties"]["status"], "Completed");
    assert_eq!(last["progress"], Value::Null);
    assert!(events.next().await.is_none());
    // One that has ended is told of, and that it has.
    let (_, _, mut events) = world.events(&path).await;
    assert_eq!(events.next().await.unwrap().0, "job");
    assert_eq!(events.next().await.unwrap().0, "end");
    assert!(events.next().await.is_none());
    let (status, _) = world
        .get(&path.replace(&id, &Uuid::nil().to_string()))
        .await;
    assert_eq!(status, 404);
}

#[tokio::test]
async fn of_streams_there_are_only_so_many_at_once() {
    let world = World::new().await;
    world.protect_in(&world.vault(), "web").await;
    let jobs = format!("{}/backupJobs", world.vault());
    let id = world.names(&jobs).await.remove(0);
    let path = format!("{jobs}/{id}/providers/Stillpoint.Fabric/progress");
    let mut open = Vec::new();
    for _ in 0..32 {
        let (status, _, events) = world.events(&path).await;
        assert_eq!(status, 200);
        open.push(events);
    }
    let (status, answer) = world.get(&path).await;
    assert_eq!(
        (status, &answer["error"]["code"]),
        (429, &json!("TooManyRequests"))
    );
    // Somebody else is not kept from it.
    let (who, token) = world.application().await;
    world.give(1, &world.vault(), &who, BACKUP_READER).await;
    assert_eq!(world.events_of(&token, &path).await.0, 200);
    // A client that goes leaves its place.
    open.pop();
    for _ in 0..500 {
        if world.events(&path).await.0 == 200 {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("the place is not free again");
}
