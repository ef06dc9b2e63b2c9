//! What the word STORE may be: a folder, or a bucket of S3 or Azure Blob Storage.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use base::{Code, Error, Result};
use object_store::prefix::PrefixStore;
use url::Url;
use vault::{Locked, Store};

/// A store at `place` that is to be made or written to. A folder is made if needed.
///
/// # Errors
/// `BadArgument` for an address that is not understood; those of the folder.
pub fn make(place: &str) -> Result<Store> {
    match address(place)? {
        Address::Folder(path) => Store::local(&path),
        Address::Bucket(url) => bucket(&url),
    }
}

/// A store at `place` that should be there.
///
/// # Errors
/// `NotAVault` if the folder does not exist; `BadArgument`; those of the folder.
pub fn existing(place: &str) -> Result<Store> {
    match address(place)? {
        Address::Folder(path) if !path.is_dir() => {
            let what = if path.exists() {
                "is no folder"
            } else {
                "does not exist"
            };
            Err(Error::new(
                Code::NotAVault,
                format!("{} {what}", path.display()),
            ))
        }
        Address::Folder(path) => Store::local(&path),
        Address::Bucket(url) => bucket(&url),
    }
}

/// Looks at the vault at `place`.
///
/// # Errors
/// `NotAVault`, `VaultTooNew`, `Integrity`; those of the store.
pub async fn open(place: &str) -> Result<Locked> {
    Locked::open(existing(place)?).await
}

enum Address {
    Folder(PathBuf),
    Bucket(Url),
}

fn address(place: &str) -> Result<Address> {
    let Some((scheme, rest)) = place.split_once("://") else {
        return Ok(Address::Folder(PathBuf::from(place)));
    };
    match scheme {
        "file" => Ok(Address::Folder(Path::new(rest).to_owned())),
        "s3" | "az" => match Url::parse(place) {
            Ok(url) if url.host_str().is_some_and(|h| !h.is_empty()) => Ok(Address::Bucket(url)),
            _ => Err(unknown(place)),
        },
        _ => Err(unknown(place)),
    }
}

fn unknown(place: &str) -> Error {
    let what = format!(
        "`{place}` is no store: give a folder, s3://BUCKET/PREFIX or az://CONTAINER/PREFIX"
    );
    Error::new(Code::BadArgument, what)
}

/// Credentials and endpoints come from the environment, by the names that the clouds' own
/// tools use (`AWS_…`, `AZURE_…`).
fn bucket(url: &Url) -> Result<Store> {
    let options = std::env::vars_os().filter_map(|(name, value)| {
        let name = name.into_string().ok()?.to_ascii_lowercase();
        (name.starts_with("aws_") || name.starts_with("azure_")).then_some(())?;
        Some((name, value.into_string().ok()?))
    });
    let (inner, prefix) = object_store::parse_url_opts(url, options)
        .map_err(|e| Error::new(Code::BadArgument, format!("{url}: {e}")).because(e))?;
    if prefix.as_ref().is_empty() {
        return Ok(Store::new(Arc::from(inner)));
    }
    Ok(Store::new(Arc::new(PrefixStore::new(inner, prefix))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_with_an_unknown_scheme_is_not_taken_for_a_folder() {
        for place in ["gs://bucket", "s3://", "http://host/x"] {
            assert_eq!(
                make(place).unwrap_err().code(),
                Code::BadArgument,
                "{place}"
            );
        }
    }

    #[test]
    fn looking_for_a_vault_makes_no_folder() {
        let dir = tempfile::tempdir().unwrap();
        let missing = dir.path().join("vault");
        let e = existing(missing.to_str().unwrap()).unwrap_err();
        assert_eq!(e.code(), Code::NotAVault);
        assert!(!missing.exists());
    }
}
