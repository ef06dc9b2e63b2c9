//! The guest agent through libvirt, for the freeze watchdog: a connection of its own.

use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use base::{Code, Error, Result};
use serde_json::Value;

use super::ffi::{Connection, LibvirtError, number};
use crate::agent::AgentTransport;

/// The agent of the domain `uuid` of the daemon at `uri`. Connects at the first call, and
/// again whenever the daemon was restarted.
///
/// # Errors
/// `ToolMissing` without libvirt.
pub(crate) fn agent_transport(uri: &str, uuid: &str) -> Result<Box<dyn AgentTransport>> {
    Ok(Box::new(LibvirtAgent {
        uri: uri.into(),
        uuid: uuid.into(),
        conn: Arc::default(),
        late: None,
    }))
}

type Answer = Result<String>;

struct LibvirtAgent {
    uri: Arc<str>,
    uuid: Arc<str>,
    conn: Arc<Mutex<Option<Connection>>>,
    /// A call that was given up and is still on its way: libvirt would queue the next one
    /// behind it.
    late: Option<Receiver<Answer>>,
}

impl AgentTransport for LibvirtAgent {
    fn call(&mut self, request: &Value, timeout: Duration) -> Result<Value> {
        let end = Instant::now() + timeout;
        if let Some(late) = self.late.take()
            && let Err(RecvTimeoutError::Timeout) = late.recv_timeout(timeout)
        {
            self.late = Some(late);
            return Err(silent(timeout));
        }
        let left = end.saturating_duration_since(Instant::now());
        let (send, receive) = channel();
        let (uri, uuid, conn) = (self.uri.clone(), self.uuid.clone(), self.conn.clone());
        let command = request.to_string();
        // libvirt counts whole seconds; one less than asked for is on the safe side of a
        // freeze's budget.
        let seconds = u32::try_from(left.as_secs()).unwrap_or(u32::MAX).max(1);
        let spawned = std::thread::Builder::new().spawn(move || {
            let _ = send.send(ask(&uri, &uuid, &conn, &command, seconds));
        });
        spawned.map_err(|e| Error::io("start a thread for libvirt", e))?;
        // A moment longer than libvirt's own limit, which tells more.
        let grace = left.max(Duration::from_secs(1)) + Duration::from_millis(250);
        match receive.recv_timeout(grace) {
            Ok(answer) => parse(&answer?),
            Err(_) => {
                self.late = Some(receive);
                Err(silent(timeout))
            }
        }
    }
}

fn silent(timeout: Duration) -> Error {
    let what = format!("libvirt gave no answer of the agent within {timeout:?}");
    Error::new(Code::AgentUnavailable, what)
}

fn ask(
    uri: &str,
    uuid: &str,
    conn: &Mutex<Option<Connection>>,
    command: &str,
    seconds: u32,
) -> Answer {
    let mut conn = conn.lock().unwrap_or_else(PoisonError::into_inner);
    let live = match conn.take().filter(Connection::is_alive) {
        Some(live) => live,
        None => Connection::open(uri)?,
    };
    let live = conn.insert(live);
    let domain = live.domain_by_uuid(uuid).map_err(|e| explain(&e, false))?;
    domain
        .agent_command(command, seconds)
        .map_err(|e| explain(&e, domain.run().is_none() && live.is_alive()))
}

/// What a failed call means. libvirt has one number for an agent that refuses, and older
/// versions none.
fn explain(e: &LibvirtError, off: bool) -> Error {
    let code = match e.number {
        number::NO_DOMAIN => Code::MachineVanished,
        _ if off => Code::MachineVanished,
        number::AGENT_TIMEOUT => Code::Timeout,
        number::AGENT_FAILED => Code::AgentRefused,
        number::INTERNAL if !e.from_rpc => Code::AgentRefused,
        _ => match e.code() {
            denied @ Code::HypervisorDenied => denied,
            _ => Code::AgentUnavailable,
        },
    };
    Error::new(code, format!("libvirt: {e}"))
}

pub(super) fn parse(answer: &str) -> Result<Value> {
    let mut answer: Value = serde_json::from_str(answer)
        .map_err(|e| Error::new(Code::ProtocolError, "the agent's answer is no JSON").because(e))?;
    // Not by index, which panics on what is no object.
    Ok(answer
        .get_mut("return")
        .map(Value::take)
        .unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_agent_that_is_away_is_told_from_one_that_refuses_and_from_a_machine_that_is_off() {
        let code = |number, off| {
            let e = LibvirtError {
                number,
                from_rpc: false,
                message: "m".into(),
            };
            explain(&e, off).code()
        };
        assert_eq!(
            code(number::AGENT_UNRESPONSIVE, false),
            Code::AgentUnavailable
        );
        assert_eq!(code(number::AGENT_TIMEOUT, false), Code::Timeout);
        assert_eq!(code(number::AGENT_FAILED, false), Code::AgentRefused);
        assert_eq!(code(number::OPERATION_INVALID, true), Code::MachineVanished);
        assert_eq!(code(number::NO_DOMAIN, false), Code::MachineVanished);
        assert_eq!(code(number::NO_CONNECT, false), Code::AgentUnavailable);
    }

    #[test]
    fn an_answer_gives_what_is_under_return() {
        assert_eq!(parse(r#"{"return":3}"#).unwrap(), 3);
        assert_eq!(parse("{}").unwrap(), Value::Null);
        assert_eq!(parse("\"text\"").unwrap(), Value::Null);
        assert_eq!(parse("[1]").unwrap(), Value::Null);
        assert!(parse("x").is_err());
    }
}
