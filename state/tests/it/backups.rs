//! Backups of the records: complete, and refused when they are not.

use std::collections::BTreeMap;
use std::path::Path;

use base::{Code, Error};
use jiff::SignedDuration;
use serde_json::json;
use state::activity::{self, Entry};
use state::alerts::{self, AlertBody, AlertRule, NewAlert};
use state::operations::{self, Operation, OperationStatus};
use state::principals::{self, PrincipalKind};
use state::protected_items as items;
use state::recovery_points as points;
use state::{State, WriteTx, jobs, leases, meter, settings, usages};

use crate::build::{Home, VAULT, at, furnish, item, job, point, uuid};
use crate::conformance::principal;

/// A record in every table, with every column set somewhere and unset elsewhere, and more points
/// than go into one statement.
pub async fn fill(state: &State) {
    let mut tx = state.write().await.unwrap();
    furnish(&mut tx).await;
    item(&mut tx, "bare", 2).await;
    let mut full = item(&mut tx, "full ä\u{1F4BE}\"\\", 1).await;
    full.next_run = Some(at(1));
    full.purge_at = Some(at(2));
    let full = items::update(&mut tx, full).await.unwrap();
    for seed in 0..450 {
        let mut new = point(full.data_id, seed, at(seed as i64));
        if seed % 2 == 0 {
            new.expires_at = Some(at(5));
            new.snapshot_expires_at = Some(at(6));
        }
        points::create(&mut tx, new).await.unwrap();
    }
    let mut ended = job(2, at(0));
    (ended.item, ended.ended_at) = (Some(full.id.clone()), Some(at(3)));
    jobs::create(&mut tx, ended).await.unwrap();
    jobs::create(&mut tx, job(1, at(0))).await.unwrap();
    for ended_at in [None, Some(at(1))] {
        let operation = Operation {
            id: uuid(ended_at.is_some().into()),
            scope: "/x".to_owned(),
            status: OperationStatus::Failed,
            started_at: at(0),
            ended_at,
            keep_until: at(9),
            result: json!({"error": {}}),
        };
        operations::put(&mut tx, &operation).await.unwrap();
    }
    let user = PrincipalKind::User;
    principals::create(&mut tx, uuid(1), user, "ann", principal())
        .await
        .unwrap();
    let entry = Entry {
        id: uuid(1),
        at: at(0),
        scope: "/x".to_owned(),
        body: json!([1, "\0"]),
    };
    activity::append(&mut tx, &entry).await.unwrap();
    let alert = NewAlert {
        id: uuid(1),
        rule: AlertRule::BackupFailed,
        body: AlertBody::default(),
    };
    alerts::raise(&mut tx, alert).await.unwrap();
    usages::add(&mut tx, full.data_id, usages::VAULT, 5)
        .await
        .unwrap();
    let found = usages::StoreUsage::default();
    let (none, before) = (BTreeMap::new(), BTreeMap::new());
    usages::counted(&mut tx, VAULT, usages::VAULT, found, &none, &before)
        .await
        .unwrap();
    let reading = policy::Reading {
        day: jiff::civil::date(2026, 1, 1),
        vaults: Vec::new(),
    };
    meter::write(&mut tx, &reading).await.unwrap();
    settings::set(&mut tx, "a", &json!({"b": 1.5}))
        .await
        .unwrap();
    let minute = SignedDuration::from_secs(60);
    leases::take(&mut tx, "scheduler", "one", minute)
        .await
        .unwrap()
        .unwrap();
    tx.commit().await.unwrap();
}

/// The rows of a backup, table by table in one order, without the lease's owner.
pub fn rows(backup: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(backup).unwrap();
    let mut lines: Vec<_> = text.lines().skip(1).map(str::to_owned).collect();
    lines.retain(|line| !line.starts_with("[\"scheduler\""));
    lines.sort();
    lines
}

