//! One suite for every kind of store: what the vault asks of it, and a backup, a sync and a
//! restore on top.

use std::collections::BTreeSet;
use std::sync::Arc;

use base::Code;
use bytes::Bytes;
use object_store::ObjectStore;
use object_store::aws::{AmazonS3Builder, S3ConditionalPut};
use object_store::azure::MicrosoftAzureBuilder;
use object_store::prefix::PrefixStore;
use vault::{Level, Put, Store, sync_point, verify};

use crate::support::*;

/// What a store must do. It is empty before and after.
async fn keeps_its_word(store: &Store) {
    assert_eq!(objects(store).await, vec![]);
    store.probe(&*around(1).random).await.unwrap();
    assert_eq!(objects(store).await, vec![], "a probe leaves nothing");
    creates_once(store).await;
    reads_ranges(store).await;
    lists_folders(store).await;
    one_of_many_writers_wins(store).await;
    for (name, _) in objects(store).await {
        store.delete(&name).await.unwrap();
        store.delete(&name).await.unwrap();
        assert_eq!(store.get(&name).await.unwrap(), None);
    }
    assert_eq!(objects(store).await, vec![]);
}

async fn creates_once(store: &Store) {
    let name = "log/0000000000000001";
    assert_eq!(store.get(name).await.unwrap(), None);
    let put = |bytes: &'static [u8]| store.put_new(name, Bytes::from_static(bytes));
    assert_eq!(put(b"one").await.unwrap(), Put::Created);
    assert_eq!(put(b"two").await.unwrap(), Put::Exists);
    assert_eq!(put(b"").await.unwrap(), Put::Exists);
    assert_eq!(put(b"one").await.unwrap(), Put::Created, "its own bytes");
    assert_eq!(&store.get(name).await.unwrap().unwrap()[..], b"one");
    store.delete(name).await.unwrap();
    assert_eq!(put(b"two").await.unwrap(), Put::Created);
}

async fn reads_ranges(store: &Store) {
    let (name, bytes) = ("packs/0000000000000001/00000001", noise(1, 300_000));
    let put = store.put_new(name, bytes.clone().into()).await;
    assert_eq!(put.unwrap(), Put::Created);
    assert_eq!(store.size(name).await.unwrap(), 300_000);
    assert_eq!(store.need(name).await.unwrap(), bytes);
    let (mid, end) = (1000..2000u64, 299_999..300_000u64);
    assert_eq!(
        store.need_range(name, mid.clone()).await.unwrap(),
        bytes[1000..2000]
    );
    let far = [end.clone(), 0..1, mid, 150_000..150_100, 150_050..150_200];
    for (range, found) in far.iter().zip(store.need_ranges(name, &far).await.unwrap()) {
        assert_eq!(found, bytes[range.start as usize..range.end as usize]);
    }
    assert!(store.need_ranges(name, &[]).await.unwrap().is_empty());
    let (tail, size) = store.need_suffix(name, 72).await.unwrap();
    assert_eq!((&tail[..], size), (&bytes[300_000 - 72..], 300_000));
    let (all, _) = store.need_suffix(name, 1 << 20).await.unwrap();
    assert_eq!(all, bytes);
    for past in [299_990..300_001u64, 300_000..300_010, 400_000..400_001] {
        let e = store.need_range(name, past.clone()).await.unwrap_err();
        assert_eq!(e.code(), Code::VaultDamaged, "{e:?}");
        let e = store.need_ranges(name, &[0..10, past]).await.unwrap_err();
        assert_eq!(e.code(), Code::VaultDamaged, "{e:?}");
    }
    let (empty, gone) = ("packs/empty", "packs/gone");
    assert_eq!(
        store.put_new(empty, Bytes::new()).await.unwrap(),
        Put::Created
    );
    assert!(store.need(empty).await.unwrap().is_empty());
    let (tail, size) = store.need_suffix(empty, 72).await.unwrap();
    assert_eq!((tail.len(), size), (0, 0));
    for name in [empty, gone] {
        let e = store.need_range(name, 0..1).await.unwrap_err();
        assert_eq!(e.code(), Code::VaultDamaged, "{e:?}");
    }
    let missing = [
        store.need(gone).await.unwrap_err(),
        store.size(gone).await.unwrap_err(),
        store.need_suffix(gone, 9).await.unwrap_err(),
        store.need_ranges(gone, &[0..1, 5..6]).await.unwrap_err(),
    ];
    for e in missing {
        assert_eq!(e.code(), Code::VaultDamaged, "{e:?}");
        assert!(e.detail().contains("missing"), "{e}");
    }
}

async fn lists_folders(store: &Store) {
    let names = [
        "index/1/2",
        "index/1/1",
        "index/10/1",
        "index/1/3/4",
        "indexes",
    ];
    for name in names {
        let put = store
            .put_new(name, Bytes::from_static(name.as_bytes()))
            .await;
        assert_eq!(put.unwrap(), Put::Created);
    }
    let list = |folder: &'static str| async move {
        let all = store.list(folder).await.unwrap();
        assert!(all.iter().all(|(name, size)| *size == name.len() as u64));
        all.into_iter().map(|o| o.0).collect::<Vec<_>>()
    };
    assert_eq!(
        list("index/1").await,
        ["index/1/1", "index/1/2", "index/1/3/4"]
    );
    assert_eq!(list("index").await.len(), 4);
    assert_eq!(list("nothing").await, [""; 0]);
}

