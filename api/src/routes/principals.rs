//! Who may log in: applications and users, and the tenant that they are of.

use super::SUBSCRIPTION;
use crate::openapi::schema::{
    flag, guid, input, list, maybe, object, only, read_only, resource, text, text_about, time,
};
use crate::openapi::{Routes, op};
use crate::{applications, subscriptions, users};

pub(super) fn routes() -> Routes {
    tenants()
        .merge(applications())
        .merge(credentials())
        .merge(users())
}

fn tenants() -> Routes {
    Routes::new()
        .get(
            "/tenants",
            subscriptions::tenants,
            op("Tenants_List", "The tenant.").list_of("Tenant"),
        )
        .model(
            "Tenant",
            object([
                ("id", text()),
                ("tenantId", guid()),
                ("displayName", text()),
                ("tenantCategory", only("Home")),
            ]),
        )
}

fn applications() -> Routes {
    let all = format!("{SUBSCRIPTION}/providers/Stillpoint.Fabric/applications");
    let one = format!("{all}/{{application}}");
    let secret = object([("id", guid()), ("endDateTime", maybe(time()))]);
    let certificate = object([
        ("id", guid()),
        ("endDateTime", time()),
        ("thumbprint", maybe(text())),
    ]);
    let once = || read_only(text_about("Only in the answer that made it."));
    let properties = object([
        ("displayName", text()),
        ("objectId", read_only(guid())),
        ("clientId", read_only(text())),
        ("enabled", flag()),
        ("secrets", read_only(list(secret))),
        ("certificates", read_only(list(certificate))),
        ("?secret", once()),
        ("?secretId", once()),
        ("?certificateId", once()),
    ]);
    Routes::new()
        .get(
            &all,
            applications::list,
            op(
                "Applications_List",
                "Principals with secrets and certificates.",
            )
            .pages_of("Application"),
        )
        .post(
            &all,
            applications::make,
            op(
                "Applications_Create",
                "Makes one, and shows its secret once.",
            )
            .takes("ApplicationInput")
            .gives(201, "Application"),
        )
        .get(
            &one,
            applications::show,
            op("Applications_Get", "One, by its client id or object id.").is("Application"),
        )
        .delete(
            &one,
            applications::delete,
            op("Applications_Delete", "Removes one with its roles.")
                .nothing(200)
                .nothing(204),
        )
        .model(
            "Application",
            resource("Stillpoint.Fabric/applications", properties),
        )
        .model(
            "ApplicationInput",
            input([("!properties", input([("!displayName", text())]))]),
        )
}

/// What applications prove themselves with.
fn credentials() -> Routes {
    let one = format!("{SUBSCRIPTION}/providers/Stillpoint.Fabric/applications/{{application}}");
    let (secrets, certificates) = (format!("{one}/secrets"), format!("{one}/certificates"));
    Routes::new()
        .post(
            &secrets,
            applications::add_secret,
            op(
                "ApplicationSecrets_Create",
                "Adds a secret, and shows it once.",
            )
            .takes("SecretInput")
            .gives(201, "Application"),
        )
        .delete(
            &format!("{secrets}/{{credential}}"),
            applications::remove_credential,
            op(
                "ApplicationSecrets_Delete",
                "Takes a secret away, and ends the application's logins.",
            )
            .nothing(200)
            .nothing(204),
        )
        .post(
            &certificates,
            applications::add_certificate,
            op("ApplicationCertificates_Create", "Adds a certificate.")
                .takes("CertificateInput")
                .gives(201, "Application"),
        )
        .delete(
            &format!("{certificates}/{{credential}}"),
            applications::remove_credential,
            op(
                "ApplicationCertificates_Delete",
                "Takes a certificate away, and ends the application's logins.",
            )
            .nothing(200)
            .nothing(204),
        )
        .model(
            "SecretInput",
            input([("properties", input([("endDateTime", time())]))]),
        )
        .model(
            "CertificateInput",
            input([(
                "!properties",
                input([("!certificate", text_about("In PEM."))]),
            )]),
        )
}

fn users() -> Routes {
    let all = format!("{SUBSCRIPTION}/providers/Stillpoint.Fabric/users");
    let one = format!("{all}/{{user}}");
    let properties = object([
        ("userName", text()),
        ("displayName", text()),
        ("objectId", read_only(guid())),
        ("enabled", flag()),
        ("passwordIsOneTime", read_only(flag())),
        ("lockedUntil", read_only(maybe(time()))),
        ("createdDateTime", read_only(time())),
        (
            "?oneTimePassword",
            read_only(text_about("Only in the answer that made it.")),
        ),
    ]);
    Routes::new()
        .get(
            &all,
            users::list,
            op("Users_List", "Principals with a password.").pages_of("User"),
        )
        .post(
            &all,
            users::make,
            op(
                "Users_Create",
                "Makes one, and shows its one-time password once.",
            )
            .takes("UserInput")
            .gives(201, "User"),
        )
        .get(
            &one,
            users::show,
            op("Users_Get", "One, by its name or object id.").is("User"),
        )
        .delete(
            &one,
            users::delete,
            op("Users_Delete", "Removes one with its roles.")
                .nothing(200)
                .nothing(204),
        )
        .post(
            &format!("{one}/resetPassword"),
            users::reset,
            op(
                "Users_ResetPassword",
                "A new one-time password, shown once; ends lock-out and logins.",
            )
            .takes("PasswordInput")
            .is("User"),
        )
        .post(
            &format!("{one}/endLogins"),
            users::end_logins,
            op(
                "Users_EndLogins",
                "Tokens from before are good no more; a user may do so itself.",
            )
            .nothing(204),
        )
        .post(
            "/providers/Stillpoint.Fabric/changePassword",
            users::change_password,
            op(
                "Users_ChangePassword",
                "A password of the user's own, for the one before. Asks for no token.",
            )
            .takes("ChangePasswordInput")
            .nothing(204)
            .query("api-version", text())
            .open(),
        )
        .model("User", resource("Stillpoint.Fabric/users", properties))
        .model(
            "UserInput",
            input([(
                "!properties",
                input([
                    ("!userName", text()),
                    ("displayName", text()),
                    (
                        "password",
                        text_about("The one-time password; else a random one."),
                    ),
                ]),
            )]),
        )
        .model(
            "PasswordInput",
            input([("properties", input([("password", text())]))]),
        )
        .model(
            "ChangePasswordInput",
            input([(
                "!properties",
                input([
                    ("!userName", text()),
                    ("!currentPassword", text()),
                    ("!newPassword", text()),
                ]),
            )]),
        )
}
