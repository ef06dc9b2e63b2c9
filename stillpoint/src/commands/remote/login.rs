//! `stillpoint login` and `stillpoint logout`.

use std::path::Path;

use base::{Code, Error, Result, private_file};
use zeroize::Zeroizing;

use crate::cli::{LoginWords, ServerPlace};
use crate::client::{Client, Login, Who};
use crate::output;
use crate::settings::Settings;
use crate::terminal::{ask, ask_new};

/// No secret is longer.
const MOST: usize = 4096;

/// `stillpoint login`
pub async fn log_in(settings: &Settings, words: LoginWords) -> Result<()> {
    let what = if words.user.is_some() {
        "Password"
    } else {
        "Secret"
    };
    let scripted = words.secret_file.is_some() || std::env::var_os("STILLPOINT_SECRET").is_some();
    let secret = secret(what, words.secret_file.as_deref()).await?;
    let (who, password) = match (words.user, words.client_id) {
        (Some(user), _) => (of_user(user), Some(&*secret)),
        (None, id) => {
            let client_id = id.unwrap_or_default();
            let secret = secret.to_string();
            (Who::Application { client_id, secret }, None)
        }
    };
    let login = login(&words.place, who)?;
    let path = Login::path()?;
    let done = Client::log_in(login.clone(), path.clone(), password.map(|p| p.as_str())).await;
    let client = match done {
        Err(e) if e.code() == Code::PasswordChangeRequired => {
            let new = match words.new_password_file.as_deref() {
                // A script is not asked: the error says what to do.
                None if scripted => return Err(e),
                file => new_password(file).await?,
            };
            Client::change_password(login.clone(), &secret, &new).await?;
            Client::log_in(login.clone(), path.clone(), Some(&new)).await?
        }
        done => done?,
    };
    let shown = serde_json::json!({
        "url": login.url, "subscription": client.scope, "file": path,
    });
    let facts = [("Server", login.url), ("Login", path.display().to_string())];
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

/// A user who has not logged in yet.
pub(super) fn of_user(user: String) -> Who {
    Who::User {
        user,
        refresh_token: String::new(),
    }
}

/// A login that has not been tried.
pub(super) fn login(place: &ServerPlace, who: Who) -> Result<Login> {
    let ca = place
        .ca
        .as_deref()
        .map(|file| std::fs::read_to_string(file).map_err(|e| Error::io(file.display(), e)));
    let url = place.url.trim_end_matches('/').to_owned();
    if !url.starts_with("https://") {
        let detail = format!("`{url}` is no address of a server: it begins with https://");
        return Err(Error::new(Code::BadArgument, detail));
    }
    Ok(Login {
        url,
        ca: ca.transpose()?,
        who,
        subscription: String::new(),
        token: String::new(),
    })
}

/// A secret: of a file, of the environment, or asked for.
pub(super) async fn secret(what: &'static str, file: Option<&Path>) -> Result<Zeroizing<String>> {
    match (file, std::env::var("STILLPOINT_SECRET")) {
        (Some(file), _) => first_line(file),
        (None, Ok(secret)) => Ok(Zeroizing::new(secret)),
        (None, Err(_)) => asked(move || ask(what, "--secret-file or STILLPOINT_SECRET")).await,
    }
}

/// A new password: of a file, or asked for twice.
pub(super) async fn new_password(file: Option<&Path>) -> Result<Zeroizing<String>> {
    match file {
        Some(file) => first_line(file),
        None => asked(|| ask_new("New password", "--new-password-file")).await,
    }
}

async fn asked(
    ask: impl FnOnce() -> Result<Zeroizing<String>> + Send + 'static,
) -> Result<Zeroizing<String>> {
    let asked = tokio::task::spawn_blocking(ask).await;
    asked.map_err(|e| Error::new(Code::Internal, "asking").because(e))?
}

fn first_line(file: &Path) -> Result<Zeroizing<String>> {
    let bytes = private_file::read(file, MOST)?;
    let text = String::from_utf8_lossy(&bytes);
    Ok(Zeroizing::new(
        text.lines().next().unwrap_or_default().to_owned(),
    ))
}
