//! A scripted guest agent on a UNIX socket: one client at a time, one command at a time,
//! like the real one.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// How the agent behaves, and what has happened to it.
#[derive(Debug, Default)]
pub(crate) struct Agent {
    /// How long the freeze hooks run.
    pub(crate) freeze_takes: Duration,
    /// What the freeze hooks fail with.
    pub(crate) freeze_fails: Option<&'static str>,
    /// Nothing is answered until then.
    pub(crate) deaf_until: Option<Instant>,
    pub(crate) frozen: bool,
    /// When it froze and thawed.
    pub(crate) froze: Vec<Instant>,
    pub(crate) thawed: Vec<Instant>,
}

/// The agent's thread.
pub(crate) struct FakeAgent {
    pub(crate) dir: tempfile::TempDir,
    pub(crate) state: Arc<Mutex<Agent>>,
}

impl FakeAgent {
    pub(crate) fn start() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let listener = UnixListener::bind(dir.path().join("qga.sock")).unwrap();
        let state = Arc::new(Mutex::new(Agent::default()));
        let shared = state.clone();
        std::thread::spawn(move || {
            for client in listener.incoming() {
                serve(&client.unwrap(), &shared);
            }
        });
        Self { dir, state }
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.dir.path().join("qga.sock")
    }

    pub(crate) fn script(&self, change: impl FnOnce(&mut Agent)) {
        change(&mut self.state.lock().unwrap());
    }

    pub(crate) fn is_frozen(&self) -> bool {
        self.state.lock().unwrap().frozen
    }

    /// Waits until the guest has been frozen and thawed again. Gives for how long.
    pub(crate) fn wait_thawed(&self, limit: Duration) -> Duration {
        let start = Instant::now();
        loop {
            let state = self.state.lock().unwrap();
            if let (false, Some(froze), Some(thawed)) =
                (state.frozen, state.froze.last(), state.thawed.last())
            {
                return *thawed - *froze;
            }
            assert!(
                start.elapsed() < limit,
                "not thawed within {limit:?}: {state:?}"
            );
            drop(state);
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

fn serve(stream: &UnixStream, shared: &Mutex<Agent>) {
    for line in BufReader::new(stream).split(b'\n').map_while(Result::ok) {
        let line: Vec<u8> = line.into_iter().filter(|b| *b != 0xff).collect();
        let Ok(request) = serde_json::from_slice::<Value>(&line) else {
            continue;
        };
        let deaf = shared.lock().unwrap().deaf_until.take();
        if let Some(until) = deaf {
            std::thread::sleep(until.saturating_duration_since(Instant::now()));
        }
        let mut out = Vec::new();
        if request["execute"] == "guest-sync-delimited" {
            out.push(0xff);
        }
        out.extend(format!("{}\n", answer(&request, shared)).into_bytes());
        // The client may be gone; the command was carried out all the same.
        let _ = (&mut &*stream).write_all(&out);
    }
}

fn answer(request: &Value, shared: &Mutex<Agent>) -> Value {
    let refused = |text: &str| json!({ "error": { "class": "GenericError", "desc": text } });
    match request["execute"].as_str().unwrap_or_default() {
        "guest-sync-delimited" => json!({ "return": request["arguments"]["id"] }),
        "guest-info" => json!({ "return": { "version": "10.0.2" } }),
        "guest-fsfreeze-status" => {
            json!({ "return": if shared.lock().unwrap().frozen { "frozen" } else { "thawed" } })
        }
        "guest-fsfreeze-freeze" => {
            let takes = shared.lock().unwrap().freeze_takes;
            std::thread::sleep(takes);
            let mut state = shared.lock().unwrap();
            if let Some(text) = state.freeze_fails {
                return refused(text);
            }
            state.frozen = true;
            state.froze.push(Instant::now());
            json!({ "return": 3 })
        }
        "guest-fsfreeze-thaw" => {
            let mut state = shared.lock().unwrap();
            if std::mem::take(&mut state.frozen) {
                state.thawed.push(Instant::now());
            }
            json!({ "return": 3 })
        }
        other => refused(other),
    }
}
