//! Targets for fuzzing: what a QEMU sends.

use super::reader::LineReader;
use super::{Message, parse};

/// All lines of a connection.
pub(crate) fn lines(data: &[u8]) {
    let mut lines = LineReader::new(data);
    let read = async {
        while let Ok(Some(line)) = lines.next().await {
            if let Ok(Message::Failed { failure, .. }) = parse(&line) {
                let _ = failure.into_error("block-commit").to_string();
            }
        }
    };
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    // Memory never makes a reader wait, so that one poll runs to its end.
    assert!(std::pin::pin!(read).poll(&mut context).is_ready());
}
