//! Server-sent events.

use std::time::Duration;

use base::Result;
use serde_json::Value;

use super::Client;

/// For how long a stream is read; a server ends it sooner.
const LASTS: Duration = Duration::from_secs(1200);
/// How long a stream may be silent: a server says each quarter of a minute that it is there.
const SILENT: Duration = Duration::from_secs(50);

/// How a stream came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Followed {
    /// The event `end` came.
    Ended,
    /// It was cut off, or the server ended it for now.
    CutOff,
    /// The server serves none, or no more.
    NotServed,
}

impl Client {
    /// Hands the data of each event `job` of a stream to `told`, until the stream ends.
    ///
    /// # Errors
    /// `ServerUnavailable`; those of `told`.
    pub async fn follow(
        &self,
        path: &str,
        mut told: impl FnMut(&Value) -> Result<()>,
    ) -> Result<Followed> {
        let Some(mut answer) = self.open_stream(path, LASTS).await? else {
            return Ok(Followed::NotServed);
        };
        let mut events = Events::default();
        while let Ok(Ok(Some(bytes))) = tokio::time::timeout(SILENT, answer.chunk()).await {
            for (name, data) in events.read(&bytes) {
                match name.as_str() {
                    "job" => told(&serde_json::from_str(&data).unwrap_or_default())?,
                    "end" => return Ok(Followed::Ended),
                    _ => {}
                }
            }
        }
        Ok(Followed::CutOff)
    }
}

/// Events in the making.
#[derive(Debug, Default)]
struct Events {
    line: Vec<u8>,
    name: String,
    data: String,
}

impl Events {
    /// The names and data of the events that are whole with these bytes.
    fn read(&mut self, bytes: &[u8]) -> Vec<(String, String)> {
        let mut whole = Vec::new();
        for byte in bytes {
            match byte {
                b'\n' => {
                    let line = std::mem::take(&mut self.line);
                    whole.extend(self.take(&String::from_utf8_lossy(&line)));
                }
                b'\r' => {}
                other => self.line.push(*other),
            }
        }
        whole
    }

    /// Takes a line; an empty one ends an event.
    fn take(&mut self, line: &str) -> Option<(String, String)> {
        if line.is_empty() {
            let event = (
                std::mem::take(&mut self.name),
                std::mem::take(&mut self.data),
            );
            return Some(event).filter(|(name, _)| !name.is_empty());
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => value.clone_into(&mut self.name),
            "data" => {
                if !self.data.is_empty() {
                    self.data.push('\n');
                }
                self.data.push_str(value);
            }
            _ => {}
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_read_however_their_bytes_come() {
        let text = ": alive\n\nretry: 1\nevent: job\ndata: {\"a\":\ndata:1}\n\nevent: end\r\ndata: {}\r\n\r\n";
        let of = |step: usize| {
            let mut events = Events::default();
            let chunks = text.as_bytes().chunks(step);
            chunks
                .flat_map(|chunk| events.read(chunk))
                .collect::<Vec<_>>()
        };
        let expected = [("job", "{\"a\":\n1}"), ("end", "{}")];
        let expected = expected.map(|(name, data)| (name.to_owned(), data.to_owned()));
        for step in [1, 3, 7, 1000] {
            assert_eq!(of(step), expected);
        }
    }
}
