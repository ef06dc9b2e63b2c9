//! The server's side of the handshake.

use base::Result;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use super::super::negotiate::ALLOCATION;
use super::super::wire::export::{self, info_export, info_sizes, option_reply};
use super::super::wire::{self, violation};
use super::{Export, gone};

/// The most questions of one client.
const QUESTIONS: usize = 1000;
/// Block sizes: reads may begin and end anywhere, and bring at most the last.
const SIZES: [u32; 3] = [1, 4096, super::session::MAX_READ];
/// The number of `base:allocation`.
pub(super) const CONTEXT: u32 = 1;

/// What was agreed on.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Agreed {
    pub(super) structured: bool,
    /// Block status may be asked for.
    pub(super) allocation: bool,
}

/// Does the handshake; `None` if the client went away, or wanted nothing more.
///
/// # Errors
/// `ProtocolError`.
pub(super) async fn agree<S>(stream: &mut S, export: &Export) -> Result<Option<Agreed>>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    match Handshake::new(stream, export).run().await {
        Err(Stop::Broken(e)) => Err(e),
        Err(Stop::Ended) => Ok(None),
        Ok(agreed) => Ok(Some(agreed)),
    }
}

/// Why there will be no requests.
enum Stop {
    Ended,
    Broken(base::Error),
}

impl From<base::Error> for Stop {
    fn from(e: base::Error) -> Self {
        Self::Broken(e)
    }
}

impl From<std::io::Error> for Stop {
    fn from(e: std::io::Error) -> Self {
        if gone(&e) {
            return Self::Ended;
        }
        Self::Broken(base::Error::io("a client's connection", e))
    }
}

struct Handshake<'a, S> {
    stream: &'a mut S,
    export: &'a Export,
    agreed: Agreed,
}

impl<'a, S: AsyncRead + AsyncWrite + Unpin> Handshake<'a, S> {
    fn new(stream: &'a mut S, export: &'a Export) -> Self {
        let agreed = Agreed::default();
        Self {
            stream,
            export,
            agreed,
        }
    }

    async fn run(mut self) -> Result<Agreed, Stop> {
        let known = wire::FIXED_NEWSTYLE | wire::NO_ZEROES;
        self.send(&export::greeting(known)).await?;
        let flags = self.stream.read_u32().await?;
        if flags & !u32::from(known) != 0 {
            return Err(violation("the client wants an unknown handshake").into());
        }
        for _ in 0..QUESTIONS {
            let mut head = [0; 16];
            self.stream.read_exact(&mut head).await?;
            let (option, len) = export::parse_option(&head)?;
            let mut data = vec![0; len as usize];
            self.stream.read_exact(&mut data).await?;
            match option {
                wire::OPT_EXPORT_NAME if self.is_known(&data) => {
                    let mut answer = info_export(self.export.source.size(), flags_of_export());
                    if flags & u32::from(wire::NO_ZEROES) == 0 {
                        answer.extend([0; 124]);
                    }
                    // The same bytes without the number of the kind.
                    self.send(&answer[2..]).await?;
                    return Ok(self.agreed);
                }
                // There is no way to refuse it.
                wire::OPT_EXPORT_NAME => return Err(Stop::Ended),
                wire::OPT_ABORT => {
                    self.answer(option, wire::REP_ACK, &[]).await?;
                    return Err(Stop::Ended);
                }
                wire::OPT_GO if self.tell(option, &data).await? => return Ok(self.agreed),
                wire::OPT_GO => {}
                wire::OPT_INFO => drop(self.tell(option, &data).await?),
                wire::OPT_LIST => self.list(&data).await?,
                wire::OPT_STRUCTURED_REPLY => self.structured(&data).await?,
                wire::OPT_LIST_META_CONTEXT | wire::OPT_SET_META_CONTEXT => {
                    self.contexts(option, &data).await?;
                }
                _ => self.answer(option, wire::REP_ERR_UNSUP, &[]).await?,
            }
        }
        Err(violation("the client goes on asking").into())
    }

    /// The export goes by its name, and is the default one.
    fn is_known(&self, name: &[u8]) -> bool {
        name.is_empty() || name == self.export.name.as_bytes()
    }

    async fn send(&mut self, data: &[u8]) -> Result<(), Stop> {
        self.stream.write_all(data).await?;
        Ok(self.stream.flush().await?)
    }

    async fn answer(&mut self, option: u32, kind: u32, data: &[u8]) -> Result<(), Stop> {
        self.send(&option_reply(option, kind, data)).await
    }

    /// Tells all of the export; false if it is not known.
    async fn tell(&mut self, option: u32, data: &[u8]) -> Result<bool, Stop> {
        let refusal = match export::parse_go(data) {
            Ok(name) if self.is_known(name) => None,
            Ok(_) => Some(wire::REP_ERR_UNKNOWN),
            Err(_) => Some(wire::REP_ERR_INVALID),
        };
        if let Some(refusal) = refusal {
            self.answer(option, refusal, &[]).await?;
            return Ok(false);
        }
        let about = info_export(self.export.source.size(), flags_of_export());
        self.answer(option, wire::REP_INFO, &about).await?;
        self.answer(option, wire::REP_INFO, &info_sizes(SIZES))
            .await?;
        self.answer(option, wire::REP_ACK, &[]).await?;
        Ok(true)
    }

    async fn list(&mut self, data: &[u8]) -> Result<(), Stop> {
        if !data.is_empty() {
            return self
                .answer(wire::OPT_LIST, wire::REP_ERR_INVALID, &[])
                .await;
        }
        let name = self.export.name.as_bytes();
        let len = u32::try_from(name.len()).expect("checked at the start");
        let entry = [&len.to_be_bytes(), name].concat();
        self.answer(wire::OPT_LIST, wire::REP_SERVER, &entry)
            .await?;
        self.answer(wire::OPT_LIST, wire::REP_ACK, &[]).await
    }

    async fn structured(&mut self, data: &[u8]) -> Result<(), Stop> {
        self.agreed.structured = data.is_empty();
        let answer = match data {
            [] => wire::REP_ACK,
            _ => wire::REP_ERR_INVALID,
        };
        self.answer(wire::OPT_STRUCTURED_REPLY, answer, &[]).await
    }

    async fn contexts(&mut self, option: u32, data: &[u8]) -> Result<(), Stop> {
        let setting = option == wire::OPT_SET_META_CONTEXT;
        if setting {
            self.agreed.allocation = false;
        }
        let asked = match export::parse_contexts(data) {
            Ok((name, asked)) if self.agreed.structured && self.is_known(name) => asked,
            Ok(_) if self.agreed.structured => {
                return self.answer(option, wire::REP_ERR_UNKNOWN, &[]).await;
            }
            _ => return self.answer(option, wire::REP_ERR_INVALID, &[]).await,
        };
        let whole = |q: &&[u8]| *q == ALLOCATION.as_bytes();
        let granted = match setting {
            true => asked.iter().any(whole),
            false => asked.is_empty() || asked.iter().any(|q| whole(q) || *q == b"base:"),
        };
        if granted {
            let context = [&CONTEXT.to_be_bytes(), ALLOCATION.as_bytes()].concat();
            self.answer(option, wire::REP_META_CONTEXT, &context)
                .await?;
        }
        self.agreed.allocation |= setting && granted;
        self.answer(option, wire::REP_ACK, &[]).await
    }
}

fn flags_of_export() -> u16 {
    wire::FLAG_HAS_FLAGS | wire::FLAG_READ_ONLY | wire::FLAG_CAN_MULTI_CONN
}
