//! Verbs that ask a server: one file for each noun.

mod find;
mod points;
mod restores;
mod watch;

pub mod backups;
pub mod hosts;
pub mod jobs;
pub mod machines;
pub mod policies;
pub mod protection;
pub mod vaults;

pub use points::list as list_points;
pub use points::show as show_point;
pub use restores::disks as restore_disks;

use base::{Code, Error, Result, private_file};
use serde_json::Value;

use crate::cli::LoginWords;
use crate::client::{Client, Login};
use crate::output;
use crate::settings::Settings;
use crate::terminal::ask;

/// No secret is longer.
const MOST: usize = 4096;

/// `stillpoint login`
pub async fn log_in(settings: &Settings, words: LoginWords) -> Result<()> {
    let ca = words
        .ca
        .as_deref()
        .map(|file| std::fs::read_to_string(file).map_err(|e| Error::io(file.display(), e)));
    let secret = match (&words.secret_file, std::env::var("STILLPOINT_SECRET")) {
        (Some(file), _) => {
            let bytes = private_file::read(file, MOST)?;
            let text = String::from_utf8_lossy(&bytes);
            text.lines().next().unwrap_or_default().to_owned()
        }
        (None, Ok(secret)) => secret,
        (None, Err(_)) => {
            let asked =
                tokio::task::spawn_blocking(|| ask("Secret", "--secret-file or STILLPOINT_SECRET"));
            let asked = asked.await;
            let asked = asked.map_err(|e| Error::new(Code::Internal, "asking").because(e))?;
            asked?.to_string()
        }
    };
    let url = words.url.trim_end_matches('/').to_owned();
    if !url.starts_with("https://") {
        let detail = format!("`{url}` is no address of a server: it begins with https://");
        return Err(Error::new(Code::BadArgument, detail));
    }
    let login = Login {
        url: url.clone(),
        ca: ca.transpose()?,
        client_id: words.client_id,
        secret,
        subscription: String::new(),
        token: String::new(),
    };
    let path = Login::path()?;
    let client = Client::log_in(login, path.clone()).await?;
    let shown = serde_json::json!({"url": url, "subscription": client.scope, "file": path});
    let facts = [("Server", url), ("Login", path.display().to_string())];
    settings.output.one(&shown, &facts)
}

/// `stillpoint logout`
pub fn log_out(settings: &Settings) -> Result<()> {
    let path = Login::path()?;
    match std::fs::remove_file(&path) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => {
            return Err(Error::io(path.display(), e));
        }
        _ => {}
    }
    match settings.output.is_for_people() {
        true => output::write(b"Logged out.\n"),
        false => Ok(()),
    }
}

/// The text at a pointer into an answer, or nothing.
fn text(value: &Value, pointer: &str) -> String {
    match value.pointer(pointer) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Null) | None => String::new(),
        Some(other) => other.to_string(),
    }
}

/// The name at the end of an id.
fn last(id: &str) -> &str {
    id.rsplit('/').next().unwrap_or(id)
}

/// The group of an id.
fn group(id: &str) -> &str {
    id.split('/').nth(4).unwrap_or_default()
}
