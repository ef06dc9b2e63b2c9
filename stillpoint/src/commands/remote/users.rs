//! `stillpoint user …`

use base::{Code, Error, Result};
use reqwest::Method;
use serde_json::{Value, json};

use super::login::{login, new_password, of_user, secret};
use super::text;
use crate::cli::{ServerPlace, UserCommand, UserPassword};
use crate::client::{Client, Login};
use crate::settings::Settings;

pub async fn run(settings: &Settings, command: UserCommand) -> Result<u8> {
    if let UserCommand::Password(words) = command {
        return password(settings, words).await.map(|()| 0);
    }
    let client = Client::open()?;
    let users = format!("{}/providers/Stillpoint.Fabric/users", client.scope);
    let post = async |path: &str, body: &Value| client.send(Method::POST, path, Some(body)).await;
    match command {
        UserCommand::List => {
            let all = client.list(&users).await?;
            let rows = all.iter().map(row).collect();
            let headings = ["~USER", "~NAME", "PASSWORD", "OBJECT ID"];
            settings.output.sheet(&json!(all), &headings, rows)?;
        }
        UserCommand::Create { name, display_name } => {
            let properties = json!({"userName": name, "displayName": display_name});
            let made = post(&users, &json!({"properties": properties})).await?;
            print(settings, &made.body)?;
        }
        UserCommand::ResetPassword { name } => {
            let path = format!("{users}/{name}/resetPassword");
            print(settings, &post(&path, &json!({})).await?.body)?;
        }
        UserCommand::EndLogins { name } => {
            post(&format!("{users}/{name}/endLogins"), &json!({})).await?;
        }
        UserCommand::Delete { name } => {
            client.remove(&format!("{users}/{name}")).await?;
        }
        UserCommand::Password(_) => {}
    }
    Ok(0)
}

/// Changes a password by the one before; nobody needs to be logged in.
async fn password(settings: &Settings, words: UserPassword) -> Result<()> {
    let known = match (words.name, words.url) {
        (Some(name), Some(url)) => {
            let place = ServerPlace { url, ca: words.ca };
            login(&place, of_user(name))?
        }
        _ => Login::read(&Login::path()?)?,
    };
    let current = secret("Password", words.secret_file.as_deref()).await?;
    let new = new_password(words.new_password_file.as_deref()).await?;
    if current == new {
        let detail = "the new password is the one before";
        return Err(Error::new(Code::PasswordInvalid, detail));
    }
    Client::change_password(known, &current, &new).await?;
    settings.output.one(
        &json!({"changed": true}),
        &[("Password", "changed; log in again".to_owned())],
    )
}

fn row(user: &Value) -> Vec<String> {
    let of = |name: &str| text(user, &format!("/properties/{name}"));
    let locked = user.pointer("/properties/lockedUntil");
    let password = match (
        locked.and_then(Value::as_str),
        of("passwordIsOneTime") == "true",
    ) {
        (Some(until), _) => format!("locked until {until}"),
        (None, true) => "one-time".to_owned(),
        (None, false) => "own".to_owned(),
    };
    vec![of("userName"), of("displayName"), password, of("objectId")]
}

fn print(settings: &Settings, user: &Value) -> Result<()> {
    let names = ["User", "Name", "Password", "Object id"];
    let mut facts: Vec<(&str, String)> = names.into_iter().zip(row(user)).collect();
    facts.push((
        "One-time password",
        text(user, "/properties/oneTimePassword"),
    ));
    settings.output.one(user, &facts)
}
