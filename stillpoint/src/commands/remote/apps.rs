//! `stillpoint app …`

use base::{Code, Error, Result};
use reqwest::Method;
use serde_json::{Value, json};

use super::{last, text};
use crate::cli::AppCommand;
use crate::client::Client;
use crate::settings::Settings;

/// The path of applications.
fn apps(client: &Client) -> String {
    format!("{}/providers/Stillpoint.Fabric/applications", client.scope)
}

pub async fn run(settings: &Settings, command: AppCommand) -> Result<u8> {
    let client = Client::open()?;
    let all = apps(&client);
    let post = async |path: String, properties: Value| {
        let body = json!({"properties": properties});
        Ok::<_, Error>(client.send(Method::POST, &path, Some(&body)).await?.body)
    };
    match command {
        AppCommand::List => {
            let found = client.list(&all).await?;
            let rows = found.iter().map(row).collect();
            let headings = ["~NAME", "CLIENT ID", "OBJECT ID"];
            settings.output.sheet(&json!(found), &headings, rows)?;
        }
        AppCommand::Show { app } => print(settings, &find(&client, &app).await?)?,
        AppCommand::Create { name } => {
            print(settings, &post(all, json!({"displayName": name})).await?)?;
        }
        AppCommand::Delete { app } => {
            let path = format!("{all}/{}", id(&find(&client, &app).await?));
            client.send(Method::DELETE, &path, None).await?;
        }
        AppCommand::AddSecret { app, expires } => {
            let path = format!("{all}/{}/secrets", id(&find(&client, &app).await?));
            print(
                settings,
                &post(path, json!({"endDateTime": expires})).await?,
            )?;
        }
        AppCommand::AddCertificate { app, file } => {
            let pem = std::fs::read_to_string(&file).map_err(|e| Error::io(file.display(), e))?;
            let path = format!("{all}/{}/certificates", id(&find(&client, &app).await?));
            let pem = certificates(&pem);
            print(settings, &post(path, json!({"certificate": pem})).await?)?;
        }
        AppCommand::RemoveCredential {
            app,
            id: credential,
        } => {
            let found = find(&client, &app).await?;
            let known = credentials(&found);
            if !known.contains(&credential.to_string()) {
                let detail = format!("`{app}` has no secret or certificate {credential}");
                return Err(Error::new(Code::ResourceNotFound, detail));
            }
            let path = format!("{all}/{}/secrets/{credential}", id(&found));
            client.send(Method::DELETE, &path, None).await?;
        }
    }
    Ok(0)
}

/// The application of this name, client id or object id.
pub(super) async fn find(client: &Client, which: &str) -> Result<Value> {
    if which.parse::<uuid::Uuid>().is_ok() {
        return client.get(&format!("{}/{which}", apps(client))).await;
    }
    let mut all = client.list(&apps(client)).await?;
    all.retain(|a| text(a, "/properties/displayName").eq_ignore_ascii_case(which));
    match (all.len(), all.pop()) {
        (1, Some(only)) => Ok(only),
        (0, _) => {
            let detail = format!("there is no application `{which}`");
            Err(Error::new(Code::ResourceNotFound, detail))
        }
        _ => {
            let detail = format!("several applications are called `{which}`: give a client id");
            Err(Error::new(Code::BadArgument, detail))
        }
    }
}

fn id(app: &Value) -> String {
    last(&text(app, "/id")).to_owned()
}

/// The parts of a PEM file that may be sent.
fn certificates(pem: &str) -> String {
    let mut inside = false;
    let keep = |line: &&str| {
        let begins = line.contains("BEGIN CERTIFICATE");
        let ends = line.contains("END CERTIFICATE");
        let kept = inside || begins;
        inside = kept && !ends;
        kept
    };
    let lines: Vec<&str> = pem.lines().filter(keep).collect();
    lines.join("\n") + "\n"
}

fn credentials(app: &Value) -> Vec<String> {
    let of = |name: &str| {
        let all = app.pointer(&format!("/properties/{name}"));
        let all = all.and_then(Value::as_array).cloned().unwrap_or_default();
        all.iter().map(|c| text(c, "/id")).collect::<Vec<_>>()
    };
    [of("secrets"), of("certificates")].concat()
}

fn row(app: &Value) -> Vec<String> {
    let of = |name: &str| text(app, &format!("/properties/{name}"));
    vec![of("displayName"), of("clientId"), of("objectId")]
}

fn print(settings: &Settings, app: &Value) -> Result<()> {
    let names = ["Name", "Client id", "Object id"];
    let mut facts: Vec<(&str, String)> = names.into_iter().zip(row(app)).collect();
    facts.push(("Credentials", credentials(app).join(", ")));
    let secret = text(app, "/properties/secret");
    if !secret.is_empty() {
        facts.push(("Secret", secret));
    }
    settings.output.one(app, &facts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_private_key_is_not_sent() {
        let pem = "-----BEGIN PRIVATE KEY-----\nAA\n-----END PRIVATE KEY-----\n\
                   -----BEGIN CERTIFICATE-----\nBB\n-----END CERTIFICATE-----\nCC\n";
        let sent = certificates(pem);
        assert_eq!(
            sent,
            "-----BEGIN CERTIFICATE-----\nBB\n-----END CERTIFICATE-----\n"
        );
    }
}