async fn one_of_many_writers_wins(store: &Store) {
    for round in 0..3 {
        let name = format!("log/{:016x}", 100 + round);
        let mut writers = tokio::task::JoinSet::new();
        for w in 0..6u8 {
            let (store, name) = (store.clone(), name.clone());
            writers.spawn(async move {
                let put = store.put_new(&name, vec![w; 2000].into()).await;
                (w, put.unwrap())
            });
        }
        let done = writers.join_all().await;
        let won: Vec<u8> = done
            .iter()
            .filter(|d| d.1 == Put::Created)
            .map(|d| d.0)
            .collect();
        assert_eq!(won.len(), 1, "{done:?}");
        assert_eq!(store.need(&name).await.unwrap(), vec![won[0]; 2000]);
    }
}

/// A backup, an incremental, a race, a sync and a restore; both stores are empty.
async fn holds_a_vault(first: &Store, second: &Store) {
    let vault = make(first.clone(), 1).await;
    let mut bytes = noise(1, 30 * CHUNK + 5);
    let (_, roots, _) = backup(&vault, MACHINE, &[("vda", &bytes, None)])
        .await
        .unwrap();
    let before = bytes.clone();
    bytes[9000] ^= 1;
    bytes[20 * CHUNK..].fill(0);
    let base = Base {
        root: &roots[0],
        bytes: &before,
    };
    let (point, roots, stats) = backup(&vault, MACHINE, &[("vda", &bytes, Some(base))])
        .await
        .unwrap();
    assert_eq!(stats.patches, 1);
    // Several machines at the same time, each with a view of its own.
    let mut writers = tokio::task::JoinSet::new();
    for w in 0..3u64 {
        let (store, ring) = (first.clone(), Arc::clone(vault.ring()));
        writers.spawn(async move {
            let vault = try_open(&store, &ring, 50 + w).await.unwrap();
            let bytes = noise(w, 2 * CHUNK);
            let name = format!("machine {w}");
            backup(&vault, &name, &[("vda", &bytes, None)])
                .await
                .unwrap()
                .0
        });
    }
    let others: BTreeSet<_> = writers.join_all().await.into_iter().collect();
    assert_eq!((others.len(), vault.points().await.unwrap().len()), (3, 5));
    let copy = extend(&vault, second.clone()).await;
    sync_point(&vault, &copy, point, &|_| {}).await.unwrap();
    for store in [first, second] {
        let vault = reopen(store, 7).await;
        check_disk(&vault, &roots[0], &bytes).await;
        let report = verify(&vault, Level::Full, None, &|_, _| {}).await.unwrap();
        assert!(report.is_well(), "{report:?}");
    }
    // A range cut short in a pack of a store that is not local.
    let (name, size) = second.list("packs").await.unwrap().swap_remove(0);
    let whole = second.need(&name).await.unwrap();
    second.delete(&name).await.unwrap();
    let cut = whole.slice(..size as usize / 2);
    second.put_new(&name, cut).await.unwrap();
    let vault = reopen(second, 8).await;
    let e = read_disk(&vault, &roots[0]).await.unwrap_err();
    assert_eq!(e.code(), Code::VaultDamaged, "{e:?}");
}

async fn conforms(store: impl Fn(&str) -> Store) {
    keeps_its_word(&store("suite")).await;
    holds_a_vault(&store("first"), &store("second")).await;
}

fn below(all: &Arc<dyn ObjectStore>, prefix: &str) -> Store {
    Store::new(Arc::new(PrefixStore::new(Arc::clone(all), prefix)))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn memory_conforms() {
    conforms(|_| Store::memory()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_folder_conforms() {
    let folder = tempfile::tempdir().unwrap();
    conforms(|name| Store::local(&folder.path().join(name)).unwrap()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn s3_conforms() {
    let server = tokio::task::spawn_blocking(testkit::stores::s3)
        .await
        .unwrap()
        .unwrap();
    let s3 = AmazonS3Builder::new()
        .with_endpoint(&server.endpoint)
        .with_bucket_name(&server.bucket)
        .with_access_key_id(&server.access_key)
        .with_secret_access_key(&server.secret_key)
        .with_region(&server.region)
        .with_conditional_put(S3ConditionalPut::ETagMatch)
        .with_allow_http(true)
        .build()
        .unwrap();
    let s3: Arc<dyn ObjectStore> = Arc::new(s3);
    conforms(|name| below(&s3, name)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn azure_blob_conforms() {
    let server = tokio::task::spawn_blocking(testkit::stores::azure)
        .await
        .unwrap()
        .unwrap();
    let azure = MicrosoftAzureBuilder::new()
        .with_endpoint(server.endpoint.clone())
        .with_account(&server.account)
        .with_access_key(&server.key)
        .with_container_name(&server.container)
        .with_allow_http(true)
        .build()
        .unwrap();
    let azure: Arc<dyn ObjectStore> = Arc::new(azure);
    conforms(|name| below(&azure, name)).await;
}
