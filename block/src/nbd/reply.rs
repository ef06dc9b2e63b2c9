//! One reply being put together, from one chunk or many, without any input or output.

use base::Result;

use super::wire::{Descriptors, violation};

/// The most separate pieces a read may be in at one time, and the most errors a reply may
/// hold: far beyond what servers send, and little memory.
const MAX_PIECES: usize = 4096;

/// What a request waits for.
#[derive(Debug)]
pub(super) struct Reply {
    body: Body,
    failure: Option<Failure>,
    failures: usize,
}

#[derive(Debug)]
enum Body {
    /// Nothing but success.
    Done,
    /// Data from `offset` on; `got` are the parts of `buf` that came, sorted and apart.
    Data {
        offset: u64,
        buf: Vec<u8>,
        got: Vec<(usize, usize)>,
    },
    /// Runs by the context `wanted`; `seen` are all contexts that came.
    Status {
        wanted: u32,
        seen: Vec<u32>,
        runs: Descriptors,
    },
}

/// What a request got.
#[derive(Debug)]
pub(super) enum Answer {
    Done,
    Data(Vec<u8>),
    Runs(Descriptors),
}

/// The server's word that a request failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Failure {
    pub(super) errno: u32,
    pub(super) words: String,
}

impl Reply {
    fn new(body: Body) -> Self {
        Self {
            body,
            failure: None,
            failures: 0,
        }
    }

    /// The reply to a request that brings nothing back.
    pub(super) fn done() -> Self {
        Self::new(Body::Done)
    }

    /// The reply to a read at `offset` that fills `buf`.
    pub(super) fn data(offset: u64, buf: Vec<u8>) -> Self {
        let got = Vec::new();
        Self::new(Body::Data { offset, buf, got })
    }

    /// The reply to a block status request, of which only the context `wanted` is kept.
    pub(super) fn status(wanted: u32) -> Self {
        Self::new(Body::Status {
            wanted,
            seen: Vec::new(),
            runs: Vec::new(),
        })
    }

    /// The place for `len` bytes of data at `at`, which the caller fills. Parts that are
    /// outside of what was asked for, or come twice, are violations.
    pub(super) fn place(&mut self, at: u64, len: u32) -> Result<&mut [u8]> {
        let Body::Data { offset, buf, got } = &mut self.body else {
            return Err(violation("data for a request that is no read"));
        };
        let from = at
            .checked_sub(*offset)
            .and_then(|n| usize::try_from(n).ok());
        let to = from.and_then(|from| from.checked_add(len as usize));
        let (Some(from), Some(to)) = (from, to.filter(|to| *to <= buf.len())) else {
            let what = format!("data of {len} bytes at {at}, which is outside of the request");
            return Err(violation(what));
        };
        let next = got.partition_point(|(start, _)| *start < from);
        let free = next.checked_sub(1).is_none_or(|i| got[i].1 <= from)
            && got.get(next).is_none_or(|(start, _)| to <= *start);
        if !free {
            return Err(violation(format!("data at {at} comes twice")));
        }
        let joins_next = got.get(next).is_some_and(|(start, _)| *start == to);
        let joins_before = next > 0 && got[next - 1].1 == from;
        match (joins_before, joins_next) {
            (true, true) => got[next - 1].1 = got.remove(next).1,
            (true, false) => got[next - 1].1 = to,
            (false, true) => got[next].0 = from,
            (false, false) => got.insert(next, (from, to)),
        }
        if got.len() > MAX_PIECES {
            return Err(violation("a read comes in too many pieces"));
        }
        Ok(&mut buf[from..to])
    }

    /// The place for all data of a reply in one part.
    pub(super) fn place_all(&mut self) -> Result<&mut [u8]> {
        let (at, len) = match &self.body {
            Body::Data { offset, buf, .. } => (*offset, buf.len()),
            _ => return Ok(&mut []),
        };
        let len = u32::try_from(len).map_err(|_| violation("a read of more than 4 GiB"))?;
        self.place(at, len)
    }

