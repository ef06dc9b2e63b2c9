//! Vaults made of stores whose server is lost.

use super::GROUP;
use crate::attachments;
use crate::openapi::schema::{and, input, object, resource, succeeded, text, text_about, whole};
use crate::openapi::{Routes, op};

pub(super) fn routes() -> Routes {
    let one = format!("{GROUP}/providers/Stillpoint.Fabric/vaultAttachments/{{attachment}}");
    let properties = object([
        ("provisioningState", succeeded()),
        ("vaultId", text()),
        ("pointsAdopted", whole()),
        ("pointsUnreadable", whole()),
    ]);
    let made = resource("Stillpoint.Fabric/vaultAttachments", properties);
    let asked = input([
        (
            "!store",
            text_about("The folder of the store on the server, or its name in the vault pool."),
        ),
        (
            "keyFile",
            text_about("The text of a key file that opens it."),
        ),
        (
            "exportedKey",
            text_about("Or a key export, with its identity or passphrase."),
        ),
        ("identity", text()),
        ("passphrase", text()),
    ]);
    Routes::new()
        .put(
            &one,
            attachments::put,
            op(
                "VaultAttachments_Create",
                "Makes a vault of a store whose server is lost.",
            )
            .takes("VaultAttachmentInput")
            .gives(201, "VaultAttachment"),
        )
        .model("VaultAttachment", and(made, object([("location", text())])))
        .model(
            "VaultAttachmentInput",
            input([("location", text()), ("!properties", asked)]),
        )
}
