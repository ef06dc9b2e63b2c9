//! Block status: what is allocated, zero or dirty, over ranges of any length.

use base::{Code, Error, Result};

use super::NbdClient;
use super::reply::{Answer, Reply};
use super::wire::{Command, violation};
use crate::Extent;

/// The most one request asks about, in bytes; a multiple of every block size.
const STEP: u64 = 1 << 30;
/// The most runs of one range that are held; 256 MiB of them.
const MAX_RUNS: usize = 1 << 24;

impl NbdClient {
    /// The flags of consecutive runs that cover `range` exactly, neighbours of equal flags
    /// joined. `label` turns the server's flags into what the caller tells apart.
    pub(super) async fn flags<T: Copy + PartialEq>(
        &self,
        context: u32,
        range: Extent,
        label: impl Fn(u32) -> T + Send,
    ) -> Result<Vec<(Extent, T)>> {
        let mut out: Vec<(Extent, T)> = Vec::new();
        let whole = self.aligned(range);
        let mut at = whole.offset;
        while at < whole.end() {
            let len = (whole.end() - at).min(STEP);
            for (run, flags) in self.flags_once(context, at, len).await? {
                let run = Extent::new(at, u64::from(run).min(whole.end() - at));
                at = run.end();
                let Some(part) = run.intersect(&range) else {
                    continue;
                };
                let flags = label(flags);
                match out.last_mut() {
                    Some((last, f)) if *f == flags => last.len += part.len,
                    _ => out.push((part, flags)),
                }
            }
            if out.len() > MAX_RUNS {
                let what = format!("{}: more than {MAX_RUNS} runs", self.name());
                return Err(violation(what));
            }
        }
        Ok(out)
    }

    /// One request; what comes back may stop short of `len` or go beyond it.
    async fn flags_once(&self, context: u32, at: u64, len: u64) -> Result<Vec<(u32, u32)>> {
        let (command, reply) = (Command::BlockStatus, Reply::status(context));
        let waiter = self
            .submit(command, at, len, Vec::new(), reply, None)
            .await?;
        match self.wait(waiter, command, at, len).await? {
            Answer::Runs(runs) => Ok(runs),
            other => {
                let detail = format!("{}: block status gave {other:?}", self.name());
                Err(Error::new(Code::Internal, detail))
            }
        }
    }
}
