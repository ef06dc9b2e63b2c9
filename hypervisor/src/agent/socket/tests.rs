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

/// A guest can answer what it likes; a panic here would take the freeze watchdog with it.
#[test]
fn odd_answers_are_errors_or_nothing_and_never_a_panic() {
    let odd = ["[1]", "\"text\"", "7", "null", "{\"return\": [1, 2]}"];
    for text in odd {
        let (_dir, mut agent) = agent(b"", move |_| Some(text.into()));
        assert!(!super::super::is_frozen(&mut agent, SHORT).unwrap());
        assert_eq!(super::super::version(&mut agent, SHORT).unwrap(), "unknown");
    }
    let (_dir, mut agent) = agent(b"", |_| {
        Some("{\"error\": {\"desc\": \"a\\u001b[2Jb\"}}".into())
    });
    let error = super::super::version(&mut agent, SHORT).unwrap_err();
    assert!(error.detail().ends_with("a [2Jb"), "{error:?}");
}

/// Neither an answer without end nor one without a line feed costs more than its limits.
#[test]
fn an_answer_without_end_is_cut_off() {
    for part in [&[b'x'; 4096], &[DELIMITER; 4096], &[b'\n'; 4096]] {
        let (ours, mut guest) = UnixStream::pair().unwrap();
        let writer = std::thread::spawn(move || while guest.write_all(part).is_ok() {});
        let mut agent = SocketTransport::over(ours);
        let request = json!({ "execute": "x" });
        let start = Instant::now();
        let error = agent.call(&request, SHORT).unwrap_err();
        assert_eq!(error.code(), Code::AgentUnavailable);
        assert!(start.elapsed() < 20 * SHORT);
        drop(agent);
        writer.join().unwrap();
    }
}
