//! How secrets are given.

use std::path::Path;
use std::sync::Arc;

use base::{Code, Error, Result, SystemRandom, durable};
use vault::Locked;
use vault::keys::{
    EscrowIdentity, EscrowRecipient, HostKey, KeyFile, KeyObject, Keyring, Passphrase, Unlock,
    VaultKeys, import_age,
};
use zeroize::Zeroizing;

use crate::settings::{Secret, Settings};
use crate::terminal;

/// The first line of a file.
fn passphrase_in(file: &Path) -> Result<Passphrase> {
    let text = std::fs::read_to_string(file).map_err(|e| Error::io(file.display(), e))?;
    let text = Zeroizing::new(text);
    let line = text.split('\n').next().unwrap_or_default();
    Passphrase::new(line.strip_suffix('\r').unwrap_or(line)).map_err(|e| e.during(file.display()))
}

fn asked(answer: &Zeroizing<String>) -> Result<Passphrase> {
    Passphrase::new(answer.as_str())
}

/// Runs what blocks: asking people, argon2id.
pub async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|e| Error::new(Code::Internal, "a thread died").because(e))?
}

/// What answers for the passphrase of a vault.
const OPTIONS: &str = "--passphrase-file, --key-file or --key";

/// What opens an existing vault's key object: a passphrase or key file.
async fn unlock(secret: &Secret) -> Result<Unlock> {
    match secret {
        Secret::KeyFile(file) => Ok(Unlock::KeyFile(KeyFile::read(file)?)),
        Secret::PassphraseFile(file) => Ok(Unlock::Passphrase(passphrase_in(file)?)),
        Secret::HostKey(_) | Secret::Ask | Secret::Export { .. } => {
            let answer = blocking(|| terminal::ask("Passphrase of the vault", OPTIONS)).await?;
            Ok(Unlock::Passphrase(asked(&answer)?))
        }
    }
}

/// The keys of a vault, with the vault key: for changes of keys. A host key is not enough.
///
/// # Errors
/// `PassphraseWrong`, `KeyFileDamaged`, `VaultForeign`, `Integrity`; those of the files.
pub async fn vault_keys(settings: &Settings, locked: &Locked) -> Result<(VaultKeys, Opened)> {
    if let Secret::Export { file, identity } = &settings.secret {
        let keys = exported(settings, file, identity.as_deref()).await?;
        if keys.vault_id() != locked.descriptor().vault_id {
            let what = format!(
                "{} holds the keys of vault {}",
                file.display(),
                keys.vault_id()
            );
            return Err(Error::new(Code::VaultForeign, what));
        }
        return Ok((keys, Opened::Export));
    }
    let unlock = unlock(&settings.secret).await?;
    let (object, how) = (locked.key_object().clone(), unlock.clone());
    let keys = blocking(move || object.unlock(&how)).await?;
    Ok((keys, Opened::Slot(unlock)))
}

/// How a vault's keys were got.
#[derive(Debug)]
pub enum Opened {
    /// From its key object, by this.
    Slot(Unlock),
    /// From a key export.
    Export,
}

/// The keys to read and write with.
///
/// # Errors
/// As [`vault_keys`].
pub async fn ring(settings: &Settings, locked: &Locked) -> Result<Arc<Keyring>> {
    if let Secret::HostKey(file) = &settings.secret {
        let key = HostKey::read(file)?;
        let (own, wanted) = (key.vault_id(), locked.descriptor().vault_id);
        if own != wanted {
            let what = format!(
                "{} belongs to vault {own}, {} is vault {wanted}",
                file.display(),
                locked.store()
            );
            return Err(Error::new(Code::VaultForeign, what));
        }
        return Ok(Arc::new(Keyring::from_host_key(&key)));
    }
    let (keys, _) = vault_keys(settings, locked).await?;
    Ok(Arc::new(Keyring::from_vault_keys(&keys)))
}