/// Backs up one home and restores it into the other; the backups of both hold the same.
pub async fn carry(from: &Home, to: &Home) {
    let dir = tempfile::tempdir().unwrap();
    let (first, second) = (dir.path().join("first"), dir.path().join("second"));
    let state = from.open().await;
    let count = state.backup(&first).await.unwrap();
    assert_eq!(
        count as usize,
        rows(&first).len() - 15,
        "15 tables, the end, a lease"
    );
    let clock = to.clock.clone();
    let restored = State::restore(&first, &to.place, clock).await.unwrap();
    restored.backup(&second).await.unwrap();
    assert_eq!(rows(&first), rows(&second));

    // It can be worked with: numbers go on, and nobody holds a lease but by a new generation.
    let mut tx = restored.write().await.unwrap();
    let new = item(&mut tx, "new", 3).await;
    assert_eq!(new.data_id, 3);
    let minute = SignedDuration::from_secs(60);
    let lease = leases::take(&mut tx, "scheduler", "two", minute).await;
    assert_eq!(lease.unwrap().unwrap().generation, 2);
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn a_backup_restores_every_record() {
    let (from, to) = (Home::sqlite(), Home::sqlite());
    fill(&from.open().await).await;
    carry(&from, &to).await;
}

#[tokio::test]
async fn a_backup_is_of_one_moment_while_others_write() {
    let home = Home::sqlite();
    let state = home.open().await;
    fill(&state).await;
    let dir = tempfile::tempdir().unwrap();
    let writer = tokio::spawn({
        let state = state.clone();
        async move {
            // Two records that are always alike.
            for value in 0..200 {
                let mut tx = state.write().await.unwrap();
                settings::set(&mut tx, "left", &value).await.unwrap();
                settings::set(&mut tx, "right", &value).await.unwrap();
                tx.commit().await.unwrap();
            }
        }
    });
    for number in 0..5 {
        let file = dir.path().join(number.to_string());
        state.backup(&file).await.unwrap();
        let copy = dir.path().join(format!("{number}.db"));
        let copy = State::restore(&file, copy.to_str().unwrap(), home.clock.clone()).await;
        let copy = copy.unwrap();
        let mut tx = copy.read().await.unwrap();
        let left: Option<u32> = settings::get(&mut tx, "left").await.unwrap();
        let right: Option<u32> = settings::get(&mut tx, "right").await.unwrap();
        assert_eq!(left, right);
    }
    writer.await.unwrap();
}

#[tokio::test]
async fn a_damaged_backup_is_refused_and_leaves_nothing() {
    let home = Home::sqlite();
    fill(&home.open().await).await;
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("backup");
    home.open().await.backup(&file).await.unwrap();
    let whole = std::fs::read_to_string(&file).unwrap();
    let lines: Vec<&str> = whole.lines().collect();
    let end = lines.len();
    let hurt = [
        (String::new(), Code::StateDamaged),
        (lines[..end - 1].join("\n"), Code::StateDamaged),
        (lines[..end / 2].join("\n"), Code::StateDamaged),
        (whole[..whole.len() / 2].to_owned(), Code::StateDamaged),
        (whole.clone() + lines[2], Code::StateDamaged),
        (lines[1..].join("\n"), Code::StateDamaged),
        (
            [&lines[..3], &lines[4..]].concat().join("\n"),
            Code::StateDamaged,
        ),
        (
            whole.replace("\"number\"", "\"numbers\""),
            Code::StateDamaged,
        ),
        (
            whole.replace("\"table\":\"jobs\"", "\"table\":\"jobs; --\""),
            Code::StateDamaged,
        ),
        (
            whole.replacen("\"schema\":2", "\"schema\":99", 1),
            Code::StateTooNew,
        ),
        (
            whole.replacen("_records\":1", "_records\":2", 1),
            Code::StateTooNew,
        ),
    ];
    let place = dir.path().join("new.db");
    let place = place.to_str().unwrap();
    for (number, (text, code)) in hurt.into_iter().enumerate() {
        assert_ne!(text, whole, "{number}");
        std::fs::write(&file, text).unwrap();
        let refused = State::restore(&file, place, home.clock.clone()).await;
        assert_eq!(refused.unwrap_err().code(), code, "{number}");
    }
    std::fs::write(&file, whole).unwrap();
    // What is done besides is done with it, or nothing is.
    let fails = async |_: &mut WriteTx| Err::<(), _>(Error::new(Code::Cancelled, "no"));
    let refused = State::restore_and(&file, place, home.clock.clone(), fails).await;
    assert_eq!(refused.unwrap_err().code(), Code::Cancelled);
    // Nothing of all that is left.
    State::restore(&file, place, home.clock.clone())
        .await
        .unwrap();
    let refused = State::restore(&file, place, home.clock.clone()).await;
    assert_eq!(refused.unwrap_err().code(), Code::StateNotEmpty);
    let refused = home.open().await.backup(&file).await;
    assert_eq!(refused.unwrap_err().code(), Code::TargetExists);
}
