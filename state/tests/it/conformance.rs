//! The suite: one function a promise, for a database that is empty.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use base::{Clock, Code, PointId};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use state::activity::{self, Entry};
use state::alerts::{self, AlertBody, AlertRule, AlertState, NewAlert};
use state::jobs::{self, JobOperation, JobStatus};
use state::machines::{Hardware, Machine, Said};
use state::operations::{self, Operation, OperationStatus};
use state::policies::Policy;
use state::principals::{self, PrincipalBody, PrincipalKind, Secret};
use state::protected_items::{self as items, LastBackup, ProtectionState};
use state::recovery_points::{self as points, Consistency, Range, Tiers, number_of};
use state::usages::{self, ItemUsage, OfItem, PointSum, StoreUsage};
use state::vaults::Vault;
use state::{
    Record, Scope, State, WriteTx, heat_map, leases, machines, meter, overview, resources, search,
    settings,
};

use crate::build::{
    GROUP, Home, SUBSCRIPTION, VAULT, at, furnish, group, item, job, new_item, point, policy_id,
    uuid, vault,
};

/// Hands the names of all tests to a macro.
macro_rules! each_test {
    ($hand_to:ident) => {
        $hand_to! {
            an_id_is_one_name_in_any_case,
            who_changes_what_was_changed_meanwhile_is_refused,
            a_record_that_was_made_again_is_another_one,
            pages_go_through_all_once_in_the_order_of_bytes,
            a_scope_is_no_longer_name_that_begins_alike,
            machines_are_found_by_their_uuid,
            a_zero_byte_is_refused_on_every_engine,
            a_machine_has_one_live_item_in_a_group,
            what_is_referred_to_is_not_deleted,
            an_item_needs_its_vault_and_policy,
            items_are_due_in_order_of_time,
            items_are_listed_by_vault_policy_and_deletion,
            points_are_paged_newest_first_within_a_range,
            expired_points_are_found_by_their_items,
            a_number_names_one_point_of_an_item,
            what_points_come_to_follows_each_of_them,
            a_count_keeps_what_was_stored_while_it_ran,
            a_day_has_one_reading_and_the_last_before_a_period_counts,
            jobs_are_filtered_and_paged_newest_first,
            unfinished_jobs_are_found_and_ended_ones_pruned,
            a_lease_is_held_until_its_end_and_then_taken_over,
            who_lost_a_lease_writes_nothing,
            of_many_takers_one_gets_the_lease,
            decisions_of_concurrent_writers_hold,
            a_failed_transaction_is_not_committed,
            what_was_not_committed_is_not_there,
            a_reader_sees_one_moment,
            principals_log_in_by_one_name,
            settings_are_set_changed_and_removed,
            operations_are_kept_for_their_time,
            the_activity_log_is_read_by_scope_and_time,
            one_alert_of_a_rule_is_open_for_a_target,
            alerts_are_looked_at_when_their_item_has_changed,
            a_vault_that_is_moved_takes_all_of_it_along,
            everything_is_there_after_it_was_opened_again,
            an_overview_counts_what_stands_alike,
            machines_are_listed_by_what_they_are_and_how_they_are_protected,
            items_are_found_by_the_first_thing_that_they_need,
            points_and_backups_are_counted_by_item_and_day,
            what_has_a_text_in_its_name_is_found,
            jobs_of_several_vaults_are_one_list,
        }
    };
}
pub(crate) use each_test;

pub async fn an_id_is_one_name_in_any_case(home: &Home) {
    let state = home.open().await;
    let mut tx = state.write().await.unwrap();
    furnish(&mut tx).await;
    let again = resources::create(&mut tx, &VAULT.to_uppercase(), GROUP, vault()).await;
    assert_eq!(again.unwrap_err().code(), Code::ResourceExists);
    // Ids with letters beyond ASCII, too.
    let spaced = "/subscriptions/S1/resourceGroups/GRÜN ß";
    resources::create(&mut tx, spaced, SUBSCRIPTION, group())
        .await
        .unwrap();
    tx.commit().await.unwrap();

    let mut tx = state.read().await.unwrap();
    for id in [VAULT.to_lowercase(), VAULT.to_uppercase()] {
        let found = resources::get::<Vault>(&mut tx, &id)
            .await
            .unwrap()
            .unwrap();
        assert_eq!((found.id.as_str(), found.name.as_str()), (VAULT, "V1"));
        assert_eq!(found.body, vault());
        assert_eq!(found.parent, GROUP.to_lowercase());
    }
    let spaced = spaced.to_lowercase();
    let spaced = resources::get::<state::groups::Group>(&mut tx, &spaced).await;
    assert!(spaced.unwrap().is_some());
    let of_other_kind = resources::get::<Policy>(&mut tx, VAULT).await.unwrap();
    assert!(of_other_kind.is_none());
}

pub async fn who_changes_what_was_changed_meanwhile_is_refused(home: &Home) {
    let state = home.open().await;
    let mut tx = state.write().await.unwrap();
    furnish(&mut tx).await;
    let old = read_vault(&mut tx).await;
    home.pass(5);
    let mut new = old.clone();
    new.body.ever_protected = true;
    let new = resources::update(&mut tx, new).await.unwrap();
    assert_eq!(new, read_vault(&mut tx).await);
    assert_eq!((old.revision, new.revision), (1, 2));
    assert_ne!(old.etag(), new.etag());

    let refused = resources::update(&mut tx, old.clone()).await.unwrap_err();
    assert_eq!(refused.code(), Code::PreconditionFailed);
    let refused = resources::delete(&mut tx, &old).await.unwrap_err();
    assert_eq!(refused.code(), Code::PreconditionFailed);
    assert_eq!(new, read_vault(&mut tx).await);

    let item = item(&mut tx, "vm", 1).await;
    let mut changed = item.clone();
    changed.state = ProtectionState::Protected;
    let changed = items::update(&mut tx, changed).await.unwrap();
    assert_eq!(items::get(&mut tx, &item.id).await.unwrap(), Some(changed));
    let refused = items::update(&mut tx, item.clone()).await.unwrap_err();
    assert_eq!(refused.code(), Code::PreconditionFailed);
    let refused = items::delete(&mut tx, &item).await.unwrap_err();
    assert_eq!(refused.code(), Code::PreconditionFailed);

    let first = jobs::create(&mut tx, job(1, at(0))).await.unwrap();
    let second = jobs::update(&mut tx, first.clone()).await.unwrap();
    let refused = jobs::update(&mut tx, first).await.unwrap_err();
    assert_eq!(refused.code(), Code::PreconditionFailed);
    // A refusal leaves the transaction as it was.
    tx.commit().await.unwrap();
    let mut tx = state.read().await.unwrap();
    let job = jobs::get(&mut tx, uuid(1)).await.unwrap();
    assert_eq!(job, Some(second));
}

pub async fn a_record_that_was_made_again_is_another_one(home: &Home) {
    let state = home.open().await;
    let mut tx = state.write().await.unwrap();
    let id = "/subscriptions/S1/resourceGroups/x";
    let old = resources::create(&mut tx, id, SUBSCRIPTION, group())
        .await
        .unwrap();
    resources::delete(&mut tx, &old).await.unwrap();
    let gone = resources::update(&mut tx, old.clone()).await.unwrap_err();
    assert_eq!(gone.code(), Code::ResourceNotFound);
    tx.commit().await.unwrap();

    home.pass(1);
    let mut tx = state.write().await.unwrap();
    let new = resources::create(&mut tx, id, SUBSCRIPTION, group())
        .await
        .unwrap();
    assert_eq!(old.revision, new.revision);
    assert_ne!(old.etag(), new.etag());
    let refused = resources::update(&mut tx, old).await.unwrap_err();
    assert_eq!(refused.code(), Code::PreconditionFailed);

    // Nor does an item's number come again.
    furnish(&mut tx).await;
    let first = item(&mut tx, "vm", 1).await;
    items::delete(&mut tx, &first).await.unwrap();
    let second = item(&mut tx, "vm", 1).await;
    assert_ne!(first.data_id, second.data_id);
}

/// Names whose order in a language differs from that of their bytes.
const NAMES: &[&str] = &[
    "a", "B", "a-b", "a_b", "ab", "a b", "a.b", "ä", "z", "Zz", "1", "~",
];

pub async fn pages_go_through_all_once_in_the_order_of_bytes(home: &Home) {
    let state = home.open().await;
    let mut tx = state.write().await.unwrap();
    let id = |name: &str| format!("{SUBSCRIPTION}/resourceGroups/{name}");
    for name in NAMES {
        resources::create(&mut tx, &id(name), SUBSCRIPTION, group())
            .await
            .unwrap();
    }
    let mut expected: Vec<String> = NAMES.iter().map(|name| id(name).to_lowercase()).collect();
    expected.sort();
    for limit in [1, 5, 100] {
        let mut seen = Vec::new();
        loop {
            let after = seen.last().cloned();
            let page = resources::page::<state::groups::Group>(
                &mut tx,
                Scope::In(SUBSCRIPTION),
                after.as_deref(),
                limit,
            );
            let page = page.await.unwrap();
            assert!(page.len() <= limit as usize);
            if page.is_empty() {
                break;
            }
            seen.extend(page.iter().map(|group| group.id.to_lowercase()));
        }
        assert_eq!(seen, expected);
    }
}

pub async fn a_scope_is_no_longer_name_that_begins_alike(home: &Home) {
    let state = home.open().await;
    let mut tx = state.write().await.unwrap();
    furnish(&mut tx).await;
    let other = GROUP.to_owned() + "2";
    resources::create(&mut tx, &other, SUBSCRIPTION, group())
        .await
        .unwrap();
    resources::create(&mut tx, &format!("{other}/vaults/V2"), &other, vault())
        .await
        .unwrap();
    let loud = GROUP.to_uppercase();
    let mut names = async |scope| {
        let page = resources::page::<Vault>(&mut tx, scope, None, 10).await;
        let page = page.unwrap().into_iter();
        page.map(|vault| vault.name).collect::<Vec<_>>()
    };
    assert_eq!(names(Scope::Below(GROUP)).await, ["V1"]);
    assert_eq!(names(Scope::In(&loud)).await, ["V1"]);
    assert_eq!(names(Scope::Below(&other)).await, ["V2"]);
    assert_eq!(names(Scope::Below(SUBSCRIPTION)).await, ["V1", "V2"]);
    assert_eq!(names(Scope::In(SUBSCRIPTION)).await, [""; 0]);
    assert_eq!(names(Scope::All).await, ["V1", "V2"]);
}

