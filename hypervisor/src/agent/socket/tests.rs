use std::io::{BufRead, BufReader};
use std::os::unix::net::UnixListener;

use super::*;

/// An agent that serves one client, answering the sync and then by `answer`.
fn agent(
    before_sync: &'static [u8],
    answer: impl Fn(&str) -> Option<String> + Send + 'static,
) -> (tempfile::TempDir, SocketTransport) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("qga.sock");
    let listener = UnixListener::bind(&path).unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let stream = stream.unwrap();
            let mut write = stream.try_clone().unwrap();
            for line in BufReader::new(stream).split(b'\n').map_while(Result::ok) {
                let line: Vec<u8> = line.into_iter().filter(|b| *b != DELIMITER).collect();
                let v: Value = serde_json::from_slice(&line).unwrap();
                let id = &v["arguments"]["id"];
                let out = match v["execute"].as_str().unwrap() {
                    "guest-sync-delimited" => {
                        let mut out = before_sync.to_vec();
                        out.push(DELIMITER);
                        out.extend(format!("{{\"return\": {id}}}\n").into_bytes());
                        out
                    }
                    name => match answer(name) {
                        Some(text) => format!("{text}\n").into_bytes(),
                        None => continue,
                    },
                };
                write.write_all(&out).unwrap();
            }
        }
    });
    (dir, SocketTransport::new(&path))
}

const SHORT: Duration = Duration::from_millis(300);

#[test]
fn late_answers_to_earlier_commands_are_passed_over() {
    let late = b"{\"return\": \"old\"}\n\xff{\"return\": 7}\n";
    let (_dir, mut agent) = agent(late, |_| Some("{\"return\": {\"version\": \"9\"}}".into()));
    assert_eq!(super::super::version(&mut agent, SHORT).unwrap(), "9");
    agent.close();
    assert_eq!(super::super::version(&mut agent, SHORT).unwrap(), "9");
}

#[test]
fn a_refusal_a_slow_command_and_a_machine_that_is_off_differ() {
    let (dir, mut agent) = agent(b"", |name| {
        (name == "bad").then(|| "{\"error\": {\"class\": \"G\", \"desc\": \"hook failed\"}}".into())
    });
    let error = agent.call(&json!({ "execute": "bad" }), SHORT).unwrap_err();
    assert_eq!(error.code(), Code::AgentRefused);
    assert!(error.detail().contains("hook failed"), "{error}");
    let error = agent
        .call(&json!({ "execute": "slow" }), SHORT)
        .unwrap_err();
    assert_eq!(error.code(), Code::Timeout);
    let mut off = SocketTransport::new(&dir.path().join("none"));
    let error = off.call(&json!({ "execute": "x" }), SHORT).unwrap_err();
    assert_eq!(error.code(), Code::MachineVanished);
}

#[test]
fn a_channel_that_another_program_holds_is_not_waited_for_without_end() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("qga.sock");
    let _listener = UnixListener::bind(&path).unwrap();
    let mut agent = SocketTransport::new(&path);
    let error = agent.call(&json!({ "execute": "x" }), SHORT).unwrap_err();
    assert_eq!(error.code(), Code::AgentUnavailable);
}
