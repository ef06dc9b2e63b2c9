//! The server's key, which wraps every other secret that it keeps.
//!
//! Records hold no secret in the clear: whoever reads a copy of them without the server's key
//! learns neither vault keys nor what signs tokens. What is wrapped names what it is, so one
//! secret can't be put in another's place.

use std::path::Path;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use base::{Code, Error, Random, Result, private_file};
use state::vaults::Vault;
use zeroize::Zeroizing;

/// The file of the server's key in its folder.
pub(crate) const KEY_FILE: &str = "server.key";

/// Bytes of a key.
const KEY: usize = 32;

/// Wraps and opens secrets.
pub struct ServerKey {
    key: LessSafeKey,
    text: Zeroizing<String>,
}

impl std::fmt::Debug for ServerKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ServerKey")
    }
}

impl ServerKey {
    /// The key of these 64 hexadecimal digits.
    ///
    /// # Errors
    /// `ServerKeyInvalid`.
    pub fn from_text(text: &str) -> Result<Self> {
        let mut bytes = Zeroizing::new([0; KEY]);
        hex::decode_to_slice(text.trim(), bytes.as_mut_slice()).map_err(|_| {
            Error::new(
                Code::ServerKeyInvalid,
                "the key is not 64 hexadecimal digits",
            )
        })?;
        let key = UnboundKey::new(&AES_256_GCM, bytes.as_slice())
            .map_err(|_| Error::new(Code::Internal, "making the server's key"))?;
        Ok(Self {
            key: LessSafeKey::new(key),
            text: Zeroizing::new(text.trim().to_owned()),
        })
    }

    /// The key in the file `path`, which is made, for its owner alone, if `make` says so and it
    /// is not there. It is durable when this returns.
    ///
    /// # Errors
    /// `FileAccessDenied` if others may read it; `ServerKeyInvalid` if it holds no key;
    /// `FileNotFound`; those of the file system.
    pub fn of_file(path: &Path, make: bool, random: &dyn Random) -> Result<Self> {
        if make && !path.exists() {
            let key = Zeroizing::new(hex::encode(random.bytes::<KEY>()));
            match private_file::create(path, key.as_bytes()) {
                // Another server was first.
                Err(e) if e.code() == Code::TargetExists => {}
                made => made?,
            }
        }
        Self::read(path)
    }

    /// The key in the file `path`.
    ///
    /// # Errors
    /// As [`ServerKey::of_file`].
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let bytes = private_file::read(path, 4 * KEY)?;
        let text = Zeroizing::new(String::from_utf8_lossy(&bytes).into_owned());
        Self::from_text(&text).map_err(|e| e.during(path.display()))
    }

    /// The key as [`ServerKey::from_text`] takes it.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The text of the key file that opens a vault.
    ///
    /// # Errors
    /// `ServerKeyInvalid`.
    pub(crate) fn vault_key(&self, vault: &Vault) -> Result<Zeroizing<String>> {
        let name = format!("vault {}", vault.store_vault);
        let key = self.open(&name, &vault.wrapped_key)?;
        let key = String::from_utf8(key.to_vec()).map_err(|e| {
            let detail = format!("the key of vault {} is no text", vault.store_vault);
            Error::new(Code::ServerKeyInvalid, detail).because(e)
        })?;
        Ok(Zeroizing::new(key))
    }

    /// Wraps the secret called `name`.
    #[must_use]
    pub fn wrap(&self, name: &str, secret: &[u8], random: &dyn Random) -> String {
        let nonce = random.bytes::<NONCE_LEN>();
        let mut sealed = secret.to_vec();
        self.key
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(name.as_bytes()),
                &mut sealed,
            )
            .expect("a secret is short");
        hex::encode([&nonce[..], &sealed].concat())
    }

    /// Opens what [`ServerKey::wrap`] made under this name.
    ///
    /// # Errors
    /// `ServerKeyInvalid` if another key wrapped it, or it was changed.
    pub fn open(&self, name: &str, wrapped: &str) -> Result<Zeroizing<Vec<u8>>> {
        let wrong = || {
            let detail = format!("the server's key does not open the secret `{name}`");
            Error::new(Code::ServerKeyInvalid, detail)
        };
        let bytes = hex::decode(wrapped).map_err(|_| wrong())?;
        let (nonce, sealed) = bytes.split_at_checked(NONCE_LEN).ok_or_else(wrong)?;
        let mut secret = Zeroizing::new(sealed.to_vec());
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| wrong())?;
        let len = self
            .key
            .open_in_place(nonce, Aad::from(name.as_bytes()), &mut secret)
            .map_err(|_| wrong())?
            .len();
        secret.truncate(len);
        Ok(secret)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::SeededRandom;

    #[test]
    fn a_secret_opens_by_its_key_and_its_name_only() {
        let random = SeededRandom::new(1);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("server.key");
        let key = ServerKey::of_file(&path, true, &random).unwrap();
        let wrapped = key.wrap("signing", b"abc", &random);
        let again = ServerKey::of_file(&path, true, &random).unwrap();
        assert_eq!(*again.open("signing", &wrapped).unwrap(), b"abc");
        let other = ServerKey::from_text(&"0".repeat(64)).unwrap();
        for error in [
            again.open("other", &wrapped).unwrap_err(),
            other.open("signing", &wrapped).unwrap_err(),
            again.open("signing", &wrapped[2..]).unwrap_err(),
            again.open("signing", "00").unwrap_err(),
            again.open("signing", "zz").unwrap_err(),
        ] {
            assert_eq!(error.code(), Code::ServerKeyInvalid);
        }
    }

    #[test]
    fn a_key_that_is_missing_or_that_others_may_read_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("server.key");
        let random = SeededRandom::new(1);
        let missing = ServerKey::of_file(&path, false, &random).unwrap_err();
        assert_eq!(missing.code(), Code::FileNotFound);
        ServerKey::of_file(&path, true, &random).unwrap();
        let open = std::os::unix::fs::PermissionsExt::from_mode(0o640);
        std::fs::set_permissions(&path, open).unwrap();
        let error = ServerKey::of_file(&path, true, &random).unwrap_err();
        assert_eq!(error.code(), Code::FileAccessDenied);
    }
}