pub async fn machines_are_found_by_their_uuid(home: &Home) {
    let state = home.open().await;
    let mut tx = state.write().await.unwrap();
    let machine = |number| Machine {
        uuid: uuid(number),
        host: "/hosts/h".to_owned(),
        location: "onprem".to_owned(),
        os: None,
        disks: Vec::new(),
        running: true,
        seen: at(0),
        vanished: None,
        also_on: Vec::new(),
        agent_lost: None,
        hardware: Hardware::default(),
        said: Said::default(),
    };
    let id = |name: &str| format!("{GROUP}/providers/Microsoft.Compute/virtualMachines/{name}");
    for (name, number) in [("a", 1), ("b", 2), ("c", 1)] {
        resources::create(&mut tx, &id(name), GROUP, machine(number))
            .await
            .unwrap();
    }
    let found = resources::find::<Machine>(&mut tx, &uuid(1).to_string()).await;
    let found = found.unwrap();
    assert_eq!([&found[0].name, &found[1].name], ["a", "c"]);
    // The second name follows the record.
    let mut moved = found[0].clone();
    moved.body.uuid = uuid(3);
    resources::update(&mut tx, moved).await.unwrap();
    let found = resources::find::<Machine>(&mut tx, &uuid(1).to_string()).await;
    assert_eq!(found.unwrap().len(), 1);
}

pub async fn a_zero_byte_is_refused_on_every_engine(home: &Home) {
    let state = home.open().await;
    let mut tx = state.write().await.unwrap();
    let refused = resources::create(&mut tx, "/a\0b", "", group()).await;
    assert_eq!(refused.unwrap_err().code(), Code::BadArgument);
    // In a body it is a character like others.
    let mut odd = group();
    odd.location = "a\0\u{1F4BE}\\".to_owned();
    resources::create(&mut tx, "/ab", "", odd.clone())
        .await
        .unwrap();
    let read = resources::get(&mut tx, "/ab").await.unwrap().unwrap();
    assert_eq!(odd, read.body);
}

pub async fn a_machine_has_one_live_item_in_a_group(home: &Home) {
    let state = home.open().await;
    let mut tx = state.write().await.unwrap();
    furnish(&mut tx).await;
    let first = item(&mut tx, "first", 1).await;
    let refused = items::create(&mut tx, new_item("second", 1)).await;
    assert_eq!(refused.unwrap_err().code(), Code::ResourceExists);
    let mut moved = new_item("moved", 1);
    moved.machine_group += "2";
    items::create(&mut tx, moved).await.unwrap();

    // Soft-deleted, it makes room for another, and then can't come back.
    let mut deleted = first.clone();
    deleted.purge_at = Some(at(14 * 86_400));
    let deleted = items::update(&mut tx, deleted).await.unwrap();
    let live = items::live(&mut tx, uuid(1), GROUP).await.unwrap();
    assert_eq!(live, None);
    let second = item(&mut tx, "second", 1).await;
    let live = items::live(&mut tx, uuid(1), &GROUP.to_uppercase()).await;
    assert_eq!(live.unwrap().unwrap().data_id, second.data_id);
    tx.commit().await.unwrap();

    let mut tx = state.write().await.unwrap();
    let mut back = deleted;
    back.purge_at = None;
    let refused = items::update(&mut tx, back).await.unwrap_err();
    assert_eq!(refused.code(), Code::ResourceExists);
}

pub async fn what_is_referred_to_is_not_deleted(home: &Home) {
    let state = home.open().await;
    let mut tx = state.write().await.unwrap();
    furnish(&mut tx).await;
    let kept = item(&mut tx, "vm", 1).await;
    points::create(&mut tx, point(kept.data_id, 1, at(0)))
        .await
        .unwrap();
    tx.commit().await.unwrap();

    let mut tx = state.write().await.unwrap();
    let vault = read_vault(&mut tx).await;
    let refused = resources::delete(&mut tx, &vault).await.unwrap_err();
    assert_eq!(refused.code(), Code::ResourceInUse);
    drop(tx);
    let mut tx = state.write().await.unwrap();
    let policy = resources::get::<Policy>(&mut tx, &policy_id("P1")).await;
    let refused = resources::delete(&mut tx, &policy.unwrap().unwrap()).await;
    assert_eq!(refused.unwrap_err().code(), Code::ResourceInUse);
    drop(tx);
    let mut tx = state.write().await.unwrap();
    let refused = items::delete(&mut tx, &kept).await.unwrap_err();
    assert_eq!(refused.code(), Code::ResourceInUse);
    drop(tx);

    let mut tx = state.write().await.unwrap();
    let unused = resources::get::<Policy>(&mut tx, &policy_id("P2")).await;
    resources::delete(&mut tx, &unused.unwrap().unwrap())
        .await
        .unwrap();
    let of_it = points::page(&mut tx, kept.data_id, Range::default(), None, 9).await;
    points::delete(&mut tx, &of_it.unwrap()[0]).await.unwrap();
    items::delete(&mut tx, &kept).await.unwrap();
    resources::delete(&mut tx, &vault).await.unwrap();
    tx.commit().await.unwrap();
}

pub async fn an_item_needs_its_vault_and_policy(home: &Home) {
    let state = home.open().await;
    let mut tx = state.write().await.unwrap();
    furnish(&mut tx).await;
    tx.commit().await.unwrap();
    let mut without_vault = new_item("a", 1);
    without_vault.vault += "9";
    let mut without_policy = new_item("a", 1);
    without_policy.policy = Some(policy_id("P9"));
    for wrong in [without_vault, without_policy] {
        let mut tx = state.write().await.unwrap();
        let refused = items::create(&mut tx, wrong).await.unwrap_err();
        assert_eq!(refused.code(), Code::ResourceNotFound);
    }
    let mut tx = state.write().await.unwrap();
    let refused = points::create(&mut tx, point(77, 1, at(0)))
        .await
        .unwrap_err();
    assert_eq!(refused.code(), Code::ResourceNotFound);
}

pub async fn items_are_due_in_order_of_time(home: &Home) {
    let state = home.open().await;
    let mut tx = state.write().await.unwrap();
    furnish(&mut tx).await;
    for (number, due) in [(1, 30), (2, 10), (3, 20), (4, 60)] {
        let mut new = new_item(&format!("vm{number}"), number);
        new.next_run = Some(at(due));
        items::create(&mut tx, new).await.unwrap();
    }
    let mut without = item(&mut tx, "vm5", 5).await;
    without.purge_at = Some(at(15));
    items::update(&mut tx, without).await.unwrap();
    tx.commit().await.unwrap();

    let names = |found: Vec<items::ProtectedItem>| -> Vec<String> {
        found.into_iter().map(|i| i.body.friendly_name).collect()
    };
    home.pass(9);
    let mut tx = state.read().await.unwrap();
    assert!(items::due(&mut tx, 9).await.unwrap().is_empty());
    assert!(items::to_purge(&mut tx, 9).await.unwrap().is_empty());
    drop(tx);
    home.pass(21);
    let mut tx = state.read().await.unwrap();
    let due = names(items::due(&mut tx, 9).await.unwrap());
    assert_eq!(due, ["vm2", "vm3", "vm1"], "what is due just now is due");
    assert_eq!(names(items::due(&mut tx, 1).await.unwrap()), ["vm2"]);
    assert_eq!(names(items::to_purge(&mut tx, 9).await.unwrap()), ["vm5"]);
}

pub async fn items_are_listed_by_vault_policy_and_deletion(home: &Home) {
    let state = home.open().await;
    let mut tx = state.write().await.unwrap();
    furnish(&mut tx).await;
    for number in 0..6 {
        let mut new = new_item(&format!("vm{number}"), number);
        if number % 2 == 1 {
            new.policy = Some(policy_id("P2"));
        }
        let mut made = items::create(&mut tx, new).await.unwrap();
        if number > 3 {
            made.purge_at = Some(at(1));
            made.policy = None;
            items::update(&mut tx, made).await.unwrap();
        }
    }
    let of = |policy: Option<&str>, deleted| items::Filter {
        vault: Some(VAULT.to_uppercase()),
        policy: policy.map(policy_id),
        deleted,
        ..items::Filter::default()
    };
    for (filter, count) in [
        (of(None, None), 6),
        (of(Some("P1"), None), 2),
        (of(Some("P2"), Some(false)), 2),
        (of(None, Some(true)), 2),
        (of(None, Some(false)), 4),
        (items::Filter::default(), 6),
    ] {
        assert_eq!(items::count(&mut tx, &filter).await.unwrap(), count);
        let mut seen: Vec<String> = Vec::new();
        loop {
            let after = seen.last().map(String::as_str);
            let page = items::page(&mut tx, &filter, after, 2).await.unwrap();
            if page.is_empty() {
                break;
            }
            seen.extend(page.into_iter().map(|item| item.id));
        }
        assert_eq!(seen.len() as u64, count, "{filter:?}");
        assert!(seen.is_sorted());
    }
}

pub async fn points_are_paged_newest_first_within_a_range(home: &Home) {
    let state = home.open().await;
    let mut tx = state.write().await.unwrap();
    furnish(&mut tx).await;
    let (one, two) = (item(&mut tx, "a", 1).await, item(&mut tx, "b", 2).await);
    let mut all = Vec::new();
    for seed in 1..=20 {
        // Three at a time are of one moment.
        let taken = at(seed as i64 / 3);
        let made = point(one.data_id, seed * 7919 % 101, taken);
        all.push(points::create(&mut tx, made).await.unwrap());
        points::create(&mut tx, point(two.data_id, seed, taken))
            .await
            .unwrap();
    }
    all.sort_by_key(|p| std::cmp::Reverse((p.taken_at, p.number)));
    for (from, to) in [
        (None, None),
        (Some(2), Some(5)),
        (Some(6), None),
        (None, Some(1)),
    ] {
        let range = Range {
            from: from.map(at),
            to: to.map(at),
        };
        let expected: Vec<_> = all
            .iter()
            .filter(|p| from.is_none_or(|f| p.taken_at >= at(f)))
            .filter(|p| to.is_none_or(|t| p.taken_at < at(t)))
            .cloned()
            .collect();
        assert!(!expected.is_empty());
        let mut seen: Vec<points::RecoveryPoint> = Vec::new();
        loop {
            let after = seen.last().map(|p| (p.taken_at, p.number));
            let page = points::page(&mut tx, one.data_id, range, after, 2).await;
            let page = page.unwrap();
            if page.is_empty() {
                break;
            }
            seen.extend(page);
        }
        assert_eq!(seen, expected, "{range:?}");
    }
    let summary = points::summary(&mut tx, one.data_id).await.unwrap();
    let (oldest, newest) = (all[19].taken_at, all[0].taken_at);
    assert_eq!(summary.count, 20);
    assert_eq!(
        (summary.oldest, summary.newest),
        (Some(oldest), Some(newest))
    );
    let none = points::summary(&mut tx, 999).await.unwrap();
    assert_eq!(none, points::Summary::default());
}

