//! The export as a source and a sink.

use async_trait::async_trait;
use base::Result;

use super::NbdClient;
use super::negotiate::ALLOCATION;
use super::reply::Reply;
use super::wire::{self, Command};
use crate::{BlockSink, BlockSource, Extent, Run, RunState};

#[async_trait]
impl BlockSource for NbdClient {
    fn size(&self) -> u64 {
        self.export.size
    }

    async fn read(&self, offset: u64, mut buf: Vec<u8>) -> Result<Vec<u8>> {
        self.check(offset, buf.len() as u64)?;
        if buf.is_empty() {
            return Ok(buf);
        }
        let range = Extent::new(offset, buf.len() as u64);
        let whole = self.aligned(range);
        if whole == range {
            return self.read_blocks(offset, buf).await;
        }
        let data = self
            .read_blocks(whole.offset, vec![0; whole.len as usize])
            .await?;
        let from = (offset - whole.offset) as usize;
        buf.copy_from_slice(&data[from..from + range.len as usize]);
        Ok(buf)
    }

    async fn runs(&self, range: Extent) -> Result<Vec<Run>> {
        self.check(range.offset, range.len)?;
        let Some(id) = self.context(ALLOCATION) else {
            let state = RunState::Data;
            let all = (range.len > 0).then_some(Run {
                extent: range,
                state,
            });
            return Ok(all.into_iter().collect());
        };
        let state = |flags| match flags & wire::STATE_ZERO {
            0 => RunState::Data,
            _ => RunState::Zero,
        };
        let runs = self.flags(id, range, state).await?.into_iter();
        Ok(runs.map(|(extent, state)| Run { extent, state }).collect())
    }

    /// Discards the whole blocks inside `range`, if the export can.
    async fn release(&self, range: Extent) -> Result<()> {
        self.check(range.offset, range.len)?;
        if !self.can_release() {
            return Ok(());
        }
        let blocks = self.blocks_inside(range);
        self.each_step(Command::Trim, blocks, None).await
    }
}

#[async_trait]
impl BlockSink for NbdClient {
    async fn write(&self, offset: u64, data: &[u8]) -> Result<()> {
        self.check_writable()?;
        self.check(offset, data.len() as u64)?;
        if data.is_empty() {
            return Ok(());
        }
        let range = Extent::new(offset, data.len() as u64);
        let whole = self.aligned(range);
        if whole == range {
            return self.write_blocks(offset, data, None).await;
        }
        self.write_patch(whole, offset, data).await
    }

    async fn write_zeroes(&self, range: Extent) -> Result<()> {
        self.check_writable()?;
        self.check(range.offset, range.len)?;
        if !self.has(wire::FLAG_SEND_WRITE_ZEROES) {
            return self.write_out_zeroes(range).await;
        }
        let blocks = self.blocks_inside(range);
        let head = Extent::new(range.offset, blocks.offset - range.offset);
        let tail = Extent::new(blocks.end(), range.end() - blocks.end());
        for edge in [head, tail] {
            self.write(edge.offset, &vec![0; edge.len as usize]).await?;
        }
        self.each_step(Command::WriteZeroes, blocks, None).await
    }

    async fn flush(&self) -> Result<()> {
        if self.read_only() || !self.has(wire::FLAG_SEND_FLUSH) {
            return Ok(());
        }
        let (command, reply) = (Command::Flush, Reply::done());
        let waiter = self.submit(command, 0, 0, Vec::new(), reply, None).await?;
        self.wait(waiter, command, 0, 0).await.map(|_| ())
    }
}
