//! Targets for fuzzing: what a guest agent, and so the guest, sends.

use std::io::Write;
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::time::Duration;

use serde_json::json;

use super::socket::SocketTransport;

/// What fits into a socket's buffer.
const MOST: usize = 64 << 10;

/// The number of the call's `guest-sync-delimited`.
pub(crate) const SYNC: u64 = 1_234_567;

/// Everything that comes out of the channel for one call, which ends with it.
pub(crate) fn socket(data: &[u8]) {
    let Ok((ours, mut guest)) = UnixStream::pair() else {
        return;
    };
    let told = guest.write_all(&data[..data.len().min(MOST)]);
    if told.and_then(|()| guest.shutdown(Shutdown::Write)).is_err() {
        return;
    }
    let mut agent = SocketTransport::over(ours);
    let request = json!({ "execute": "guest-info" });
    if let Err(e) = agent.call_numbered(&request, SYNC, Duration::from_secs(5)) {
        let words = e.to_string();
        assert!(words.len() < 2000 && !words.chars().any(char::is_control));
    }
}
