//! The control plane over records of its own.
#![allow(clippy::unwrap_used, reason = "a test that can't go on fails")]

use std::path::Path;
use std::sync::Arc;

use base::{Code, ManualClock, Result, SeededRandom};
use control::{Control, FirstStart, GroupInput, HostPlane, Start, VaultChange, VaultInput};
use jiff::{SignedDuration, Timestamp};

struct World {
    folder: tempfile::TempDir,
    clock: Arc<ManualClock>,
    random: Arc<SeededRandom>,
}

impl World {
    fn new() -> Self {
        let start: Timestamp = "2026-03-01T12:00:00Z".parse().unwrap();
        Self {
            folder: tempfile::tempdir().unwrap(),
            clock: Arc::new(ManualClock::new(start)),
            random: Arc::new(SeededRandom::new(1)),
        }
    }

    fn data(&self) -> &Path {
        self.folder.path()
    }

    fn plane(&self) -> Arc<HostPlane> {
        let folder = self.data().to_owned();
        Arc::new(HostPlane::new(
            folder,
            self.clock.clone(),
            self.random.clone(),
        ))
    }

    /// Opens the records; gives what a first start showed.
    async fn open(&self, name: &str) -> Result<(Control, Option<FirstStart>, Timestamp)> {
        let mut shown = None;
        let start = Start {
            data: self.data().to_owned(),
            state: None,
            pool: None,
            names: vec![name.to_owned()],
            host: "host1".to_owned(),
            connection: "test:///host1".to_owned(),
            clock: self.clock.clone(),
            random: self.random.clone(),
            plane: self.plane(),
            options: control::Options::default(),
        };
        let keep = async |first: &FirstStart, _: &str| {
            shown = Some(first.clone());
            Ok(())
        };
        let (control, _, served) = Control::open(start, keep).await?;
        Ok((control, shown, served.ends))
    }
}

fn here() -> GroupInput {
    GroupInput {
        location: Some("On-premises".to_owned()),
        tags: None,
    }
}

#[tokio::test]
async fn the_first_start_is_the_only_one_and_its_owner_may_do_everything() {
    let world = World::new();
    let (control, shown, _) = world.open("here").await.unwrap();
    let shown = shown.unwrap();
    let client = shown.client_id.to_string();
    let owner = control.log_in_app(&client, &shown.secret).await.unwrap();
    let id = control.vault_id("default", "v1");
    let delete = "Microsoft.RecoveryServices/vaults/delete";
    control.authorize(&owner, delete, &id).await.unwrap();
    let tenant = control.tenant();
    drop(control);
    let (again, shown_again, _) = world.open("here").await.unwrap();
    assert_eq!(again.tenant(), tenant);
    assert!(shown_again.is_none());
    again.log_in_app(&client, &shown.secret).await.unwrap();
    let mut nobody = owner.clone();
    nobody.id = again.new_id();
    let error = again.authorize(&nobody, delete, &id).await.unwrap_err();
    assert_eq!(error.code(), Code::AuthorizationFailed);
    assert!(error.detail().contains(delete), "{error}");
}

#[tokio::test]
async fn a_start_that_was_cut_short_before_its_records_begins_anew() {
    let world = World::new();
    let start = Start {
        data: world.data().to_owned(),
        state: None,
        pool: None,
        names: vec!["here".to_owned()],
        host: "host1".to_owned(),
        connection: "test:///host1".to_owned(),
        clock: world.clock.clone(),
        random: world.random.clone(),
        plane: world.plane(),
        options: control::Options::default(),
    };
    let keep = async |_: &FirstStart, _: &str| {
        Err(base::Error::new(Code::NoSpace, "no room for the secrets"))
    };
    let error = Control::open(start, keep).await.unwrap_err();
    assert_eq!(error.code(), Code::NoSpace);
    let (control, shown, _) = world.open("here").await.unwrap();
    let shown = shown.unwrap();
    let client = shown.client_id.to_string();
    control.log_in_app(&client, &shown.secret).await.unwrap();
}

#[tokio::test]
async fn a_certificate_is_made_anew_a_month_before_its_end_and_for_another_name() {
    let world = World::new();
    let (control, _, first) = world.open("here").await.unwrap();
    let names = ["here".to_owned()];
    assert_eq!(control.certificate(&names).await.unwrap().ends, first);
    world.clock.advance(SignedDuration::from_hours(24 * 61));
    let renewed = control.certificate(&names).await.unwrap();
    assert!(renewed.ends > first);
    let other = control.certificate(&["there".to_owned()]).await.unwrap();
    assert_eq!(other.names, ["there"]);
}