pub async fn expired_points_are_found_by_their_items(home: &Home) {
    let state = home.open().await;
    let mut tx = state.write().await.unwrap();
    furnish(&mut tx).await;
    let (item, other) = (item(&mut tx, "a", 1).await, item(&mut tx, "b", 2).await);
    let mut new = point(other.data_id, 9, at(0));
    new.snapshot_expires_at = Some(at(20));
    points::create(&mut tx, new).await.unwrap();
    for (seed, expires, snapshot) in [
        (1, Some(30), Some(5)),
        (2, Some(10), None),
        (3, None, Some(20)),
        (4, Some(99), Some(99)),
    ] {
        let mut new = point(item.data_id, seed, at(0));
        new.expires_at = expires.map(at);
        new.snapshot_expires_at = snapshot.map(at);
        points::create(&mut tx, new).await.unwrap();
    }
    tx.commit().await.unwrap();
    home.pass(30);
    let number = |seed| point(item.data_id, seed, at(0)).number;
    let mut tx = state.write().await.unwrap();
    let numbers = |found: Vec<points::RecoveryPoint>| -> Vec<i64> {
        found.into_iter().map(|p| p.number).collect()
    };
    let sorted = |mut numbers: Vec<i64>| {
        numbers.sort_unstable();
        numbers
    };
    // The fourth is the newest by its number, or one of the others is.
    let newest = (1..=4).map(number).max().unwrap();
    let expired = numbers(points::to_clean(&mut tx, item.data_id).await.unwrap());
    let mut expected = vec![number(1), number(2), number(3)];
    expected.extend((!expected.contains(&newest)).then_some(newest));
    assert_eq!(sorted(expired), sorted(expected));
    let found = with_expired(&mut tx, 0, 9).await;
    assert_eq!(found, [(item.data_id, 1), (other.data_id, 1)]);
    let look = points::items_with_expired(&mut tx, 0, 1).await.unwrap();
    let (last, found) = (item.data_id, vec![(item.data_id, 1)]);
    assert_eq!(look, Some(points::Look { last, found }));
    let found = with_expired(&mut tx, item.data_id, 9).await;
    assert_eq!(found, [(other.data_id, 1)]);
    let look = points::items_with_expired(&mut tx, other.data_id, 9).await;
    assert_eq!(look.unwrap(), None);
    let next = points::next_expiry(&mut tx, item.data_id).await.unwrap();
    assert_eq!(next, Some(at(99)));
    let next = points::next_expiry(&mut tx, other.data_id).await.unwrap();
    assert_eq!(next, None);

    // A snapshot that went is not found again, nor is one of an item that was stopped.
    let there = points::get(&mut tx, other.data_id, number(9)).await;
    let first = there.unwrap().unwrap();
    let mut moved = first.clone();
    (moved.tiers, moved.snapshot_expires_at) = (Tiers::Vault, None);
    let moved = points::update(&mut tx, moved).await.unwrap();
    let found = with_expired(&mut tx, 0, 9).await;
    assert_eq!(found, [(item.data_id, 1)]);
    let read = points::get(&mut tx, other.data_id, number(9))
        .await
        .unwrap();
    assert_eq!(read, Some(moved));
    let refused = points::delete(&mut tx, &first).await.unwrap_err();
    assert_eq!(refused.code(), Code::PreconditionFailed);
    let mut stopped = item.clone();
    stopped.state = ProtectionState::ProtectionStopped;
    items::update(&mut tx, stopped).await.unwrap();
    let found = with_expired(&mut tx, 0, 9).await;
    assert_eq!(found, []);
}

async fn with_expired(tx: &mut state::Tx, after: i64, limit: u32) -> Vec<(i64, i64)> {
    let look = points::items_with_expired(tx, after, limit).await;
    look.unwrap().unwrap().found
}

pub async fn a_number_names_one_point_of_an_item(home: &Home) {
    let state = home.open().await;
    let mut tx = state.write().await.unwrap();
    furnish(&mut tx).await;
    let (one, two) = (item(&mut tx, "a", 1).await, item(&mut tx, "b", 2).await);
    let first = points::create(&mut tx, point(one.data_id, 1, at(0))).await;
    let again = points::create(&mut tx, point(one.data_id, 1, at(9))).await;
    assert_eq!(again.unwrap_err().code(), Code::ResourceExists);
    points::create(&mut tx, point(two.data_id, 1, at(0)))
        .await
        .unwrap();
    let number = first.unwrap().number;
    let read = points::get(&mut tx, one.data_id, number).await.unwrap();
    assert_eq!(read.unwrap().taken_at, at(0));
    // As a number of JSON it is exact in every reader.
    let most = number_of(PointId::from_bytes([0xff; 16]));
    assert!((1 << 40..1 << 53).contains(&most));
}

pub async fn jobs_are_filtered_and_paged_newest_first(home: &Home) {
    use {JobOperation as O, JobStatus as S};
    let state = home.open().await;
    let mut tx = state.write().await.unwrap();
    let mut all = Vec::new();
    for number in 0..24 {
        let mut new = job(number, at(number as i64 / 2));
        new.operation = [O::Backup, O::Restore, O::ConfigureBackup][number as usize % 3];
        new.status = [S::Completed, S::Failed][number as usize / 3 % 2];
        new.ended_at = Some(at(100));
        new.item = Some(format!("/Items/{}", number % 4));
        if number % 5 == 0 {
            new.vault += "-other";
        }
        all.push(jobs::create(&mut tx, new).await.unwrap());
    }
    all.sort_by_key(|job| std::cmp::Reverse((job.started_at, job.id)));
    let vault = Some(VAULT.to_owned());
    let base = jobs::Filter {
        vault,
        ..jobs::Filter::default()
    };
    for filter in [
        base.clone(),
        jobs::Filter {
            operation: Some(O::Backup),
            ..base.clone()
        },
        jobs::Filter {
            status: Some(S::Failed),
            ..base.clone()
        },
        jobs::Filter {
            operation: Some(O::Restore),
            status: Some(S::Completed),
            from: Some(at(2)),
            to: Some(at(9)),
            ..base.clone()
        },
        jobs::Filter {
            item: Some("/items/2".to_owned()),
            ..jobs::Filter::default()
        },
    ] {
        let fits = |job: &&jobs::Job| {
            filter
                .vault
                .as_ref()
                .is_none_or(|v| v.to_lowercase() == job.vault)
                && filter
                    .item
                    .as_ref()
                    .is_none_or(|i| Some(i) == job.item.as_ref())
                && filter.operation.is_none_or(|o| o == job.operation)
                && filter.status.is_none_or(|s| s == job.status)
                && filter.from.is_none_or(|from| job.started_at >= from)
                && filter.to.is_none_or(|to| job.started_at < to)
        };
        let expected: Vec<_> = all.iter().filter(fits).cloned().collect();
        assert!(expected.len() > 1, "{filter:?}");
        let mut seen: Vec<jobs::Job> = Vec::new();
        loop {
            let after = seen.last().map(|job| (job.started_at, job.id));
            let page = jobs::page(&mut tx, &filter, after, 3).await.unwrap();
            if page.is_empty() {
                break;
            }
            seen.extend(page);
        }
        assert_eq!(seen, expected, "{filter:?}");
    }
}

pub async fn unfinished_jobs_are_found_and_ended_ones_pruned(home: &Home) {
    let state = home.open().await;
    let mut tx = state.write().await.unwrap();
    for number in 1..=6 {
        let mut made = jobs::create(&mut tx, job(number, at(-(number as i64))))
            .await
            .unwrap();
        if number % 2 == 0 {
            (made.status, made.ended_at) = (JobStatus::Completed, Some(at(number as i64)));
            jobs::update(&mut tx, made).await.unwrap();
        }
    }
    let first = jobs::unfinished(&mut tx, None, 2).await.unwrap();
    let ids: Vec<_> = first.iter().map(|job| job.id).collect();
    assert_eq!(ids, [uuid(5), uuid(3)], "oldest first");
    let after = Some((first[1].started_at, first[1].id));
    let rest = jobs::unfinished(&mut tx, after, 2).await.unwrap();
    assert_eq!(rest[0].id, uuid(1));
    assert_eq!(rest.len(), 1);
    let again = jobs::in_work(&mut tx, None, 9).await.unwrap();
    let ids: Vec<_> = again.iter().map(|job| job.id).collect();
    assert_eq!(ids, [uuid(5), uuid(3), uuid(1)]);
    let rest = jobs::in_work(&mut tx, after, 9).await.unwrap();
    assert_eq!(rest, again[2..]);
    let mut asked = jobs::get(&mut tx, uuid(3)).await.unwrap().unwrap();
    asked.status = JobStatus::Cancelling;
    jobs::update(&mut tx, asked).await.unwrap();
    let again = jobs::in_work(&mut tx, None, 9).await.unwrap();
    let cancelling: Vec<_> = again.iter().map(|job| job.cancelling).collect();
    assert_eq!(cancelling, [false, true, false]);
    assert_eq!(jobs::prune(&mut tx, at(4)).await.unwrap(), 1);
    let left = jobs::page(&mut tx, &jobs::Filter::default(), None, 9).await;
    assert_eq!(left.unwrap().len(), 5);
}

const MINUTE: SignedDuration = SignedDuration::from_secs(60);

pub async fn a_lease_is_held_until_its_end_and_then_taken_over(home: &Home) {
    let state = home.open().await;
    let mut tx = state.write().await.unwrap();
    let first = leases::take(&mut tx, "job/1", "one", MINUTE).await.unwrap();
    let first = first.expect("it is free");
    assert_eq!((first.generation, first.until), (1, at(60)));
    let refused = leases::take(&mut tx, "job/1", "two", MINUTE).await.unwrap();
    assert_eq!(refused, None);
    tx.commit().await.unwrap();

    home.pass(59);
    let mut tx = state.write().await.unwrap();
    let refused = leases::take(&mut tx, "job/1", "two", MINUTE).await.unwrap();
    assert_eq!(refused, None, "not ended");
    let renewed = leases::renew(&mut tx, &first, MINUTE).await.unwrap();
    assert_eq!(renewed.until, at(119));
    tx.commit().await.unwrap();

    home.pass(60);
    let mut tx = state.write().await.unwrap();
    let second = leases::take(&mut tx, "job/1", "two", MINUTE).await.unwrap();
    let second = second.expect("it has ended");
    assert_eq!(second.generation, 2);
    for act in [
        leases::renew(&mut tx, &renewed, MINUTE).await.map(|_| ()),
        leases::release(&mut tx, &renewed).await,
        leases::forget(&mut tx, &renewed).await,
        leases::check(&mut tx, &renewed).await,
    ] {
        assert_eq!(act.unwrap_err().code(), Code::LeaseLost);
    }
    // Its owner, started anew, need not wait; what it was before is fenced.
    let third = leases::take(&mut tx, "job/1", "two", MINUTE).await.unwrap();
    let third = third.expect("it is the owner's");
    assert_eq!(third.generation, 3);
    let stale = leases::check(&mut tx, &second).await.unwrap_err();
    assert_eq!(stale.code(), Code::LeaseLost);

    leases::release(&mut tx, &third).await.unwrap();
    let stale = leases::check(&mut tx, &third).await.unwrap_err();
    assert_eq!(stale.code(), Code::LeaseLost, "it was given back");
    let fourth = leases::take(&mut tx, "job/1", "one", MINUTE).await.unwrap();
    assert_eq!(fourth.unwrap().generation, 4);
}

