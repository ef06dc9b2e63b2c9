//! Who is logged in, and where: a file for its owner alone.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use base::{Code, Error, Result, private_file};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

/// No login is larger.
const MOST: usize = 1 << 20;

/// A login.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Login {
    /// The server's address.
    pub url: String,
    /// The certificates that are trusted, in PEM; the system's if there are none.
    pub ca: Option<String>,
    /// Who it is, and what renews its tokens, which last an hour.
    #[serde(flatten)]
    pub who: Who,
    /// The subscription.
    #[serde(default)]
    pub subscription: String,
    /// The token that was last given.
    #[serde(default)]
    pub token: String,
}

/// Who has logged in.
#[derive(Clone, Serialize, Deserialize)]
#[serde(untagged, rename_all_fields = "camelCase")]
pub enum Who {
    /// A service principal, and its secret.
    Application { client_id: String, secret: String },
    /// A user. Its password is not kept.
    User { user: String, refresh_token: String },
}

impl Login {
    /// Where it is kept: `STILLPOINT_LOGIN`, else below the user's folder of settings.
    ///
    /// # Errors
    /// `BadArgument` if this user has no home.
    pub fn path() -> Result<PathBuf> {
        let set = |name: &str| std::env::var_os(name).filter(|v: &OsString| !v.is_empty());
        match (set("STILLPOINT_LOGIN"), set("XDG_CONFIG_HOME"), set("HOME")) {
            (Some(file), _, _) => Ok(file.into()),
            (_, Some(dir), _) => Ok(Path::new(&dir).join("stillpoint/login.json")),
            (_, _, Some(home)) => Ok(Path::new(&home).join(".config/stillpoint/login.json")),
            _ => Err(Error::new(
                Code::BadArgument,
                "neither XDG_CONFIG_HOME nor HOME is set: set STILLPOINT_LOGIN to a file",
            )),
        }
    }

    /// Whether somebody has logged in.
    pub fn is_there() -> bool {
        Self::path().is_ok_and(|path| path.exists())
    }

    /// Reads it.
    ///
    /// # Errors
    /// `NotLoggedIn`; `FileAccessDenied` if others may read the file.
    pub fn read(path: &Path) -> Result<Self> {
        if !path.exists() {
            let detail = format!("{} does not exist", path.display());
            return Err(Error::new(Code::NotLoggedIn, detail));
        }
        let bytes = private_file::read(path, MOST)?;
        serde_json::from_slice(&bytes).map_err(|e| {
            let detail = format!("{} can't be read: log in again", path.display());
            Error::new(Code::NotLoggedIn, detail).because(e)
        })
    }

    /// Keeps it, in place of an earlier one.
    ///
    /// # Errors
    /// Those of the file system.
    pub fn write(&self, path: &Path) -> Result<()> {
        let io = |e| Error::io(path.display(), e);
        let text = serde_json::to_string_pretty(self)
            .map_err(|e| Error::new(Code::Internal, "writing the login").because(e))?;
        let text = Zeroizing::new(text);
        if let Some(folder) = path.parent().filter(|f| !f.as_os_str().is_empty()) {
            std::fs::create_dir_all(folder).map_err(io)?;
        }
        // A name of its own: two commands may renew their token at once.
        let new = path.with_extension(format!("{}.new", std::process::id()));
        private_file::create(&new, text.as_bytes())?;
        std::fs::rename(&new, path).map_err(io)
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_login_is_for_its_owner_alone_and_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/login.json");
        assert_eq!(Login::read(&path).err().unwrap().code(), Code::NotLoggedIn);
        let mut login = Login {
            url: "https://a".to_owned(),
            ca: None,
            who: Who::User {
                user: "u".to_owned(),
                refresh_token: "r".to_owned(),
            },
            subscription: String::new(),
            token: String::new(),
        };
        login.write(&path).unwrap();
        login.token = "t".to_owned();
        login.write(&path).unwrap();
        let read = Login::read(&path).unwrap();
        assert_eq!(read.token, "t");
        assert!(matches!(read.who, Who::User { user, .. } if user == "u"));
        let mode = path.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let names: Vec<_> = path.parent().unwrap().read_dir().unwrap().collect();
        assert_eq!(names.len(), 1, "{names:?}");
    }
}
