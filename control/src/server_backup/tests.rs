use base::{ManualClock, SeededRandom, private_file};
use jiff::SignedDuration;

use vault::keys::EscrowIdentity;

use super::*;
use crate::scripted::Scripted;
use crate::secrets::KEY_FILE;
use crate::{Control, FirstStart, Options, Start, VaultInput};

fn start(data: &Path, clock: &Arc<ManualClock>, seed: u64) -> Start {
    Start {
        data: data.to_owned(),
        state: None,
        pool: None,
        names: vec!["here".to_owned()],
        host: "a".to_owned(),
        connection: "test:///a".to_owned(),
        clock: clock.clone(),
        random: Arc::new(SeededRandom::new(seed)),
        plane: Arc::new(Scripted::new(clock.clone())),
        options: Options::default(),
    }
}

/// A server with the vault `v1`, and what its first start showed.
async fn server(data: &Path, clock: &Arc<ManualClock>) -> (Control, FirstStart, String) {
    let mut shown = None;
    let keep = async |first: &FirstStart, _: &str| {
        shown = Some(first.clone());
        Ok(())
    };
    let (control, authority, _) = Control::open(start(data, clock, 1), keep).await.unwrap();
    let input = VaultInput {
        location: Some("onprem".to_owned()),
        ..VaultInput::default()
    };
    control.put_vault("default", "v1", input).await.unwrap();
    (control, shown.unwrap(), authority)
}

fn clock() -> Arc<ManualClock> {
    Arc::new(ManualClock::new("2026-03-01T12:00:00Z".parse().unwrap()))
}

#[tokio::test]
async fn a_server_comes_back_with_its_authority_its_keys_and_another_id() {
    let folder = tempfile::tempdir().unwrap();
    let (old, new) = (folder.path().join("old"), folder.path().join("new"));
    std::fs::create_dir(&old).unwrap();
    let clock = clock();
    let (control, shown, authority) = server(&old, &clock).await;
    std::fs::write(old.join("server.toml"), "a = 1\n").unwrap();
    let random: Arc<dyn Random> = Arc::new(SeededRandom::new(5));
    let offline = Offline::open(
        &old,
        None,
        &KeySource::Folder,
        clock.clone(),
        random.clone(),
    );
    let file = folder.path().join("backup");
    offline.await.unwrap().backup(&file, None).await.unwrap();
    let identity = || EscrowIdentity::Age(Zeroizing::new(shown.recovery_key.clone()));
    let restore_with = |data: PathBuf, key: KeySource, identity| {
        let (file, clock, random) = (file.clone(), clock.clone(), random.clone());
        async move { restore_server(&file, &data, None, &key, identity, clock, random).await }
    };
    let restore = |data, identity| restore_with(data, KeySource::Folder, identity);
    let other = EscrowIdentity::Age(vault::keys::new_age_identity().0);
    let refused = restore(new.clone(), other).await.unwrap_err();
    assert_eq!(refused.code(), Code::PassphraseWrong);
    assert_eq!(std::fs::read_dir(&new).unwrap().count(), 0);
    let refused = restore(old.clone(), identity()).await.unwrap_err();
    assert_eq!(refused.code(), Code::StateNotEmpty);

    // Its key goes where the server's is to be, and no other is replaced.
    let text = std::fs::read_to_string(old.join(KEY_FILE)).unwrap();
    let apart = folder.path().join("apart.key");
    let other = "0".repeat(64);
    private_file::create(&apart, other.as_bytes()).unwrap();
    for key in [
        KeySource::File(apart.clone()),
        KeySource::Text(Zeroizing::new(other.clone())),
    ] {
        let refused = restore_with(new.clone(), key, identity())
            .await
            .unwrap_err();
        assert_eq!(refused.code(), Code::ServerKeyInvalid);
        assert_eq!(std::fs::read_dir(&new).unwrap().count(), 0);
    }
    assert_eq!(std::fs::read_to_string(&apart).unwrap(), other);
    std::fs::remove_file(&apart).unwrap();
    // Made, and then found there.
    for name in ["new1", "new2"] {
        let new = folder.path().join(name);
        let key = KeySource::File(apart.clone());
        restore_with(new.clone(), key, identity()).await.unwrap();
        assert!(!new.join(KEY_FILE).exists());
        assert_eq!(std::fs::read_to_string(&apart).unwrap(), text);
    }

    // One that was cut short is no server, and is replaced.
    std::fs::write(new.join(RESTORING), "").unwrap();
    std::fs::write(new.join(KEY_FILE), "half").unwrap();
    let never = async |_: &FirstStart, _: &str| -> Result<()> { panic!("a first start") };
    let cut = Control::open(start(&new, &clock, 2), never)
        .await
        .unwrap_err();
    assert_eq!(cut.code(), Code::StateDamaged);
    let restored = restore(new.clone(), identity()).await.unwrap();
    assert_eq!(
        (&*restored.vaults, restored.jobs),
        (&["v1".to_owned()][..], 0)
    );
    let never = async |_: &FirstStart, _: &str| -> Result<()> { panic!("a first start") };
    let (again, ca, _) = Control::open(start(&new, &clock, 2), never).await.unwrap();
    assert_eq!(ca, authority);
    assert_eq!(again.tenant(), control.tenant());
    assert_eq!(again.signing_key(), control.signing_key());
    assert_ne!(again.server.id, control.server.id);
    assert_eq!(
        std::fs::read_to_string(new.join("server.toml")).unwrap(),
        "a = 1\n"
    );
    let mut tx = again.state.read().await.unwrap();
    let vault = again.vault("default", "v1").await.unwrap();
    assert!(
        !again
            .is_adopted(&mut tx, vault.body.store_vault)
            .await
            .unwrap()
    );
}

#[tokio::test]
async fn a_backup_is_made_each_day_and_fourteen_stay() {
    let folder = tempfile::tempdir().unwrap();
    let clock = clock();
    let (control, ..) = server(folder.path(), &clock).await;
    for _ in 0..16 {
        assert!(control.back_up_daily().await.unwrap().is_some());
        clock.advance(SignedDuration::from_hours(23));
        assert_eq!(control.back_up_daily().await.unwrap(), None);
        clock.advance(SignedDuration::from_hours(1));
    }
    let backups = folder.path().join("pool/server-backups");
    let names = std::fs::read_dir(backups).unwrap();
    let mut names: Vec<String> = names
        .map(|e| e.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names.len(), 14);
    assert_eq!(names[0], "server-20260303T120000Z.age");
    let left = std::fs::read_dir(folder.path()).unwrap();
    let partial = |e: &std::fs::DirEntry| e.file_name().to_string_lossy().contains("partial");
    assert!(!left.map(Result::unwrap).any(|e| partial(&e)));
}