pub async fn who_lost_a_lease_writes_nothing(home: &Home) {
    let (one, two) = (home.open().await, home.open().await);
    let mut tx = one.write().await.unwrap();
    let lease = leases::take(&mut tx, "job/1", "one", MINUTE).await.unwrap();
    let lease = lease.unwrap();
    let made = jobs::create(&mut tx, job(1, at(0))).await.unwrap();
    tx.commit().await.unwrap();
    let mut tx = one.write_as(&lease).await.unwrap();
    let made = jobs::update(&mut tx, made).await.unwrap();
    tx.commit().await.unwrap();

    // Ended, and nobody else there: it is still the owner's.
    home.pass(61);
    let mut tx = one.write_as(&lease).await.unwrap();
    let made = jobs::update(&mut tx, made).await.unwrap();
    tx.commit().await.unwrap();

    let mut tx = two.write().await.unwrap();
    let taken = leases::take(&mut tx, "job/1", "two", MINUTE).await.unwrap();
    tx.commit().await.unwrap();
    let refused = one.write_as(&lease).await.map(|_| ()).unwrap_err();
    assert_eq!(refused.code(), Code::LeaseLost);
    let mut tx = two.write_as(&taken.unwrap()).await.unwrap();
    jobs::update(&mut tx, made).await.unwrap();
    tx.commit().await.unwrap();
}

pub async fn of_many_takers_one_gets_the_lease(home: &Home) {
    let servers = [home.open().await, home.open().await];
    for round in 1..=5 {
        let takers = (0..8).map(|taker| {
            let state = servers[taker % 2].clone();
            tokio::spawn(async move {
                let mut tx = state.write().await.unwrap();
                let owner = format!("server {taker}");
                let taken = leases::take(&mut tx, "scheduler", &owner, MINUTE).await;
                tx.commit().await.unwrap();
                taken.unwrap()
            })
        });
        let mut taken = Vec::new();
        for taker in takers.collect::<Vec<_>>() {
            taken.extend(taker.await.unwrap());
        }
        assert_eq!(taken.len(), 1);
        assert_eq!(taken[0].generation, round);
        home.pass(60);
    }
}

