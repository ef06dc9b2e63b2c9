//! What a server refused, as the error that the command ends with.

use base::{Code, Error, Kind};
use serde_json::Value;

/// The error of an answer with this status and body.
pub(super) fn failure(status: u16, body: &Value) -> Error {
    let error = match &body["error"] {
        // OAuth's own form; `suberror` says it more closely.
        Value::String(code) => {
            let code = body["suberror"].as_str().unwrap_or(code);
            return refused(status, code, &body["error_description"]);
        }
        error => error,
    };
    let code = error["code"].as_str().unwrap_or_default();
    refused(status, code, &error["message"])
}

fn refused(status: u16, name: &str, message: &Value) -> Error {
    let known = Code::ALL.iter().copied().find(|c| c.name() == name);
    let message = message.as_str().unwrap_or("the answer says no more");
    match known.filter(|code| fits(status, code.kind())) {
        Some(code) => {
            // The remedy is shown beside the message.
            let detail = message.trim_end_matches(code.remedy()).trim_end();
            Error::new(code, detail.trim_end_matches('.'))
        }
        None => {
            let name = if name.is_empty() { "no code" } else { name };
            Error::new(by_status(status), format!("{status}, {name}: {message}"))
        }
    }
}

/// Whether an error of this kind is the caller's as much as the status says. What the server
/// lacks (a file, a right) is not what the caller lacks.
fn fits(status: u16, kind: Kind) -> bool {
    status < 500 || !matches!(kind, Kind::Invalid | Kind::NotFound | Kind::Denied)
}

fn by_status(status: u16) -> Code {
    match status {
        401 => Code::InvalidToken,
        403 => Code::AuthorizationFailed,
        404 => Code::ResourceNotFound,
        409 | 412 => Code::ResourceInUse,
        400..500 => Code::InvalidInput,
        _ => Code::ServerUnavailable,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(status: u16, code: &str, message: &str) -> Error {
        failure(
            status,
            &json!({"error": {"code": code, "message": message}}),
        )
    }

    #[test]
    fn an_error_keeps_the_servers_code_and_says_the_remedy_once() {
        let code = Code::PolicyInUse;
        let e = of(
            400,
            code.name(),
            &format!("P1 is in use. {}", code.remedy()),
        );
        assert_eq!((e.code(), e.detail()), (code, "P1 is in use"));
    }

    #[test]
    fn the_exit_code_follows_the_status() {
        for (status, exit) in [
            (400, 2),
            (401, 5),
            (403, 5),
            (404, 4),
            (409, 7),
            (500, 9),
            (503, 9),
        ] {
            assert_eq!(of(status, "New", "x").kind().exit_code(), exit, "{status}");
        }
        let e = of(500, Code::FileAccessDenied.name(), "the server's");
        assert_eq!(e.kind().exit_code(), 9);
        assert_eq!(failure(502, &Value::Null).kind().exit_code(), 9);
        let oauth = json!({"error": "invalid_client", "error_description": "no"});
        assert_eq!(failure(401, &oauth).code(), Code::LoginFailed);
        let code = Code::AccountLocked;
        let oauth = json!({"error": "invalid_grant", "suberror": code.name()});
        assert_eq!(failure(400, &oauth).code(), code);
    }
}