    /// Takes runs of one context.
    pub(super) fn add_status(&mut self, context: u32, came: Descriptors) -> Result<()> {
        let Body::Status { wanted, seen, runs } = &mut self.body else {
            return Err(violation("block status for another request"));
        };
        if seen.contains(&context) || seen.len() >= MAX_PIECES {
            return Err(violation(format!("context {context} comes twice")));
        }
        seen.push(context);
        if context == *wanted {
            *runs = came;
        }
        Ok(())
    }

    /// Notes an error; the first is kept.
    pub(super) fn fail(&mut self, errno: u32, words: String) -> Result<()> {
        self.failures += 1;
        if self.failures > MAX_PIECES {
            return Err(violation("a reply with too many errors"));
        }
        self.failure.get_or_insert(Failure { errno, words });
        Ok(())
    }

    /// The answer, when the last part has come. That something is missing without an error
    /// is a violation.
    pub(super) fn finish(&mut self) -> Result<Result<Answer, Failure>> {
        if let Some(failure) = self.failure.take() {
            return Ok(Err(failure));
        }
        match &mut self.body {
            Body::Done => Ok(Ok(Answer::Done)),
            Body::Data { buf, got, .. } => match got.as_slice() {
                [] if buf.is_empty() => Ok(Ok(Answer::Data(std::mem::take(buf)))),
                [(0, end)] if *end == buf.len() => Ok(Ok(Answer::Data(std::mem::take(buf)))),
                _ => Err(violation("a read came back with parts missing")),
            },
            Body::Status { runs, .. } if runs.is_empty() => {
                Err(violation("block status came back without the context"))
            }
            Body::Status { runs, .. } => Ok(Ok(Answer::Runs(std::mem::take(runs)))),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_read_with_a_part_missing_is_never_taken_for_complete() {
        let mut reply = Reply::data(100, vec![9; 10]);
        reply.place(100, 4).unwrap().fill(1);
        reply.place(106, 4).unwrap().fill(2);
        assert!(reply.finish().is_err());
        reply.place(104, 2).unwrap().fill(3);
        let Ok(Ok(Answer::Data(data))) = reply.finish() else {
            panic!("not complete");
        };
        assert_eq!(data, [1, 1, 1, 1, 3, 3, 2, 2, 2, 2]);
    }

    #[test]
    fn an_error_wins_over_the_data_that_came_with_it() {
        let mut reply = Reply::data(0, vec![0; 4]);
        reply.place(0, 4).unwrap();
        reply.fail(5, "disk".into()).unwrap();
        reply.fail(28, "later".into()).unwrap();
        let failure = reply.finish().unwrap().unwrap_err();
        assert_eq!((failure.errno, failure.words.as_str()), (5, "disk"));
    }

    #[test]
    fn errors_without_end_are_cut_off() {
        let mut reply = Reply::done();
        assert!((0..10_000).any(|_| reply.fail(5, String::new()).is_err()));
    }

    #[test]
    fn a_context_may_come_once_and_must_come() {
        let mut reply = Reply::status(3);
        reply.add_status(4, vec![(1, 1)]).unwrap();
        assert!(reply.finish().is_err());
        reply.add_status(3, vec![(8, 2)]).unwrap();
        assert!(reply.add_status(3, vec![(8, 2)]).is_err());
        assert!(matches!(reply.finish(), Ok(Ok(Answer::Runs(r))) if r == [(8, 2)]));
    }

    proptest! {
        /// Against the plainest model: an array that says which bytes have come.
        #[test]
        fn parts_are_accepted_exactly_when_inside_and_new(
            parts in prop::collection::vec((90u64..140, 0u32..12), 0..40)
        ) {
            let mut reply = Reply::data(100, vec![0; 32]);
            let mut came = [false; 32];
            for (at, len) in parts.into_iter().map(|(at, len)| (at, len + 1)) {
                let inside = at >= 100 && at + u64::from(len) <= 132;
                let range = || (at - 100) as usize..(at - 100) as usize + len as usize;
                let fits = inside && came[range()].iter().all(|c| !c);
                prop_assert_eq!(reply.place(at, len).is_ok(), fits);
                if fits {
                    came[range()].fill(true);
                }
            }
            prop_assert_eq!(reply.finish().is_ok(), came.iter().all(|c| *c));
        }
    }
}