pub async fn decisions_of_concurrent_writers_hold(home: &Home) {
    let servers = [home.open().await, home.open().await];
    let writers = (0..8).map(|writer| {
        let state: State = servers[writer % 2].clone();
        tokio::spawn(async move {
            for _ in 0..10 {
                let mut tx = state.write().await.unwrap();
                let count: Option<u64> = settings::get(&mut tx, "count").await.unwrap();
                tokio::task::yield_now().await;
                let next = count.unwrap_or(0) + 1;
                settings::set(&mut tx, "count", &next).await.unwrap();
                tx.commit().await.unwrap();
            }
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await.unwrap();
    }
    let mut tx = servers[0].read().await.unwrap();
    let count: Option<u64> = settings::get(&mut tx, "count").await.unwrap();
    assert_eq!(count, Some(80));
}

pub async fn a_failed_transaction_is_not_committed(home: &Home) {
    let state = home.open().await;
    let entry = Entry {
        id: uuid(1),
        at: at(0),
        scope: GROUP.to_owned(),
        body: json!({}),
    };
    let mut tx = state.write().await.unwrap();
    settings::set(&mut tx, "a", &1).await.unwrap();
    activity::append(&mut tx, &entry).await.unwrap();
    let twice = activity::append(&mut tx, &entry).await.unwrap_err();
    assert_eq!(twice.code(), Code::ResourceExists);
    assert!(settings::set(&mut tx, "b", &1).await.is_err());
    assert!(tx.commit().await.is_err());
    let mut tx = state.read().await.unwrap();
    assert_eq!(settings::get::<i32>(&mut tx, "a").await.unwrap(), None);
}

pub async fn what_was_not_committed_is_not_there(home: &Home) {
    let state = home.open().await;
    let mut tx = state.write().await.unwrap();
    settings::set(&mut tx, "a", &1).await.unwrap();
    drop(tx);
    // The next writer does not wait for it, and does not see it.
    let next = tokio::time::timeout(Duration::from_secs(10), state.write()).await;
    let mut tx = next.unwrap().unwrap();
    assert_eq!(settings::get::<i32>(&mut tx, "a").await.unwrap(), None);
    settings::set(&mut tx, "b", &2).await.unwrap();
    tx.commit().await.unwrap();
    let mut tx = state.read().await.unwrap();
    assert_eq!(settings::get::<i32>(&mut tx, "a").await.unwrap(), None);
    assert_eq!(settings::get::<i32>(&mut tx, "b").await.unwrap(), Some(2));
}

pub async fn a_reader_sees_one_moment(home: &Home) {
    let state = home.open().await;
    let set = async |value: i32| {
        let mut tx = state.write().await.unwrap();
        settings::set(&mut tx, "a", &value).await.unwrap();
        tx.commit().await.unwrap();
    };
    set(1).await;
    let mut old = state.read().await.unwrap();
    assert_eq!(settings::get(&mut old, "a").await.unwrap(), Some(1));
    set(2).await;
    assert_eq!(settings::get(&mut old, "a").await.unwrap(), Some(1));
    let mut new = state.read().await.unwrap();
    assert_eq!(settings::get(&mut new, "a").await.unwrap(), Some(2));
}

pub fn principal() -> PrincipalBody {
    PrincipalBody {
        display_name: "Ann".to_owned(),
        enabled: true,
        secrets: vec![Secret {
            id: uuid(9),
            hash: "$argon2id$…".to_owned(),
            expires: Some(at(5)),
            one_time: true,
        }],
        certificates: Vec::new(),
        failures: 0,
        locked_until: None,
        tokens_after: None,
    }
}

pub async fn principals_log_in_by_one_name(home: &Home) {
    use PrincipalKind::{ServicePrincipal, User};
    let state = home.open().await;
    let mut tx = state.write().await.unwrap();
    let ann = principals::create(&mut tx, uuid(1), User, "Ann@Home", principal())
        .await
        .unwrap();
    for (id, login) in [(uuid(2), "ANN@home"), (uuid(1), "other")] {
        let taken = principals::create(&mut tx, id, ServicePrincipal, login, principal());
        assert_eq!(taken.await.unwrap_err().code(), Code::ResourceExists);
    }
    let found = principals::by_login(&mut tx, "aNN@HOME").await.unwrap();
    assert_eq!(found.as_ref(), Some(&ann));
    let mut failed = ann.clone();
    failed.body.failures = 3;
    let failed = principals::update(&mut tx, failed).await.unwrap();
    let refused = principals::update(&mut tx, ann).await.unwrap_err();
    assert_eq!(refused.code(), Code::PreconditionFailed);
    assert_eq!(
        principals::get(&mut tx, uuid(1)).await.unwrap(),
        Some(failed)
    );

    principals::create(&mut tx, uuid(3), User, "bob", principal())
        .await
        .unwrap();
    let page = principals::page(&mut tx, None, 1).await.unwrap();
    assert_eq!(page[0].login, "ann@home");
    let page = principals::page(&mut tx, Some("Ann@home"), 9)
        .await
        .unwrap();
    assert_eq!(page.iter().map(|p| &p.login).collect::<Vec<_>>(), ["bob"]);
    assert!(principals::delete(&mut tx, uuid(1)).await.unwrap());
    assert!(!principals::delete(&mut tx, uuid(1)).await.unwrap());
}

pub async fn settings_are_set_changed_and_removed(home: &Home) {
    let state = home.open().await;
    let mut tx = state.write().await.unwrap();
    assert_eq!(settings::get::<String>(&mut tx, "x").await.unwrap(), None);
    settings::set(&mut tx, "x", &"one").await.unwrap();
    settings::set(&mut tx, "x", &"two").await.unwrap();
    let value: Option<String> = settings::get(&mut tx, "x").await.unwrap();
    assert_eq!(value.as_deref(), Some("two"));
    let other_type = settings::get::<u32>(&mut tx, "x").await.unwrap_err();
    assert_eq!(other_type.code(), Code::StateDamaged);
    assert!(settings::remove(&mut tx, "x").await.unwrap());
    assert!(!settings::remove(&mut tx, "x").await.unwrap());
}

pub async fn operations_are_kept_for_their_time(home: &Home) {
    let state = home.open().await;
    let mut operation = Operation {
        id: uuid(1),
        scope: VAULT.to_lowercase(),
        status: OperationStatus::InProgress,
        started_at: at(0),
        ended_at: None,
        keep_until: at(100),
        result: json!(null),
    };
    let mut tx = state.write().await.unwrap();
    operations::put(&mut tx, &operation).await.unwrap();
    operation.status = OperationStatus::Succeeded;
    operation.ended_at = Some(at(1));
    operation.result = json!({"jobId": "7"});
    operations::put(&mut tx, &operation).await.unwrap();
    let read = operations::get(&mut tx, uuid(1)).await.unwrap();
    assert_eq!(read, Some(operation));
    assert_eq!(operations::prune(&mut tx).await.unwrap(), 0);
    tx.commit().await.unwrap();
    home.pass(100);
    let mut tx = state.write().await.unwrap();
    assert_eq!(operations::prune(&mut tx).await.unwrap(), 1);
    assert_eq!(operations::get(&mut tx, uuid(1)).await.unwrap(), None);
}

pub async fn the_activity_log_is_read_by_scope_and_time(home: &Home) {
    let state = home.open().await;
    let mut tx = state.write().await.unwrap();
    let scopes = [GROUP.to_owned(), VAULT.to_owned(), GROUP.to_owned() + "2"];
    for number in 0..12 {
        let entry = Entry {
            id: uuid(number),
            at: at(number as i64 / 2),
            scope: scopes[number as usize % 3].clone(),
            body: json!({"number": number}),
        };
        activity::append(&mut tx, &entry).await.unwrap();
    }
    let mut numbers = async |filter: activity::Filter| {
        let mut seen: Vec<Entry> = Vec::new();
        loop {
            let after = seen.last().map(|entry| (entry.at, entry.id));
            let page = activity::page(&mut tx, &filter, after, 2).await.unwrap();
            if page.is_empty() {
                break;
            }
            seen.extend(page);
        }
        let numbers = seen.iter().map(|entry| entry.body["number"].as_u64());
        numbers.map(Option::unwrap).collect::<Vec<_>>()
    };
    let scope = |scope: &str| activity::Filter {
        scope: Some(scope.to_owned()),
        ..activity::Filter::default()
    };
    let all: Vec<u64> = (0..12).rev().collect();
    assert_eq!(numbers(activity::Filter::default()).await, all);
    assert_eq!(numbers(scope(VAULT)).await, [10, 7, 4, 1]);
    assert_eq!(numbers(scope(GROUP)).await, [10, 9, 7, 6, 4, 3, 1, 0]);
    let span = activity::Filter {
        from: Some(at(1)),
        to: Some(at(3)),
        ..scope(GROUP)
    };
    assert_eq!(numbers(span).await, [4, 3]);
    assert_eq!(activity::prune(&mut tx, at(4)).await.unwrap(), 8);
}

pub async fn one_alert_of_a_rule_is_open_for_a_target(home: &Home) {
    let state = home.open().await;
    let mut tx = state.write().await.unwrap();
    let new = |number, rule, target: &str| NewAlert {
        id: uuid(number),
        rule,
        body: AlertBody {
            vault: VAULT.to_owned(),
            target: target.to_owned(),
            ..AlertBody::default()
        },
    };
    let (failed, warned) = (AlertRule::BackupFailed, AlertRule::BackupWarning);
    let first = alerts::raise(&mut tx, new(1, failed, "/A")).await.unwrap();
    let again = alerts::raise(&mut tx, new(2, failed, "/a")).await.unwrap();
    assert_eq!((again.id, again.body.count), (first.id, 2));
    assert_eq!(
        alerts::get(&mut tx, uuid(1)).await.unwrap(),
        Some(again.clone())
    );
    let stale = alerts::update(&mut tx, first).await.unwrap_err();
    assert_eq!(stale.code(), Code::PreconditionFailed);
    for (number, rule, target) in [(3, warned, "/a"), (4, failed, "/b")] {
        alerts::raise(&mut tx, new(number, rule, target))
            .await
            .unwrap();
    }
    // One that was closed stays as it is; what happens then is another.
    let mut closed = again;
    closed.state = AlertState::Closed;
    alerts::update(&mut tx, closed).await.unwrap();
    tx.commit().await.unwrap();
    home.pass(10);
    let mut tx = state.write().await.unwrap();
    let other = alerts::raise(&mut tx, new(5, failed, "/a")).await.unwrap();
    assert_eq!((other.id, other.body.count), (uuid(5), 1));
    let mut resolved = alerts::get(&mut tx, uuid(4)).await.unwrap().unwrap();
    resolved.resolved_at = Some(at(10));
    alerts::update(&mut tx, resolved).await.unwrap();

    let mut ids = async |filter: alerts::Filter| {
        let found = alerts::page(&mut tx, &filter, None, 9).await.unwrap();
        let ids = found.iter().map(|a| a.id.as_u128());
        ids.collect::<Vec<_>>()
    };
    let all = alerts::Filter {
        scope: Some(GROUP.to_owned()),
        ..alerts::Filter::default()
    };
    assert_eq!(ids(all.clone()).await, [5, 4, 3, 1]);
    let about = alerts::Filter {
        target: Some("/A".to_owned()),
        rule: Some(failed),
        ..all.clone()
    };
    assert_eq!(ids(about).await, [5, 1]);
    let fires = alerts::Filter {
        fires: Some(true),
        state: Some(AlertState::New),
        to: Some(at(10)),
        ..all.clone()
    };
    assert_eq!(ids(fires).await, [3]);
    let elsewhere = alerts::Filter {
        scope: Some(GROUP.to_owned() + "2"),
        ..all
    };
    assert_eq!(ids(elsewhere).await, [0_u128; 0]);
    let firing = alerts::firing(&mut tx, None, Some(uuid(1)), 9).await;
    let firing = firing.unwrap();
    let firing: Vec<_> = firing.iter().map(|a| a.id).collect();
    assert_eq!(firing, [uuid(3), uuid(5)]);
    // The closed one goes, what fires stays.
    assert_eq!(alerts::prune(&mut tx, at(5), at(0)).await.unwrap(), 1);
    assert_eq!(alerts::prune(&mut tx, at(99), at(11)).await.unwrap(), 3);
}

pub async fn alerts_are_looked_at_when_their_item_has_changed(home: &Home) {
    let state = home.open().await;
    let mut tx = state.write().await.unwrap();
    furnish(&mut tx).await;
    let (one, two) = (item(&mut tx, "a", 1).await, item(&mut tx, "b", 2).await);
    let raised = [
        (1, AlertRule::BackupFailed, one.id.as_str()),
        (2, AlertRule::RestoreFailed, one.id.as_str()),
        (3, AlertRule::PurgeComplete, one.id.as_str()),
        (4, AlertRule::BackupFailed, two.id.as_str()),
        (5, AlertRule::BackupFailed, "/gone"),
        (6, AlertRule::SoftDeleteDisabled, VAULT),
    ];
    for (number, rule, target) in raised {
        let body = AlertBody {
            vault: VAULT.to_owned(),
            target: target.to_owned(),
            ..AlertBody::default()
        };
        let id = uuid(number);
        let new = NewAlert { id, rule, body };
        alerts::raise(&mut tx, new).await.unwrap();
    }
    tx.commit().await.unwrap();
    home.pass(10);
    let mut tx = state.write().await.unwrap();
    let since = async |tx: &mut WriteTx, since: Option<i64>| {
        let firing = alerts::firing(tx, since.map(at), None, 9).await.unwrap();
        firing.iter().map(|a| a.id.as_u128()).collect::<Vec<_>>()
    };
    // Nothing undoes that a purge is complete.
    assert_eq!(since(&mut tx, None).await, [1, 2, 4, 5, 6]);
    assert_eq!(since(&mut tx, Some(0)).await, [1, 2, 4, 5, 6]);
    assert_eq!(since(&mut tx, Some(1)).await, [2, 5, 6]);
    items::update(&mut tx, two).await.unwrap();
    assert_eq!(since(&mut tx, Some(10)).await, [2, 4, 5, 6]);
    assert_eq!(since(&mut tx, Some(11)).await, [2, 5, 6]);
}

/// VAULT-16.
pub async fn a_vault_that_is_moved_takes_all_of_it_along(home: &Home) {
    let state = home.open().await;
    let mut tx = state.write().await.unwrap();
    furnish(&mut tx).await;
    let item = item(&mut tx, "Web", 1).await;
    points::create(&mut tx, point(item.data_id, 1, at(0)))
        .await
        .unwrap();
    let mut run = job(1, at(0));
    run.item = Some(item.id.clone());
    jobs::create(&mut tx, run).await.unwrap();
    jobs::create(&mut tx, job(2, at(0))).await.unwrap();
    let mut bare = new_item("Bare", 2);
    bare.policy = None;
    let bare = items::create(&mut tx, bare).await.unwrap();
    let operation = |scope: &str| Operation {
        id: uuid(1),
        scope: scope.to_lowercase(),
        status: OperationStatus::InProgress,
        started_at: at(0),
        ended_at: None,
        keep_until: at(100),
        result: json!(null),
    };
    operations::put(&mut tx, &operation(VAULT)).await.unwrap();
    let count = async |tx: &mut WriteTx, vault: &str, used: u64| {
        let usage = StoreUsage {
            used,
            ..StoreUsage::default()
        };
        let (none, before) = (BTreeMap::new(), BTreeMap::new());
        let done = usages::counted(tx, vault, usages::VAULT, usage, &none, &before);
        done.await.unwrap();
    };
    count(&mut tx, VAULT, 5).await;
    let day = |day| jiff::civil::date(2026, 1, day);
    let metered = |id: &str| policy::MeteredVault {
        id: id.to_owned(),
        name: "V1".to_owned(),
        class: policy::StorageClass::LocallyRedundant,
        vault_bytes: 1,
        snapshot_bytes: 1,
        items: Vec::new(),
    };
    let reading = |number, ids: &[&str]| policy::Reading {
        day: day(number),
        vaults: ids.iter().map(|id| metered(id)).collect(),
    };
    let alert = |number, vault: &str, target: &str| NewAlert {
        id: uuid(number),
        rule: AlertRule::BackupFailed,
        body: AlertBody {
            vault: vault.to_owned(),
            target: target.to_owned(),
            ..AlertBody::default()
        },
    };
    alerts::raise(&mut tx, alert(1, VAULT, &item.id))
        .await
        .unwrap();
    alerts::raise(&mut tx, alert(2, VAULT, VAULT))
        .await
        .unwrap();
    let lock = state::locks::Lock {
        level: state::locks::LockLevel::CanNotDelete,
        notes: None,
    };
    let locked = |vault: &str| format!("{vault}/providers/Microsoft.Authorization/locks/L1");
    resources::create(&mut tx, &locked(VAULT), VAULT, lock)
        .await
        .unwrap();
    let edited = |vault: &str| vec![format!("{vault}/backupPolicies/P1").to_lowercase()];
    settings::set(&mut tx, "edited", &edited(VAULT))
        .await
        .unwrap();
    // Its neighbour, whose name begins alike, stays.
    let neighbour = format!("{VAULT}0");
    resources::create(&mut tx, &neighbour, GROUP, vault())
        .await
        .unwrap();
    let other = "/subscriptions/S1/resourceGroups/Other Group";
    resources::create(&mut tx, other, SUBSCRIPTION, group())
        .await
        .unwrap();
    let moved = VAULT.replace("RG", "Other Group");
    // An earlier vault of the new name has left something.
    let before = reading(1, &[&moved, VAULT]);
    meter::write(&mut tx, &before).await.unwrap();
    meter::write(&mut tx, &reading(2, &[VAULT])).await.unwrap();
    count(&mut tx, &moved, 7).await;
    alerts::raise(&mut tx, alert(3, &moved, &moved))
        .await
        .unwrap();
    tx.commit().await.unwrap();
    home.pass(5);

    let mut tx = state.write().await.unwrap();
    state::moves::move_vault(&mut tx, VAULT, &moved, other)
        .await
        .unwrap();
    tx.commit().await.unwrap();

    let mut tx = state.read().await.unwrap();
    let vaults: Vec<Record<Vault>> = resources::all(&mut tx).await.unwrap();
    let ids: Vec<&str> = vaults.iter().map(|v| v.id.as_str()).collect();
    assert_eq!(ids, [moved.as_str(), &neighbour]);
    assert_eq!(vaults[0].parent, other.to_lowercase());
    assert_eq!((vaults[0].revision, vaults[0].created), (2, at(0)));
    let policies: Vec<Record<Policy>> = resources::page(&mut tx, Scope::In(&moved), None, 9)
        .await
        .unwrap();
    let names: Vec<String> = policies.into_iter().map(|p| p.id).collect();
    let policy = |name: &str| format!("{moved}/backupPolicies/{name}");
    assert_eq!(names, [policy("P1"), policy("P2")]);
    let lock = resources::get::<state::locks::Lock>(&mut tx, &locked(&moved)).await;
    assert_eq!(lock.unwrap().unwrap().parent, moved.to_lowercase());

    let found = items::by_data_id(&mut tx, item.data_id)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(found.id, format!("{moved}/protectedItems/Web"));
    assert_eq!(found.vault, moved.to_lowercase());
    assert_eq!(found.policy, Some(policy("P1").to_lowercase()));
    assert_eq!((found.revision, found.changed), (item.revision + 1, at(5)));
    assert_eq!(
        items::get(&mut tx, &found.id).await.unwrap(),
        Some(found.clone())
    );
    assert!(items::get(&mut tx, &item.id).await.unwrap().is_none());
    let points = points::page(&mut tx, item.data_id, Range::default(), None, 9).await;
    assert_eq!(points.unwrap().len(), 1);
    let filter = jobs::Filter {
        vault: Some(moved.clone()),
        item: Some(found.id.clone()),
        ..jobs::Filter::default()
    };
    assert_eq!(
        jobs::page(&mut tx, &filter, None, 9).await.unwrap().len(),
        1
    );
    let found_bare = items::by_data_id(&mut tx, bare.data_id)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(found_bare.id, format!("{moved}/protectedItems/Bare"));
    assert_eq!(found_bare.policy, None);
    let filter = jobs::Filter {
        vault: Some(moved.clone()),
        ..jobs::Filter::default()
    };
    let mut of_jobs = jobs::page(&mut tx, &filter, None, 9).await.unwrap();
    of_jobs.retain(|job| job.item.is_none());
    assert_eq!(of_jobs.len(), 1);
    let kept = operations::get(&mut tx, uuid(1)).await.unwrap();
    assert_eq!(kept, Some(operation(&moved)));
    let counted = usages::stores(&mut tx, &moved).await.unwrap();
    assert_eq!((counted.len(), counted[0].usage.used), (1, 5));
    assert_eq!(usages::stores(&mut tx, VAULT).await.unwrap().len(), 0);
    let metered = meter::readings(&mut tx, day(1), day(2)).await.unwrap();
    assert_eq!(metered, [before, reading(2, &[&moved])]);
    let earlier = alerts::get(&mut tx, uuid(3)).await.unwrap().unwrap();
    assert_eq!(earlier.resolved_at, Some(at(5)));
    for (number, target) in [(1, found.id.as_str()), (2, &moved)] {
        let alert = alerts::get(&mut tx, uuid(number)).await.unwrap().unwrap();
        assert_eq!(alert.vault, moved.to_lowercase());
        assert_eq!(alert.target, target.to_lowercase());
        assert_eq!(
            (alert.body.vault, &*alert.body.target),
            (moved.clone(), target)
        );
    }
    let kept: Option<Vec<String>> = settings::get(&mut tx, "edited").await.unwrap();
    assert_eq!(kept, Some(edited(&moved)));
}

pub async fn everything_is_there_after_it_was_opened_again(home: &Home) {
    let state = home.open().await;
    let mut tx = state.write().await.unwrap();
    furnish(&mut tx).await;
    let mut full = item(&mut tx, "vm", 1).await;
    // Finer than it is kept.
    let fine = Timestamp::from_nanosecond(1_767_225_600_123_456_789).unwrap();
    full.next_run = Some(fine);
    let full = items::update(&mut tx, full).await.unwrap();
    let mut taken = point(full.data_id, 1, fine);
    taken.expires_at = Some(fine);
    let taken = points::create(&mut tx, taken).await.unwrap();
    let mut begun = job(1, fine);
    begun.item = Some(full.id.clone());
    let begun = jobs::create(&mut tx, begun).await.unwrap();
    tx.commit().await.unwrap();
    state.close().await;
    assert!(state.read().await.is_err(), "it is closed");

    let state = State::open(&home.place, Arc::clone(&home.clock) as Arc<dyn Clock>);
    let state = state.await.unwrap();
    let mut tx = state.read().await.unwrap();
    assert_eq!(read_vault(&mut tx).await.body, vault());
    let item = items::by_data_id(&mut tx, full.data_id).await.unwrap();
    assert_eq!(item.as_ref(), Some(&full));
    assert_eq!(
        full.next_run.unwrap().as_nanosecond(),
        1_767_225_600_123_456_000
    );
    let point = points::get(&mut tx, taken.item, taken.number).await;
    assert_eq!(point.unwrap(), Some(taken));
    assert_eq!(jobs::get(&mut tx, begun.id).await.unwrap(), Some(begun));
}

async fn read_vault(tx: &mut state::Tx) -> Record<Vault> {
    resources::get(tx, VAULT).await.unwrap().unwrap()
}

pub async fn what_points_come_to_follows_each_of_them(home: &Home) {
    let state = home.open().await;
    let mut tx = state.write().await.unwrap();
    furnish(&mut tx).await;
    let (a, b) = (item(&mut tx, "a", 1).await, item(&mut tx, "b", 2).await);
    for seed in 0..3 {
        let new = point(a.data_id, seed, at(seed as i64));
        points::create(&mut tx, new).await.unwrap();
    }
    let again = points::create(&mut tx, point(a.data_id, 1, at(1))).await;
    assert_eq!(again.unwrap_err().code(), Code::ResourceExists);
    let mut sized = point(b.data_id, 7, at(7));
    sized.body.data = None;
    let disk = |bytes| state::recovery_points::PointDisk {
        lun: None,
        name: "vda".to_owned(),
        bytes,
    };
    sized.body.disks = vec![disk(5), disk(6)];
    points::create(&mut tx, sized.clone()).await.unwrap();
    tx.commit().await.unwrap();

    let mut tx = state.write().await.unwrap();
    let sum = |points, logical| PointSum { points, logical };
    let all = usages::of_vault(&mut tx, &VAULT.to_uppercase())
        .await
        .unwrap();
    assert_eq!(all[&a.data_id].sum, sum(3, 1000 + 1001 + 1002));
    assert_eq!(all[&b.data_id].sum, sum(1, 11));
    let gone = points::get(&mut tx, a.data_id, point(a.data_id, 1, at(1)).number).await;
    let gone = gone.unwrap().unwrap();
    points::delete(&mut tx, &gone).await.unwrap();
    let twice = points::delete(&mut tx, &gone).await.unwrap_err();
    assert_eq!(twice.code(), Code::ResourceNotFound);
    let of = usages::of_item(&mut tx, a.data_id).await.unwrap();
    assert_eq!(of.sum, sum(2, 2002));
    points::delete(&mut tx, &sized).await.unwrap();
    // With its last point an item can go.
    items::delete(&mut tx, &b).await.unwrap();
    assert_eq!(
        usages::of_item(&mut tx, b.data_id).await.unwrap(),
        OfItem::default()
    );
    tx.commit().await.unwrap();
}

pub async fn a_count_keeps_what_was_stored_while_it_ran(home: &Home) {
    let state = home.open().await;
    let mut tx = state.write().await.unwrap();
    furnish(&mut tx).await;
    let (a, b) = (item(&mut tx, "a", 1).await, item(&mut tx, "b", 2).await);
    for bytes in [100, 20] {
        usages::add(&mut tx, a.data_id, usages::VAULT, bytes)
            .await
            .unwrap();
    }
    usages::add(&mut tx, b.data_id, "/host", 9).await.unwrap();
    let before = usages::of_vault(&mut tx, VAULT).await.unwrap();
    // The count begins here; a transfer ends before it does.
    usages::add(&mut tx, a.data_id, usages::VAULT, 7)
        .await
        .unwrap();
    let found = StoreUsage {
        used: 130,
        shared: 30,
        stored: 200,
        ..StoreUsage::default()
    };
    let each = [(a.data_id, (60, 30)), (b.data_id, (40, 30)), (99, (1, 1))].into();
    let counted = usages::counted(&mut tx, VAULT, usages::VAULT, found, &each, &before);
    counted.await.unwrap();
    tx.commit().await.unwrap();

    let mut tx = state.write().await.unwrap();
    let usage = |unique, shared, added| ItemUsage {
        unique,
        shared,
        added,
    };
    let all = usages::of_vault(&mut tx, VAULT).await.unwrap();
    assert_eq!(
        all[&a.data_id].stores,
        [("vault".to_owned(), usage(60, 30, 7))].into()
    );
    let of_b = [
        ("/host".to_owned(), usage(0, 0, 9)),
        ("vault".to_owned(), usage(40, 30, 0)),
    ];
    assert_eq!(all[&b.data_id].stores, of_b.into());
    let stores = usages::stores(&mut tx, &VAULT.to_lowercase())
        .await
        .unwrap();
    assert_eq!((stores.len(), stores[0].usage), (1, found));
    // Counted again, without one of them.
    let each = [(a.data_id, (5, 0))].into();
    let counted = usages::counted(&mut tx, VAULT, usages::VAULT, found, &each, &all);
    counted.await.unwrap();
    let all = usages::of_vault(&mut tx, VAULT).await.unwrap();
    assert_eq!(all[&a.data_id].stores["vault"], usage(5, 0, 0));
    assert_eq!(all[&b.data_id].stores["vault"], usage(0, 0, 0));
    usages::forget_vault(&mut tx, VAULT).await.unwrap();
    assert_eq!(usages::stores(&mut tx, VAULT).await.unwrap(), []);
}

pub async fn a_day_has_one_reading_and_the_last_before_a_period_counts(home: &Home) {
    let state = home.open().await;
    let mut tx = state.write().await.unwrap();
    assert_eq!(meter::newest(&mut tx).await.unwrap(), None);
    let reading = |day: jiff::civil::Date, vaults: &[&str]| {
        let vault = |id: &&str| policy::MeteredVault {
            id: (*id).to_owned(),
            name: "v".to_owned(),
            class: policy::StorageClass::ZoneRedundant,
            vault_bytes: u64::MAX,
            snapshot_bytes: 0,
            items: Vec::new(),
        };
        let vaults = vaults.iter().map(vault).collect();
        policy::Reading { day, vaults }
    };
    let day = |n| jiff::civil::date(2026, 3, n);
    let all = [
        reading(day(1), &["/A", "/b"]),
        reading(day(4), &[]),
        reading(day(5), &["/b"]),
    ];
    for one in &all {
        assert!(meter::write(&mut tx, one).await.unwrap());
    }
    // Another server was later.
    let late = reading(day(5), &["/A", "/c"]);
    assert!(!meter::write(&mut tx, &late).await.unwrap());
    tx.commit().await.unwrap();

    let mut tx = state.write().await.unwrap();
    assert_eq!(meter::newest(&mut tx).await.unwrap(), Some(day(5)));
    for (from, to, found) in [
        (1, 9, &all[..]),
        (3, 4, &all[..2]),
        (4, 4, &all[1..2]),
        (9, 9, &all[2..]),
    ] {
        let read = meter::readings(&mut tx, day(from), day(to)).await.unwrap();
        assert_eq!(read, found, "{from} to {to}");
    }
    let before = jiff::civil::date(2026, 2, 1);
    assert_eq!(meter::readings(&mut tx, before, before).await.unwrap(), []);
    // What holds on that day stays.
    assert_eq!(meter::prune(&mut tx, day(3)).await.unwrap(), 0);
    assert_eq!(meter::prune(&mut tx, day(4)).await.unwrap(), 3);
    let read = meter::readings(&mut tx, day(1), day(9)).await.unwrap();
    assert_eq!(read, all[1..]);
}

/// A machine with this number, and its record.
async fn machine(tx: &mut WriteTx, name: &str, number: u64, change: impl FnOnce(&mut Machine)) {
    let mut machine = Machine {
        uuid: uuid(number),
        host: "/hosts/a".to_owned(),
        location: "onprem".to_owned(),
        os: None,
        disks: Vec::new(),
        running: true,
        seen: at(0),
        vanished: None,
        also_on: Vec::new(),
        agent_lost: None,
        hardware: Hardware::default(),
        said: Said::default(),
    };
    change(&mut machine);
    let id = format!("{GROUP}/providers/Microsoft.Compute/virtualMachines/{name}");
    resources::create(tx, &id, GROUP, machine).await.unwrap();
}

/// Five machines: `Web` and `db` are protected, `gone` is, too, `twice` is on two hosts, and
/// `App_1` on another one.
async fn machines_and_items(tx: &mut WriteTx) {
    furnish(tx).await;
    machine(tx, "Web", 1, |_| {}).await;
    machine(tx, "db", 2, |_| {}).await;
    machine(tx, "gone", 3, |m| m.vanished = Some(at(5))).await;
    machine(tx, "twice", 4, |m| m.also_on = vec!["/hosts/b".to_owned()]).await;
    machine(tx, "App_1", 5, |m| m.host = "/hosts/b".to_owned()).await;
    for (name, number) in [("Web", 1), ("db", 2), ("gone", 3)] {
        item(tx, name, number).await;
    }
}

pub async fn an_overview_counts_what_stands_alike(home: &Home) {
    let state = home.open().await;
    let mut tx = state.write().await.unwrap();
    machines_and_items(&mut tx).await;
    let id = |name: &str| new_item(name, 0).id;
    let mut web = items::get(&mut tx, &id("Web")).await.unwrap().unwrap();
    web.state = ProtectionState::Protected;
    web.body.policy_seen = Some(policy::Policy::standard_default());
    web.body.last_backup = Some(LastBackup {
        at: at(1),
        status: JobStatus::Completed,
        code: None,
        downgrade: Some("X".to_owned()),
    });
    let web = items::update(&mut tx, web).await.unwrap();
    points::create(&mut tx, point(web.data_id, 1, at(0)))
        .await
        .unwrap();
    let mut db = items::get(&mut tx, &id("db")).await.unwrap().unwrap();
    db.purge_at = Some(at(99));
    items::update(&mut tx, db).await.unwrap();
    let mut gone = items::get(&mut tx, &id("gone")).await.unwrap().unwrap();
    gone.state = ProtectionState::ProtectionStopped;
    items::update(&mut tx, gone).await.unwrap();
    for (number, status) in [
        (1, JobStatus::Failed),
        (2, JobStatus::Failed),
        (3, JobStatus::Completed),
    ] {
        let mut job = job(number, at(0));
        job.status = status;
        job.ended_at = Some(at(number as i64));
        jobs::create(&mut tx, job).await.unwrap();
    }
    jobs::create(&mut tx, job(4, at(0))).await.unwrap();
    let alert = |number, rule, target: &str| NewAlert {
        id: uuid(number),
        rule,
        body: AlertBody {
            vault: VAULT.to_owned(),
            target: target.to_owned(),
            ..AlertBody::default()
        },
    };
    for (number, target) in [(1, "/a"), (2, "/b"), (3, "/c")] {
        let new = alert(number, AlertRule::BackupFailed, target);
        let mut raised = alerts::raise(&mut tx, new).await.unwrap();
        match number {
            2 => raised.resolved_at = Some(at(9)),
            3 => raised.state = AlertState::Closed,
            _ => continue,
        }
        alerts::update(&mut tx, raised).await.unwrap();
    }
    tx.commit().await.unwrap();

    let mut tx = state.read().await.unwrap();
    let vault = VAULT.to_lowercase();
    // Made on the first of January at midnight, due at 19:30 each day: missed on the second.
    for (missed_by, missed) in [(at(86_400), 0), (at(2 * 86_400), 1)] {
        let mut found = overview::items(&mut tx, None, missed_by).await.unwrap();
        found.sort_by_key(|alike| (alike.deleted, alike.with_points));
        let one = |state| overview::Items {
            state,
            deleted: false,
            last: None,
            count: 1,
            downgraded: 0,
            missed: 0,
            with_points: 0,
        };
        let expected = [
            one(ProtectionState::ProtectionStopped),
            overview::Items {
                last: Some(JobStatus::Completed),
                downgraded: 1,
                missed,
                with_points: 1,
                ..one(ProtectionState::Protected)
            },
            overview::Items {
                deleted: true,
                ..one(ProtectionState::InitialBackupPending)
            },
        ];
        assert_eq!(found, expected);
    }
    use machines::Standing::{Conflict, Gone, Listed};
    let of = |total, unprotected, stopped| overview::Machines {
        total,
        unprotected,
        stopped,
    };
    let found = overview::machines(&mut tx, None).await.unwrap();
    let expected = [
        (Listed, of(3, 2, 0)),
        (Gone, of(1, 0, 1)),
        (Conflict, of(1, 1, 0)),
    ];
    assert_eq!(found, expected.into());
    let web = [format!(
        "{GROUP}/providers/Microsoft.Compute/virtualMachines/WEB"
    )];
    let found = overview::machines(&mut tx, Some(&web)).await.unwrap();
    assert_eq!(found, [(Listed, of(1, 0, 0))].into());
    let found = overview::machines(&mut tx, Some(&[])).await.unwrap();
    assert_eq!(found, [].into());
    let (here, there) = ([vault, "/x".to_owned()], ["/elsewhere".to_owned()]);
    for vaults in [None, Some(&here[..])] {
        let running = overview::jobs_in_progress(&mut tx, vaults).await;
        assert_eq!(running.unwrap(), 1);
        let ended = overview::jobs_ended(&mut tx, vaults, at(2)).await.unwrap();
        assert_eq!(ended, [(JobStatus::Completed, 1), (JobStatus::Failed, 1)]);
        let open = overview::alerts(&mut tx, vaults).await.unwrap();
        assert_eq!(open, [(AlertRule::BackupFailed, 1)]);
    }
    for vaults in [Some(&there[..]), Some(&[][..])] {
        assert_eq!(overview::items(&mut tx, vaults, at(0)).await.unwrap(), []);
        let running = overview::jobs_in_progress(&mut tx, vaults).await;
        assert_eq!(running.unwrap(), 0);
        assert_eq!(
            overview::jobs_ended(&mut tx, vaults, at(0)).await.unwrap(),
            []
        );
        assert_eq!(overview::alerts(&mut tx, vaults).await.unwrap(), []);
    }
}

pub async fn machines_are_listed_by_what_they_are_and_how_they_are_protected(home: &Home) {
    use machines::{Filter, Protection, Standing};
    let state = home.open().await;
    let mut tx = state.write().await.unwrap();
    machines_and_items(&mut tx).await;
    tx.commit().await.unwrap();
    let mut tx = state.read().await.unwrap();
    let mut names = async |filter: Filter| -> Vec<String> {
        let found = machines::page(&mut tx, &filter, None, 9).await.unwrap();
        found.into_iter().map(|m| m.name).collect()
    };
    let all = Filter::default();
    assert_eq!(
        names(all.clone()).await,
        ["App_1", "db", "gone", "twice", "Web"]
    );
    let stands = |standing| Filter {
        standing: Some(standing),
        ..Filter::default()
    };
    assert_eq!(names(stands(vec![Standing::Conflict])).await, ["twice"]);
    let protected = |protection| Filter {
        protection: Some(protection),
        ..Filter::default()
    };
    let active = Protection::As(ProtectionState::ACTIVE.into());
    assert_eq!(names(protected(active)).await, ["db", "gone", "Web"]);
    let stopped = Protection::As(ProtectionState::STOPPED.into());
    assert_eq!(names(protected(stopped)).await, [""; 0]);
    assert_eq!(names(protected(Protection::None)).await, ["App_1", "twice"]);
    let hosts = Filter {
        hosts: Some(vec!["/hosts/b".to_owned()]),
        ..Filter::default()
    };
    assert_eq!(names(hosts).await, ["App_1"]);
    // What is no letter stands for itself, and only names count.
    for (text, found) in [
        ("w", &["Web", "twice"][..]),
        ("P_", &["App_1"]),
        ("%", &[]),
        ("rg", &[]),
    ] {
        let filter = Filter {
            name: Some(text.to_owned()),
            ..Filter::default()
        };
        let mut names = names(filter).await;
        names.sort();
        assert_eq!(names, found, "{text}");
    }
    let within = Filter {
        within: Some(vec![
            format!("{GROUP}x"),
            format!("{GROUP}/providers/Microsoft.Compute/virtualMachines/db"),
        ]),
        ..Filter::default()
    };
    assert_eq!(names(within).await, ["db"]);
    // More scopes than SQLite lets a chain be deep.
    let mut many: Vec<_> = (0..1500).map(|n| format!("{GROUP}/{n}")).collect();
    many.push(format!(
        "{GROUP}/providers/Microsoft.Compute/virtualMachines/db"
    ));
    let within = Filter {
        within: Some(many),
        ..Filter::default()
    };
    assert_eq!(names(within).await, ["db"]);
}

pub async fn items_are_found_by_the_first_thing_that_they_need(home: &Home) {
    use items::{Need, needing};
    let state = home.open().await;
    let mut tx = state.write().await.unwrap();
    furnish(&mut tx).await;
    let ended = |status, seconds, downgrade: Option<&str>| {
        Some(LastBackup {
            at: at(seconds),
            status,
            code: None,
            downgrade: downgrade.map(str::to_owned),
        })
    };
    let (failed, completed) = (JobStatus::Failed, JobStatus::Completed);
    for (number, name, last, state, has_policy) in [
        (
            1,
            "late",
            ended(failed, 9, None),
            ProtectionState::ProtectionError,
            true,
        ),
        (
            2,
            "early",
            ended(failed, 5, Some("X")),
            ProtectionState::ProtectionError,
            false,
        ),
        (3, "new", None, ProtectionState::InitialBackupPending, false),
        (
            4,
            "less",
            ended(completed, 5, Some("X")),
            ProtectionState::Protected,
            false,
        ),
        (
            5,
            "missed",
            ended(completed, 5, Some("X")),
            ProtectionState::Protected,
            true,
        ),
        (
            6,
            "well",
            ended(completed, 5, None),
            ProtectionState::Protected,
            false,
        ),
        (
            7,
            "stopped",
            ended(failed, 1, Some("X")),
            ProtectionState::ProtectionStopped,
            true,
        ),
    ] {
        let mut item = item(&mut tx, name, number).await;
        item.state = state;
        item.body.last_backup = last;
        item.body.policy_seen = has_policy.then(policy::Policy::standard_default);
        items::update(&mut tx, item).await.unwrap();
    }
    tx.commit().await.unwrap();
    let mut tx = state.read().await.unwrap();
    let by = at(3 * 86_400);
    let vaults = [VAULT.to_lowercase()];
    for (need, expected) in [
        (Need::LastBackupFailed, &["early", "late"][..]),
        (Need::PointsMissed(by), &["missed"]),
        (Need::InitialBackup(by), &["new"]),
        (Need::Downgraded(by), &["less"]),
        (Need::Downgraded(at(0)), &["less", "missed"]),
    ] {
        for (vaults, expected) in [
            (None, expected),
            (Some(&vaults[..]), expected),
            (Some(&[][..]), &[]),
        ] {
            let found = needing(&mut tx, need, vaults, 9).await.unwrap();
            let names: Vec<_> = found
                .iter()
                .map(|i| i.body.friendly_name.as_str())
                .collect();
            assert_eq!(names, expected, "{need:?} {vaults:?}");
        }
    }
    let first = needing(&mut tx, Need::LastBackupFailed, None, 1).await;
    assert_eq!(first.unwrap()[0].body.friendly_name, "early");
}

pub async fn points_and_backups_are_counted_by_item_and_day(home: &Home) {
    let state = home.open().await;
    let mut tx = state.write().await.unwrap();
    furnish(&mut tx).await;
    let (web, db) = (item(&mut tx, "web", 1).await, item(&mut tx, "db", 2).await);
    let day = 86_400;
    for (number, of, seconds, tiers, consistency) in [
        (1, &web, 5, Tiers::Vault, Consistency::CrashConsistent),
        (
            2,
            &web,
            day - 1,
            Tiers::Snapshot,
            Consistency::AppConsistent,
        ),
        (3, &web, day, Tiers::Vault, Consistency::CrashConsistent),
        (
            4,
            &db,
            3 * day,
            Tiers::SnapshotAndVault,
            Consistency::FileSystemConsistent,
        ),
    ] {
        let mut new = point(of.data_id, number, at(seconds));
        new.tiers = tiers;
        new.body.consistency = consistency;
        points::create(&mut tx, new).await.unwrap();
    }
    for (number, seconds, status, operation) in [
        (1, 0, JobStatus::Failed, JobOperation::Backup),
        (2, 1, JobStatus::Failed, JobOperation::Backup),
        (3, 2, JobStatus::Completed, JobOperation::Backup),
        (4, day, JobStatus::Failed, JobOperation::Restore),
        (5, 2 * day, JobStatus::Completed, JobOperation::Backup),
    ] {
        let mut new = job(number, at(seconds));
        new.item = Some(web.id.clone());
        (new.status, new.operation) = (status, operation);
        jobs::create(&mut tx, new).await.unwrap();
    }
    tx.commit().await.unwrap();
    let mut tx = state.read().await.unwrap();
    let first = at(0).as_second() / day;
    let of = |item: i64, after: i64, count, consistency, in_snapshot, in_vault| heat_map::Points {
        item,
        day: first + after,
        count,
        consistency,
        in_snapshot,
        in_vault,
    };
    let all = [
        of(web.data_id, 0, 2, Consistency::AppConsistent, true, true),
        of(web.data_id, 1, 1, Consistency::CrashConsistent, false, true),
        of(
            db.data_id,
            3,
            1,
            Consistency::FileSystemConsistent,
            true,
            true,
        ),
    ];
    let both = [web.data_id, db.data_id];
    let found = heat_map::points(&mut tx, &both, at(0)).await.unwrap();
    assert_eq!(found, all);
    let found = heat_map::points(&mut tx, &both[1..], at(day))
        .await
        .unwrap();
    assert_eq!(found, all[2..]);
    assert_eq!(heat_map::points(&mut tx, &[], at(0)).await.unwrap(), []);
    let ids = [web.id.to_lowercase(), db.id.to_lowercase()];
    let found = heat_map::backups(&mut tx, &ids, at(0)).await.unwrap();
    let found: Vec<_> = found.iter().map(|b| (b.day - first, b.status)).collect();
    let (failed, completed) = (JobStatus::Failed, JobStatus::Completed);
    assert_eq!(found, [(0, completed), (0, failed), (2, completed)]);
    let found = heat_map::backups(&mut tx, &ids, at(day)).await.unwrap();
    assert_eq!(found.len(), 1);
}

pub async fn what_has_a_text_in_its_name_is_found(home: &Home) {
    let state = home.open().await;
    let mut tx = state.write().await.unwrap();
    furnish(&mut tx).await;
    for (number, name) in (1..).zip(["my-web", "WEB-2", "web_1", "Gr\u{dc}n", "db"]) {
        machine(&mut tx, name, number, |_| {}).await;
        let mut new = new_item(name, number);
        let plain = format!("iaasvmcontainerv2;rg;{name}");
        new.id = format!(
            "{VAULT}/protectionContainers/IaasVMContainer;{plain}/protectedItems/VM;{plain}"
        );
        let item = items::create(&mut tx, new).await.unwrap();
        for run in 0..3 {
            let mut new = job(number * 16 + run, at((10 * run + number) as i64));
            new.item = Some(item.id.clone());
            jobs::create(&mut tx, new).await.unwrap();
        }
    }
    tx.commit().await.unwrap();
    let mut tx = state.read().await.unwrap();
    let mut names = async |text: &str, limit| -> Vec<String> {
        let found = search::named::<Machine>(&mut tx, text, None, limit).await;
        found.unwrap().into_iter().map(|m| m.name).collect()
    };
    assert_eq!(names("Web", 9).await, ["WEB-2", "web_1", "my-web"]);
    assert_eq!(names("web", 2).await, ["WEB-2", "web_1"]);
    assert_eq!(names("b_", 9).await, ["web_1"]);
    assert_eq!(names("GR\u{fc}N", 9).await, ["Gr\u{dc}n"]);
    assert_eq!(names("microsoft", 9).await, [""; 0]);
    let elsewhere = [format!("{GROUP}0")];
    let found = search::named::<Machine>(&mut tx, "web", Some(&elsewhere), 9).await;
    assert_eq!(found.unwrap(), []);
    let found = search::named::<Vault>(&mut tx, "v", None, 9).await.unwrap();
    assert_eq!((found.len(), &*found[0].name), (1, "V1"));
    let found = search::named::<Policy>(&mut tx, "P", None, 9)
        .await
        .unwrap();
    assert_eq!(found.len(), 2);
    let found = search::jobs_of(&mut tx, "WEB", None, 5).await.unwrap();
    let started: Vec<_> = found.iter().map(|j| j.started_at).collect();
    let expected = [23, 22, 21, 13, 12].map(at);
    assert_eq!(started, expected);
    // The group is no name.
    assert_eq!(search::jobs_of(&mut tx, "rg", None, 5).await.unwrap(), []);
    assert_eq!(
        search::jobs_of(&mut tx, "web", Some(&[]), 5).await.unwrap(),
        []
    );
    let beginning = "00000000-0000-0000-0000-00000000001";
    let found = jobs::begin_with(&mut tx, beginning, None, 9).await.unwrap();
    let started: Vec<_> = found.iter().map(|j| j.started_at).collect();
    assert_eq!(started, [21, 11, 1].map(at));
    let found = jobs::begin_with(&mut tx, beginning, Some(&[]), 9).await;
    assert_eq!(found.unwrap(), []);
    let found = jobs::begin_with(&mut tx, "f", None, 9).await.unwrap();
    assert_eq!(found, []);
}

pub async fn jobs_of_several_vaults_are_one_list(home: &Home) {
    let state = home.open().await;
    let mut tx = state.write().await.unwrap();
    for number in 0..6 {
        let mut new = job(number, at(number as i64));
        new.vault = format!("/vaults/{}", number % 3);
        new.status = match number {
            4 => JobStatus::Failed,
            _ => JobStatus::Completed,
        };
        jobs::create(&mut tx, new).await.unwrap();
    }
    tx.commit().await.unwrap();
    let mut tx = state.read().await.unwrap();
    let some = |all: &[&str]| Some(all.iter().map(|v| format!("/vaults/{v}")).collect());
    for (vaults, status, expected) in [
        (None, None, &[5, 4, 3, 2, 1, 0][..]),
        (some(&["0", "1"]), None, &[4, 3, 1, 0]),
        (some(&["1", "2"]), Some(JobStatus::Failed), &[4]),
        (some(&[]), None, &[]),
    ] {
        let filter = jobs::Filter {
            vaults,
            status,
            ..jobs::Filter::default()
        };
        let found = jobs::page(&mut tx, &filter, None, 9).await.unwrap();
        let numbers: Vec<u128> = found.iter().map(|j| j.id.as_u128()).collect();
        assert_eq!(numbers, expected);
        let after = found.first().map(|j| (j.started_at, j.id));
        let rest = jobs::page(&mut tx, &filter, after, 9).await.unwrap();
        if after.is_some() {
            assert_eq!(rest, found[1..]);
        }
    }
}
