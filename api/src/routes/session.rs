//! The session of a browser.

use crate::openapi::schema::{about, guid, input, object, text, text_about, time};
use crate::openapi::{Routes, op};
use crate::session;

pub(super) fn routes() -> Routes {
    let path = "/providers/Stillpoint.Fabric/session";
    let user = object([
        ("id", guid()),
        ("login", text()),
        ("name", text_about("As people see it.")),
    ]);
    Routes::new()
        .get(
            path,
            session::show,
            op("Session_Get", "Who is logged in, and until when.").is("Session"),
        )
        .post(
            path,
            session::begin,
            op(
                "Session_Create",
                "Logs a browser in: the token comes in a cookie that no script can read.",
            )
            .takes("SessionInput")
            .is("Session")
            .sets_cookies()
            .proved_by(&["csrf"]),
        )
        .delete(
            path,
            session::end,
            op("Session_Delete", "Takes the cookies away, whoever asks.")
                .nothing(204)
                .sets_cookies()
                .proved_by(&["csrf"]),
        )
        .post(
            &format!("{path}/renew"),
            session::renew,
            op(
                "Session_Renew",
                "Sets both cookies anew, for a further hour.",
            )
            .is("Session")
            .sets_cookies()
            .proved_by(&["renewal", "csrf"]),
        )
        .model(
            "SessionInput",
            input([("!username", text()), ("!password", text())]),
        )
        .model(
            "Session",
            object([
                ("user", user),
                ("tenantId", guid()),
                (
                    "expiresOn",
                    about(time(), "Until when; it may be renewed for two weeks."),
                ),
            ]),
        )
}
