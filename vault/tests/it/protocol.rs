//! Writers that meet: the log, fences, inheritance; stores that don't keep their word; litter.

use std::collections::BTreeSet;
use std::sync::Arc;

use base::Code;
use vault::{Level, Phase, PointState, Session, Store, verify};

use crate::faulty::Faulty;
use crate::support::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn racing_writers_take_every_number_of_the_log_once() {
    let faulty = Faulty::memory();
    let vault = make(faulty.store(), 1).await;
    faulty.delay();
    let mut writers = tokio::task::JoinSet::new();
    for w in 0..6u64 {
        let (store, ring) = (faulty.store(), Arc::clone(vault.ring()));
        writers.spawn(async move {
            // Each has its own view of the log, as processes do.
            let vault = try_open(&store, &ring, 100 + w).await.unwrap();
            let uuid = format!("machine {w}");
            let mut points = Vec::new();
            for round in 0..4 {
                let bytes = noise(w * 10 + round, 3 * CHUNK);
                let (point, disks, _) = backup(&vault, &uuid, &[("vda", &bytes, None)])
                    .await
                    .unwrap();
                points.push((point, disks, bytes));
            }
            points
        });
    }
    let done: Vec<_> = writers.join_all().await.into_iter().flatten().collect();
    faulty.heal();
    let seen = reopen(&faulty.sound(), 5).await;
    let points = seen.points().await.unwrap();
    assert_eq!(points.len(), 24);
    let numbers: BTreeSet<u64> = points.iter().map(|p| p.entry.number).collect();
    assert_eq!(numbers.len(), 24);
    // 24 openings and 24 commits, without gaps.
    let log = faulty.sound().list("log").await.unwrap();
    let names: Vec<String> = (1..=48).map(|n| format!("log/{n:016x}")).collect();
    assert_eq!(log.into_iter().map(|o| o.0).collect::<Vec<_>>(), names);
    for (point, disks, bytes) in done {
        let info = seen.point(point).await.unwrap();
        assert_eq!(info.manifest.disks, disks);
        check_disk(&seen, &disks[0], &bytes).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_later_session_of_the_same_machine_and_phase_fences_and_inherits() {
    let faulty = Faulty::memory();
    let vault = make(faulty.store(), 1).await;
    let other = try_open(&faulty.store(), vault.ring(), 2).await.unwrap();
    let bytes = noise(1, 50 * CHUNK);
    let key = vault.machine_key(MACHINE);
    let first = Session::open(&vault, key, Phase::Snapshot).await.unwrap();
    let (disks, _) = write_all(&first, MACHINE, &[("vda", &bytes, None)])
        .await
        .unwrap();
    let stored = bytes_in(vault.store(), "packs").await;
    assert!(stored > 10 * CHUNK as u64);
    // Another phase or machine does not fence it; the same does.
    let transfer = Session::open(&other, key, Phase::Transfer).await.unwrap();
    let elsewhere = Session::open(&other, other.machine_key("x"), Phase::Snapshot).await;
    let second = Session::open(&other, key, Phase::Snapshot).await.unwrap();
    let first_manifest = manifest(&first, MACHINE, PointState::Whole, disks);
    let fenced = first.commit(&first_manifest, b"x").await.unwrap_err();
    assert_eq!(fenced.code(), Code::Fenced);
    assert!(vault.points().await.unwrap().is_empty());
    let (disks, stats) = write_all(&second, MACHINE, &[("vda", &bytes, None)])
        .await
        .unwrap();
    // What the first had put is there; not what it held in memory or had on its way.
    let most = 50 - stored / (CHUNK as u64 + 200);
    assert!(stats.new_chunks <= most, "{stats:?}");
    let whole = manifest(&second, MACHINE, PointState::Whole, disks.clone());
    second.commit(&whole, b"x").await.unwrap();
    check_disk(&vault, &disks[0], &bytes).await;
    transfer.close().await.unwrap();
    elsewhere.unwrap().close().await.unwrap();
    // A closed session does not commit, nor a committed one again.
    let again = transfer.commit(&first_manifest, b"x").await.unwrap_err();
    assert!([Code::Fenced, Code::Cancelled].contains(&again.code()));
    let mut other_point = whole.clone();
    other_point.point = base::PointId::from_bytes([9; 16]);
    let twice = second.commit(&other_point, b"x").await.unwrap_err();
    assert_eq!(twice.code(), Code::Fenced);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_writer_that_goes_on_while_another_takes_over_hurts_nothing() {
    let faulty = Faulty::memory();
    let vault = make(faulty.store(), 1).await;
    for round in 0..12u64 {
        faulty.delay();
        let bytes = noise(round, 30 * CHUNK);
        let key = vault.machine_key(MACHINE);
        let first = Session::open(&vault, key, Phase::Snapshot).await.unwrap();
        let (w, b) = (Arc::clone(&first), bytes.clone());
        let slow = tokio::spawn(async move {
            let (disks, _) = write_all(&w, MACHINE, &[("vda", &b, None)]).await?;
            let manifest = manifest(&w, MACHINE, PointState::Whole, disks);
            w.commit(&manifest, b"x").await
        });
        tokio::time::sleep(std::time::Duration::from_micros(round * 900)).await;
        let other = try_open(&faulty.store(), vault.ring(), round)
            .await
            .unwrap();
        let (_, disks, _) = backup(&other, MACHINE, &[("vda", &bytes, None)])
            .await
            .unwrap();
        if let Err(e) = slow.await.unwrap() {
            assert_eq!(e.code(), Code::Fenced, "{e:?}");
        }
        faulty.heal();
        let seen = try_open(&faulty.sound(), vault.ring(), 3).await.unwrap();
        check_disk(&seen, &disks[0], &bytes).await;
        let report = verify(&seen, Level::Full, None, &|_, _| {}).await.unwrap();
        assert!(report.is_well(), "{round}: {report:?}");
    }
}

#[tokio::test]
async fn a_store_that_replaces_objects_is_refused_before_anything_is_written() {
    let unsafe_store = Faulty::memory();
    unsafe_store.overwrite();
    let made = vault::create(unsafe_store.store(), CHUNK as u32, &unlock(), around(1)).await;
    assert_eq!(made.unwrap_err().code(), Code::StoreUnsafe);
    assert!(objects(&unsafe_store.sound()).await.is_empty());
    // A further tier.
    let vault = make(Store::memory(), 1).await;
    let e = vault.extend_to(unsafe_store.store()).await.unwrap_err();
    assert_eq!(e.code(), Code::StoreUnsafe);
    assert!(objects(&unsafe_store.sound()).await.is_empty());
    // A store that was safe when the vault was made.
    let turned = Faulty::memory();
    let made = make(turned.store(), 2).await;
    let ring = Arc::clone(made.ring());
    turned.overwrite();
    let vault = try_open(&turned.store(), &ring, 3).await.unwrap();
    let before = objects(&turned.sound()).await;
    let key = vault.machine_key(MACHINE);
    let e = Session::open(&vault, key, Phase::Snapshot)
        .await
        .unwrap_err();
    assert_eq!(e.code(), Code::StoreUnsafe);
    assert_eq!(objects(&turned.sound()).await, before);
    turned.heal();
    Session::open(&vault, key, Phase::Snapshot).await.unwrap();
}

#[tokio::test]
async fn two_vaults_do_not_mix() {
    let (one, two) = (
        make(Store::memory(), 1).await,
        make(Store::memory(), 2).await,
    );
    let e = one.extend_to(two.store().clone()).await.unwrap_err();
    assert_eq!(e.code(), Code::VaultForeign);
    let e = try_open(two.store(), one.ring(), 1).await.unwrap_err();
    assert_eq!(e.code(), Code::VaultForeign);
    let bytes = noise(1, CHUNK);
    let (point, _, _) = backup(&one, MACHINE, &[("vda", &bytes, None)])
        .await
        .unwrap();
    let e = vault::sync_point(&one, &two, point, &|_| {})
        .await
        .unwrap_err();
    assert_eq!(e.code(), Code::VaultForeign);
}

#[tokio::test]
async fn litter_of_killed_puts_goes_at_the_next_session_and_live_files_stay() {
    let (folder, store) = local();
    let vault = make(store.clone(), 1).await;
    let bytes = noise(1, 20 * CHUNK);
    backup(&vault, MACHINE, &[("vda", &bytes, None)])
        .await
        .unwrap();
    let key = vault.machine_key(MACHINE);
    // A dead session, one that is alive, and the staged files of both.
    let dead = Session::open(&vault, key, Phase::Snapshot).await.unwrap();
    let alive = Session::open(&vault, vault.machine_key("x"), Phase::Snapshot)
        .await
        .unwrap();
    let (dead, alive) = (dead.number(), alive.number());
    let litter = [
        format!("packs/{dead:016x}/00000001#1"),
        format!("index/{dead:016x}/00000001#12"),
        "log/0000000000000001#1".to_owned(),
        format!("points/{dead:016x}/00000000-0000-4000-8000-000000000000#1"),
        "vault#1".to_owned(),
        "probe/0011".to_owned(),
        "probe/0022#1".to_owned(),
    ];
    let live = [
        format!("packs/{alive:016x}/00000001#1"),
        format!("log/{:016x}#1", 1 << 20),
        format!("points/{alive:016x}/00000000-0000-4000-8000-000000000000#1"),
        format!("packs/{dead:016x}/strange"),
        format!("packs/{dead:016x}/00000002#x"),
        "probe/0033".to_owned(),
    ];
    for name in litter.iter().chain(&live) {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, b"half").unwrap();
    }
    // The tests' clock stands at the epoch: these were left long before.
    for old in &litter[5..] {
        let file = std::fs::File::open(folder.path().join(old)).unwrap();
        let before_epoch = std::time::UNIX_EPOCH - std::time::Duration::from_secs(3601);
        file.set_modified(before_epoch).unwrap();
    }
    let mut before = objects(&store).await;
    before.retain(|o| o.0 != litter[5]);
    let next = Session::open(&vault, key, Phase::Snapshot).await.unwrap();
    for name in &litter {
        assert!(!folder.path().join(name).exists(), "{name} stayed");
    }
    for name in &live {
        assert!(folder.path().join(name).exists(), "{name} went");
    }
    // Objects all stay; the session added its log entry.
    let after = objects(&store).await;
    assert!(before.iter().all(|o| after.contains(o)));
    next.close().await.unwrap();
    let x = Session::open(&vault, vault.machine_key("x"), Phase::Snapshot).await;
    x.unwrap().close().await.unwrap();
    let last = Session::open(&vault, key, Phase::Snapshot).await.unwrap();
    assert!(!folder.path().join(&live[0]).exists());
    assert!(!folder.path().join(&live[2]).exists());
    last.close().await.unwrap();
}

#[tokio::test]
async fn keys_that_are_replaced_open_the_vault_and_the_old_passphrase_does_not() {
    let vault = make(Store::memory(), 1).await;
    let mut locked = vault::Locked::open(vault.store().clone()).await.unwrap();
    let keys = locked.unlock(&unlock()).unwrap();
    let random = around(5).random;
    let new = vault::keys::Unlock::KeyFile(vault::keys::KeyFile::new(&*random));
    let change = |locked: &vault::Locked| {
        use vault::keys::SlotChange::{Add, Remove};
        let slot = locked.key_object().slots()[0].number;
        let (changes, now) = ([Remove(slot), Add(&new)], jiff::Timestamp::UNIX_EPOCH);
        let next = locked.key_object().rewrap(&keys, &changes, &*random, now);
        next.unwrap()
    };
    // Two change the keys at the same time: the second is told.
    let (ours, theirs) = (change(&locked), {
        let mut later = change(&locked).to_bytes();
        later.push(b'\n');
        later
    });
    let name = format!("keys/{}-{:08x}", vault.id(), ours.number());
    vault.store().put_new(&name, theirs.into()).await.unwrap();
    let e = locked.replace_keys(ours.clone()).await.unwrap_err();
    assert_eq!(e.code(), Code::Fenced);
    vault.store().delete(&name).await.unwrap();
    locked.replace_keys(ours).await.unwrap();
    let locked = vault::Locked::open(vault.store().clone()).await.unwrap();
    locked.unlock(&new).unwrap();
    assert_eq!(
        locked.unlock(&unlock()).unwrap_err().code(),
        Code::PassphraseWrong
    );
    assert_eq!(vault.store().list("keys").await.unwrap().len(), 1);
}