/// The keys to read with, from whichever of these key objects of a store opens; a host key or
/// key export needs none.
///
/// # Errors
/// `KeyObjectLost` if there is no key object and none of the others was given; `PassphraseWrong`
/// if none opens; those of the files.
pub async fn any_ring(
    settings: &Settings,
    objects: &[KeyObject],
    place: &str,
) -> Result<Arc<Keyring>> {
    match &settings.secret {
        Secret::HostKey(file) => {
            return Ok(Arc::new(Keyring::from_host_key(&HostKey::read(file)?)));
        }
        Secret::Export { file, identity } => {
            let keys = exported(settings, file, identity.as_deref()).await?;
            return Ok(Arc::new(Keyring::from_vault_keys(&keys)));
        }
        Secret::KeyFile(_) | Secret::PassphraseFile(_) | Secret::Ask => {}
    }
    let mut last = Error::new(
        Code::KeyObjectLost,
        format!("{place} has no key object that can be read"),
    );
    if objects.is_empty() {
        return Err(last);
    }
    let unlock = unlock(&settings.secret).await?;
    for object in objects {
        let (object, how) = (object.clone(), unlock.clone());
        match blocking(move || object.unlock(&how)).await {
            Ok(keys) => return Ok(Arc::new(Keyring::from_vault_keys(&keys))),
            Err(e) => last = e,
        }
    }
    Err(last)
}

async fn exported(settings: &Settings, file: &Path, identity: Option<&Path>) -> Result<VaultKeys> {
    let bytes = std::fs::read(file).map_err(|e| Error::io(file.display(), e))?;
    let opener = identity_of(settings, identity, "Passphrase of the key export").await?;
    blocking(move || import_age(&bytes, &opener)).await
}

/// What opens a sealed file: --identity, --passphrase-file, or a passphrase that is asked for.
///
/// # Errors
/// Those of the files; `KeyMissing` without a terminal.
pub async fn opener(settings: &Settings, question: &'static str) -> Result<EscrowIdentity> {
    identity_of(settings, settings.global.identity.as_deref(), question).await
}

async fn identity_of(
    settings: &Settings,
    identity: Option<&Path>,
    question: &'static str,
) -> Result<EscrowIdentity> {
    match (identity, &settings.global.passphrase_file) {
        (Some(identity), _) => {
            let text =
                std::fs::read_to_string(identity).map_err(|e| Error::io(identity.display(), e))?;
            Ok(EscrowIdentity::Age(Zeroizing::new(text)))
        }
        (None, Some(pass)) => Ok(EscrowIdentity::Passphrase(passphrase_in(pass)?)),
        (None, None) => {
            let options = "--passphrase-file (it holds that passphrase) or --identity";
            let answer = blocking(move || terminal::ask(question, options)).await?;
            Ok(EscrowIdentity::Passphrase(asked(&answer)?))
        }
    }
}

/// For whom something is sealed: recipients, or a new passphrase from a file or the terminal.
///
/// # Errors
/// As [`new_passphrase`].
pub async fn recipient(names: Vec<String>, file: Option<&Path>) -> Result<EscrowRecipient> {
    if !names.is_empty() {
        return Ok(EscrowRecipient::Age(names));
    }
    let question = "Passphrase of the export";
    let new = new_passphrase(file, question, "--new-passphrase-file or --recipient").await?;
    Ok(EscrowRecipient::Passphrase(new))
}

/// The passphrase in a file, as a recipient.
///
/// # Errors
/// Those of the file.
pub fn passphrase_of(file: &Path) -> Result<EscrowRecipient> {
    passphrase_in(file).map(EscrowRecipient::Passphrase)
}

/// What is to open a new vault.
///
/// # Errors
/// `BadArgument` if only a host key was given; those of the files.
pub async fn first(secret: &Secret) -> Result<Unlock> {
    match secret {
        Secret::KeyFile(file) => Ok(Unlock::KeyFile(key_file(file)?)),
        Secret::PassphraseFile(file) => Ok(Unlock::Passphrase(passphrase_in(file)?)),
        _ => new_passphrase(
            None,
            "Passphrase of the new vault",
            "--passphrase-file or --key-file",
        )
        .await
        .map(Unlock::Passphrase),
    }
}

/// A new passphrase from a file, or asked for twice.
///
/// # Errors
/// `BadArgument`, `KeyMissing` without a terminal; those of the file.
pub async fn new_passphrase(
    file: Option<&Path>,
    question: &'static str,
    options: &'static str,
) -> Result<Passphrase> {
    match file {
        Some(file) => passphrase_in(file),
        None => asked(&blocking(move || terminal::ask_new(question, options)).await?),
    }
}

/// The key file at this path, which is made if it is not there.
///
/// # Errors
/// `KeyFileDamaged`, `FileAccessDenied`; those of the file system.
pub fn key_file(path: &Path) -> Result<KeyFile> {
    if path.exists() {
        let file = KeyFile::read(path)?;
        // A process that was killed while it made it may have left it visible only.
        durable::sync(path)?;
        durable::sync_way(path)?;
        return Ok(file);
    }
    let file = KeyFile::new(&SystemRandom);
    file.write(path)?;
    Ok(file)
}
