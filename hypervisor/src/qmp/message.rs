//! The lines of the protocol, as pure functions.

use base::{Code, Error, Result};
use serde_json::{Value, json};

use crate::words::plain;

/// One line from QEMU.
#[derive(Clone, Debug, PartialEq)]
pub enum Message {
    /// The first line of a connection.
    Greeting,
    /// A command's answer.
    Return {
        /// The command's number.
        id: Option<u64>,
        /// What it gives.
        value: Value,
    },
    /// A command's failure.
    Failed {
        /// The command's number; absent if QEMU could not read the command.
        id: Option<u64>,
        /// Why.
        failure: Failure,
    },
    /// Something happened.
    Event(Event),
    /// A JSON object of no known shape, to be passed over.
    Unknown,
}

/// QEMU's words on a command that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The error class, mostly `GenericError`.
    pub class: String,
    /// The description, which people read.
    pub text: String,
}

impl Failure {
    /// The error to report for `command`. QEMU tells a denied file from any other failure
    /// only by the system's words at the end of its text; they decide the code, as people
    /// need to hear of file ownership and security profiles then.
    #[must_use]
    pub fn into_error(self, command: &str) -> Error {
        let denied = ["Permission denied", "Operation not permitted"];
        let code = if denied.iter().any(|w| self.text.ends_with(w)) {
            Code::HypervisorDenied
        } else {
            Code::HypervisorError
        };
        Error::new(code, format!("QEMU refused `{command}`: {}", self.text))
    }
}

/// An event, as QEMU sent it.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// Its name, as `BLOCK_IO_ERROR`.
    pub name: String,
    /// Its data; null if it has none.
    pub data: Value,
    /// QEMU's wall clock when it happened, in microseconds; only differences mean anything.
    pub micros: i64,
}

/// Reads one line.
///
/// # Errors
/// `ProtocolError` if it is not a JSON object.
pub fn parse(line: &[u8]) -> Result<Message> {
    let bad = |why: String| Error::new(Code::ProtocolError, format!("QEMU sent {why}"));
    let value: Value =
        serde_json::from_slice(line).map_err(|e| bad(format!("a line that is not JSON: {e}")))?;
    let Value::Object(mut map) = value else {
        return Err(bad("a line that is not a JSON object".into()));
    };
    let id = map.get("id").and_then(Value::as_u64);
    if map.contains_key("QMP") {
        return Ok(Message::Greeting);
    }
    if let Some(Value::String(name)) = map.remove("event") {
        let part = |k| {
            map.get("timestamp")
                .and_then(|t| t.get(k))
                .and_then(Value::as_i64)
        };
        let seconds = part("seconds").unwrap_or(0).saturating_mul(1_000_000);
        let micros = seconds.saturating_add(part("microseconds").unwrap_or(0));
        let data = map.remove("data").unwrap_or(Value::Null);
        return Ok(Message::Event(Event { name, data, micros }));
    }
    if let Some(value) = map.remove("return") {
        return Ok(Message::Return { id, value });
    }
    if let Some(error) = map.remove("error") {
        let text = |k| plain(error.get(k).and_then(Value::as_str).unwrap_or("(no text)"));
        let failure = Failure {
            class: text("class"),
            text: text("desc"),
        };
        return Ok(Message::Failed { id, failure });
    }
    Ok(Message::Unknown)
}

/// The line that asks for `command`, with the line feed.
#[must_use]
pub fn request(id: u64, command: &str, arguments: &Value) -> Vec<u8> {
    let mut body = json!({ "execute": command, "id": id });
    if !arguments.is_null() {
        body["arguments"] = arguments.clone();
    }
    let mut line = body.to_string().into_bytes();
    line.push(b'\n');
    line
}