#[tokio::test]
async fn wrong_secrets_are_refused_and_lock_nobody_out() {
    let world = World::new();
    let (control, shown, _) = world.open("here").await.unwrap();
    let shown = shown.unwrap();
    let client = shown.client_id.to_string();
    for (id, secret) in [
        (client.as_str(), "wrong"),
        (client.as_str(), ""),
        ("nobody", shown.secret.as_str()),
        ("\0", shown.secret.as_str()),
        (
            "00000000-0000-0000-0000-000000000000",
            shown.secret.as_str(),
        ),
    ] {
        let error = control.log_in_app(id, secret).await.unwrap_err();
        assert_eq!(error.code(), Code::LoginFailed, "{id:?}");
    }
    control.log_in_app(&client, &shown.secret).await.unwrap();
    let loud = client.to_uppercase();
    control.log_in_app(&loud, &shown.secret).await.unwrap();
}

#[tokio::test]
async fn vault_2_3_7_names_and_places_are_checked_and_nothing_is_left_of_what_was_refused() {
    let world = World::new();
    let (control, ..) = world.open("here").await.unwrap();
    control.put_group("rg1", here()).await.unwrap();
    let input = || VaultInput {
        location: Some("onprem".to_owned()),
        ..VaultInput::default()
    };
    let (vault, made) = control.put_vault("RG1", "Vault", input()).await.unwrap();
    assert!(made);
    assert_eq!(vault.parent, control.group_id("rg1").to_lowercase());
    let (same, made) = control.put_vault("rg1", "vault", input()).await.unwrap();
    assert!(!made);
    assert_eq!((same.name.as_str(), same.revision), ("Vault", 2));
    let elsewhere = VaultInput {
        location: Some("moon".to_owned()),
        ..VaultInput::default()
    };
    let short_lived = VaultInput {
        location: Some("onprem".to_owned()),
        change: VaultChange {
            soft_delete_days: Some(1),
            ..VaultChange::default()
        },
    };
    for (group, name, input, code) in [
        ("default", "VAULT", input(), Code::NameTaken),
        ("rg1", "v", input(), Code::NameInvalid),
        ("rg1", "1vault", input(), Code::NameInvalid),
        ("rg2", "v2", input(), Code::GroupNotFound),
        ("rg1", "v2", elsewhere, Code::LocationUnknown),
        ("rg1", "v2", VaultInput::default(), Code::LocationUnknown),
        ("rg1", "v2", short_lived, Code::BadArgument),
    ] {
        let error = control.put_vault(group, name, input).await.unwrap_err();
        assert_eq!(error.code(), code, "{group} {name}: {error}");
    }
    let stores = std::fs::read_dir(world.data().join("pool")).unwrap();
    assert_eq!(stores.count(), 1);
    assert_eq!(control.vaults(None, None, 10).await.unwrap().len(), 1);
    let held = control.delete_group("rg1").await.unwrap_err();
    assert_eq!(held.code(), Code::ResourceInUse);
    control.delete_vault("rg1", "vault", None).await.unwrap();
    control.delete_group("rg1").await.unwrap();
    let gone = control.vault("rg1", "vault").await.unwrap_err();
    assert_eq!(gone.code(), Code::ResourceNotFound);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_vault_that_is_asked_for_many_times_at_once_is_made_once() {
    let world = World::new();
    let (control, ..) = world.open("here").await.unwrap();
    control.put_group("rg1", here()).await.unwrap();
    let control = Arc::new(control);
    let asked = |group: &'static str| {
        let control = Arc::clone(&control);
        tokio::spawn(async move {
            let input = VaultInput {
                location: Some("onprem".to_owned()),
                ..VaultInput::default()
            };
            control.put_vault(group, "v1", input).await
        })
    };
    let all: Vec<_> = (0..6).map(|_| asked("default")).collect();
    let mut made = 0;
    for one in all {
        made += usize::from(one.await.unwrap().unwrap().1);
    }
    assert_eq!(made, 1);
    let taken = asked("rg1").await.unwrap().unwrap_err();
    assert_eq!(taken.code(), Code::NameTaken);
    let stores = std::fs::read_dir(world.data().join("pool")).unwrap();
    assert_eq!(stores.count(), 1);
}
