use std::path::PathBuf;

use serde_json::json;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::UnixListener;

use super::*;

const GREETING_LINE: &[u8] = b"{\"QMP\": {\"version\": {}, \"capabilities\": [\"oob\"]}}\n";

/// A monitor that greets, accepts the capabilities and then answers each command with what
/// `answer` makes of its name and id.
fn monitor(answer: impl Fn(&str, u64) -> Vec<u8> + Send + 'static) -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("qmp.sock");
    let listener = UnixListener::bind(&path).unwrap();
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let (read, mut write) = stream.into_split();
        write.write_all(GREETING_LINE).await.unwrap();
        let mut lines = BufReader::new(read).lines();
        while let Ok(Some(line)) = lines.next_line().await {
            let v: Value = serde_json::from_str(&line).unwrap();
            let (name, id) = (v["execute"].as_str().unwrap(), v["id"].as_u64().unwrap());
            let out = match name {
                "qmp_capabilities" => format!("{{\"return\":{{}},\"id\":{id}}}\n").into_bytes(),
                "quit" => return,
                _ => answer(name, id),
            };
            write.write_all(&out).await.unwrap();
        }
    });
    (dir, path)
}

#[tokio::test]
async fn answers_find_their_commands_and_unknown_lines_do_no_harm() {
    let (_dir, path) = monitor(|name, id| {
        format!(
            "{{\"event\":\"BRAND_NEW\",\"timestamp\":{{\"seconds\":2,\"microseconds\":5}},\"x\":1}}\n\
             {{\"surprise\":true}}\n{{\"return\":\"{name}\",\"extra\":1,\"id\":{id}}}\n"
        )
        .into_bytes()
    });
    let qmp = Qmp::connect(&path).await.unwrap();
    let mut events = qmp.events();
    let (a, b) = tokio::join!(
        qmp.execute("one", Value::Null),
        qmp.execute("two", json!({}))
    );
    assert_eq!((a.unwrap(), b.unwrap()), (json!("one"), json!("two")));
    let event = events.recv().await.unwrap();
    assert_eq!(
        (event.name.as_str(), event.micros),
        ("BRAND_NEW", 2_000_005)
    );
    assert_eq!(
        qmp.process(),
        Some(i32::try_from(std::process::id()).unwrap())
    );
}

#[tokio::test]
async fn a_refused_command_in_a_batch_leaves_the_others_alone() {
    let (_dir, path) = monitor(|name, id| {
        let body = if name == "bad" {
            json!({"error": {"class": "GenericError", "desc": "f: Permission denied"}, "id": id})
        } else {
            json!({"return": {}, "id": id})
        };
        format!("{body}\n").into_bytes()
    });
    let qmp = Qmp::connect(&path).await.unwrap();
    let commands = [
        ("good", Value::Null),
        ("bad", Value::Null),
        ("good", Value::Null),
    ];
    let answers = qmp.batch(&commands).await.unwrap();
    assert!(answers[0].is_ok() && answers[2].is_ok());
    let error = answers[1].as_ref().unwrap_err();
    assert_eq!(error.code(), Code::HypervisorDenied);
    assert!(error.detail().contains("f: Permission denied"), "{error}");
}

#[tokio::test]
async fn a_lost_connection_is_a_vanished_machine_for_this_command_and_the_next() {
    let (_dir, path) = monitor(|_, _| Vec::new());
    let qmp = Qmp::connect(&path).await.unwrap();
    for _ in 0..2 {
        let error = qmp.execute("quit", Value::Null).await.unwrap_err();
        assert_eq!(error.code(), Code::MachineVanished, "{error}");
    }
    assert!(qmp.is_closed());
}

#[tokio::test(start_paused = true)]
async fn a_monitor_that_another_program_holds_is_named_as_such() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("qmp.sock");
    let _listener = UnixListener::bind(&path).unwrap();
    let error = Qmp::connect(&path).await.unwrap_err();
    assert_eq!(error.code(), Code::HypervisorUnavailable);
    assert!(error.detail().contains("another program holds"), "{error}");
    let error = Qmp::connect(&dir.path().join("none")).await.unwrap_err();
    assert_eq!(error.code(), Code::HypervisorUnavailable);
}

#[tokio::test(start_paused = true)]
async fn a_command_without_an_answer_ends_by_its_deadline() {
    let (_dir, path) = monitor(|_, _| Vec::new());
    let qmp = Qmp::connect(&path).await.unwrap();
    let error = qmp.execute("slow", Value::Null).await.unwrap_err();
    assert_eq!(error.code(), Code::HypervisorUnavailable);
    assert!(error.detail().contains("slow"), "{error}");
}

#[tokio::test]
async fn a_line_without_end_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("qmp.sock");
    let listener = UnixListener::bind(&path).unwrap();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let junk = vec![b'x'; 1 << 20];
        while stream.write_all(&junk).await.is_ok() {}
        let _ = stream.read(&mut [0]).await;
    });
    let error = Qmp::connect(&path).await.unwrap_err();
    assert_eq!(error.code(), Code::ProtocolError, "{error}");
}

#[test]
fn lines_that_are_not_objects_are_refused() {
    for line in [&b"[]"[..], b"1", b"", b"{", b"\xff"] {
        assert_eq!(
            parse(line).unwrap_err().code(),
            Code::ProtocolError,
            "{line:?}"
        );
    }
    assert_eq!(parse(b"{\"new\":1}").unwrap(), Message::Unknown);
}

#[test]
fn times_and_words_of_any_size_are_taken() {
    let line = format!(
        "{{\"event\":\"E\",\"timestamp\":{{\"seconds\":{0},\"microseconds\":{0}}}}}",
        i64::MAX
    );
    let Message::Event(event) = parse(line.as_bytes()).unwrap() else {
        panic!("no event");
    };
    assert_eq!(event.micros, i64::MAX);
    let Message::Failed { failure, .. } =
        parse(br#"{"error":{"desc":"a\u001b]0;x\u0007"}}"#).unwrap()
    else {
        panic!("no failure");
    };
    assert_eq!(failure.text, "a ]0;x ");
}

/// What listeners have not taken yet is kept, so events must not be large.
#[tokio::test]
async fn an_event_that_is_too_large_is_passed_over() {
    let (_dir, path) = monitor(|name, id| {
        let large = "x".repeat(MAX_EVENT);
        format!(
            "{{\"event\":\"LARGE\",\"data\":\"{large}\"}}\n{{\"event\":\"SMALL\"}}\n\
             {{\"return\":\"{name}\",\"id\":{id}}}\n"
        )
        .into_bytes()
    });
    let qmp = Qmp::connect(&path).await.unwrap();
    let mut events = qmp.events();
    qmp.execute("one", Value::Null).await.unwrap();
    assert_eq!(events.recv().await.unwrap().name, "SMALL");
}
