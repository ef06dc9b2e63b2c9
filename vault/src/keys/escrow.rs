//! Export of all keys for escrow, in age's format.

use std::io::{Read, Write};

use age::armor::{ArmoredReader, ArmoredWriter, Format};
use age::secrecy::SecretString;
use base::{Code, Error, Result, VaultId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::document::{self, MAX_LEN, VERSION};
use super::secret::Secret;
use super::vault_keys::HeldKey;
use super::{DataKey, DataKeyUse, Passphrase, VaultKeys};

const KIND: &str = "stillpoint-escrow";
/// scrypt's work factor (2^18), as the age tool uses for passphrases.
const WORK_FACTOR: u8 = 18;
/// The age tool opens no more either.
const MAX_WORK_FACTOR: u8 = 22;

/// For whom an export is encrypted.
#[derive(Debug, Clone)]
pub enum EscrowRecipient {
    /// Whoever knows the passphrase.
    Passphrase(Passphrase),
    /// Whoever holds the identity of any of these age recipients (`age1…`).
    Age(Vec<String>),
}

/// What opens an export.
#[derive(Clone)]
pub enum EscrowIdentity {
    /// The passphrase.
    Passphrase(Passphrase),
    /// The text of an age identity file: a line `AGE-SECRET-KEY-1…` for each identity;
    /// empty lines and those that begin with `#` don't count.
    Age(Zeroizing<String>),
}

impl std::fmt::Debug for EscrowIdentity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("EscrowIdentity(..)")
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Document {
    kind: String,
    version: u32,
    vault_id: VaultId,
    exported_at: Timestamp,
    vault_key: Secret,
    id_key: Secret,
    data_keys: Vec<ExportedKey>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ExportedKey {
    number: u32,
    r#use: DataKeyUse,
    label: String,
    created_at: Timestamp,
    key: Secret,
}

/// All keys of the vault as an armored age file, readable by the standard `age` tool.
///
/// Inside is one JSON object on a line and its checksum on the next:
///
/// ```text
/// {"kind":"stillpoint-escrow","version":1,"vaultId":UUID,"exportedAt":TIME,
///  "vaultKey":HEX,"idKey":HEX,
///  "dataKeys":[{"number":N,"use":"vault"|"host","label":TEXT,"createdAt":TIME,"key":HEX},…]}⏎
/// 64 hex digits⏎                                 BLAKE3 (no key) of all bytes before this line
/// ```
///
/// age draws its own randomness from the system. A passphrase costs a scrypt of 2^18 (about
/// a second, 256 MiB): not for an async thread.
///
/// # Errors
/// [`Code::BadArgument`] if there is no recipient, or one is not an X25519 recipient.
pub fn export_age(
    keys: &VaultKeys,
    recipient: &EscrowRecipient,
    now: Timestamp,
) -> Result<Vec<u8>> {
    let text = document::encode(&Document {
        kind: KIND.to_owned(),
        version: VERSION,
        vault_id: keys.vault_id(),
        exported_at: now,
        vault_key: keys.vault_key().clone(),
        id_key: keys.id_key().clone(),
        data_keys: keys
            .data_keys()
            .iter()
            .map(|k| ExportedKey {
                number: k.number,
                r#use: k.used_by,
                label: k.label.clone(),
                created_at: k.created_at,
                key: k.key.secret().clone(),
            })
            .collect(),
    });
    let encryptor = encryptor(recipient)?;
    encrypt(encryptor, &text)
        .map_err(|e| Error::new(Code::Internal, "escrow export: age failed").because(e))
}

/// What encrypts for a recipient.
///
/// # Errors
/// [`Code::BadArgument`] if there is no recipient, or one is not an X25519 recipient.
pub(super) fn encryptor(recipient: &EscrowRecipient) -> Result<age::Encryptor> {
    let recipients: Vec<Box<dyn age::Recipient>> = match recipient {
        EscrowRecipient::Passphrase(passphrase) => {
            let mut one = age::scrypt::Recipient::new(secret_string(passphrase));
            one.set_work_factor(WORK_FACTOR);
            vec![Box::new(one)]
        }
        EscrowRecipient::Age(names) => names
            .iter()
            .map(|name| match name.parse::<age::x25519::Recipient>() {
                Ok(one) => Ok(Box::new(one) as Box<dyn age::Recipient>),
                Err(why) => Err(Error::new(
                    Code::BadArgument,
                    format!("`{name}` is not an age recipient (age1…): {why}"),
                )),
            })
            .collect::<Result<_>>()?,
    };
    age::Encryptor::with_recipients(recipients.iter().map(|r| &**r as _))
        .map_err(|e| Error::new(Code::BadArgument, format!("no age recipient: {e}")))
}

fn encrypt(encryptor: age::Encryptor, text: &[u8]) -> std::io::Result<Vec<u8>> {
    let armor = ArmoredWriter::wrap_output(Vec::new(), Format::AsciiArmor)?;
    let mut writer = encryptor.wrap_output(armor)?;
    writer.write_all(text)?;
    writer.finish()?.finish()
}

/// The keys in an age file that [`export_age`] made, armored or not (at most 1 MiB). An
/// export passed through the `age` tool and encrypted again is as good.
///
/// # Errors
/// [`Code::PassphraseWrong`] if the passphrase or identity does not open it;
/// [`Code::BadArgument`] if the identity text holds no identity;
/// [`Code::KeyFileDamaged`] if it is damaged or no export; [`Code::VaultTooNew`] if a newer
/// version wrote it.
pub fn import_age(bytes: &[u8], identity: &EscrowIdentity) -> Result<VaultKeys> {
    let damaged = |why: &str| Error::new(Code::KeyFileDamaged, format!("escrow export: {why}"));
    if bytes.len() > MAX_LEN {
        return Err(damaged("it is larger than 1 MiB"));
    }
    let identities = identities(identity)?;
    let refused = |error: age::DecryptError| {
        use age::DecryptError as E;
        let code = match error {
            E::NoMatchingKeys | E::DecryptionFailed | E::KeyDecryptionFailed => {
                Code::PassphraseWrong
            }
            _ => Code::KeyFileDamaged,
        };
        Error::new(code, format!("escrow export: {error}")).because(error)
    };
    let decryptor = age::Decryptor::new_buffered(ArmoredReader::new(bytes)).map_err(refused)?;
    let reader = decryptor
        .decrypt(identities.iter().map(|i| &**i as _))
        .map_err(refused)?;
    let mut text = Zeroizing::new(Vec::with_capacity(bytes.len()));
    reader
        .take(MAX_LEN as u64 + 1)
        .read_to_end(&mut text)
        .map_err(|e| damaged("it is cut short or changed").because(e))?;
    let read: Document = document::decode(&text, KIND, Code::KeyFileDamaged)
        .map_err(|e| e.during("escrow export"))?;
    let data = read
        .data_keys
        .into_iter()
        .map(|k| HeldKey {
            number: k.number,
            used_by: k.r#use,
            label: k.label,
            created_at: k.created_at,
            key: DataKey::new(k.key),
        })
        .collect();
    VaultKeys::new(read.vault_id, read.vault_key, read.id_key, data)
        .ok_or_else(|| damaged("its data keys are not numbered as a vault's are"))
}

/// What decrypts with an identity.
///
/// # Errors
/// [`Code::BadArgument`] if the identity text holds no identity.
pub(super) fn identities(identity: &EscrowIdentity) -> Result<Vec<Box<dyn age::Identity>>> {
    Ok(match identity {
        EscrowIdentity::Passphrase(passphrase) => {
            let mut one = age::scrypt::Identity::new(secret_string(passphrase));
            one.set_max_work_factor(MAX_WORK_FACTOR);
            vec![Box::new(one)]
        }
        EscrowIdentity::Age(text) => parse_identities(text)?,
    })
}

fn parse_identities(text: &str) -> Result<Vec<Box<dyn age::Identity>>> {
    let mut found: Vec<Box<dyn age::Identity>> = Vec::new();
    for line in text.lines().map(str::trim) {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let one: age::x25519::Identity = line.parse().map_err(|why| {
            Error::new(
                Code::BadArgument,
                format!("a line is not an age identity (AGE-SECRET-KEY-1…): {why}"),
            )
        })?;
        found.push(Box::new(one));
    }
    if found.is_empty() {
        return Err(Error::new(
            Code::BadArgument,
            "the text holds no age identity (AGE-SECRET-KEY-1…)",
        ));
    }
    Ok(found)
}

fn secret_string(passphrase: &Passphrase) -> SecretString {
    SecretString::from(passphrase.text().to_owned())
}
