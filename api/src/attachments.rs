//! Vaults made of stores whose server is lost, at `Stillpoint.Fabric/vaultAttachments`.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use base::{Code, Error, Result};
use control::{AttachInput, AttachKey};
use serde::Deserialize;
use serde_json::{Value, json};
use vault::keys::{EscrowIdentity, KeyFile, Passphrase};
use zeroize::Zeroizing;

use crate::app::App;
use crate::body::{self, Body};
use crate::caller::Caller;
use crate::error::{Answer, put_answer};

const WRITE: &str = "Stillpoint.Fabric/vaultAttachments/write";

/// Names in the path.
#[derive(Debug, Deserialize)]
pub(crate) struct Names {
    subscription: String,
    group: String,
    attachment: String,
}

/// What a PUT may say.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Asked {
    location: Option<String>,
    properties: Properties,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Properties {
    store: String,
    keyfile: Option<String>,
    exportedkey: Option<String>,
    identity: Option<String>,
    passphrase: Option<String>,
}

/// `PUT …/vaultAttachments/{vault}`: 201 once all points are listed.
pub(crate) async fn put(
    State(app): State<App>,
    Path(names): Path<Names>,
    caller: Caller,
    Body(bytes): Body,
) -> Answer<(StatusCode, Json<Value>)> {
    app.control.check_subscription(&names.subscription)?;
    let id = app.control.vault_id(&names.group, &names.attachment);
    // It makes a vault, and opens a folder of the server.
    caller.may(&app, WRITE, &id).await?;
    let action = control::actions::VAULT_WRITE;
    caller.may(&app, action, &id).await?;
    let body: Asked = body::read(&bytes)?;
    let input = AttachInput {
        location: body.location,
        store: body.properties.store.clone().into(),
        key: body.properties.key()?,
    };
    let (vault, adopted) = app
        .control
        .attach_vault(&names.group, &names.attachment, input)
        .await?;
    let shape = json!({
        "id": format!(
            "{}/providers/Stillpoint.Fabric/vaultAttachments/{}",
            app.control.group_id(&names.group),
            vault.name
        ),
        "name": vault.name,
        "type": "Stillpoint.Fabric/vaultAttachments",
        "location": vault.body.location,
        "properties": {
            "provisioningState": "Succeeded",
            "vaultId": vault.id,
            "pointsAdopted": adopted.points,
            "pointsUnreadable": adopted.unreadable,
        },
    });
    Ok(put_answer(true, shape))
}

impl Properties {
    fn key(self) -> Result<AttachKey> {
        let wrong = |what: &str| Error::new(Code::BadArgument, what.to_owned());
        if self.store.is_empty() {
            return Err(wrong("the body lacks properties.store"));
        }
        let secret = |text: String| Zeroizing::new(text);
        let identity = match (self.identity, self.passphrase) {
            (Some(text), None) => Some(EscrowIdentity::Age(secret(text))),
            (None, Some(text)) => {
                let pass = Passphrase::new(secret(text).as_str())?;
                Some(EscrowIdentity::Passphrase(pass))
            }
            (None, None) => None,
            (Some(_), Some(_)) => return Err(wrong("give an identity or a passphrase, not both")),
        };
        match (self.keyfile, self.exportedkey, identity) {
            (Some(text), None, None) => match KeyFile::from_text(&secret(text)) {
                Ok(key) => Ok(AttachKey::File(key)),
                Err(e) => Err(wrong("properties.keyFile is no key file").because(e)),
            },
            (None, Some(export), Some(identity)) => Ok(AttachKey::Export {
                export: export.into_bytes(),
                identity,
            }),
            _ => Err(wrong(
                "give properties.keyFile, or properties.exportedKey with identity or passphrase",
            )),
        }
    }
}
