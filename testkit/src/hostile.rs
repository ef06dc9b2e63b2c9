//! Attacks on code that reads bytes from outside: bytes that nobody would send.
//!
//! A target is a function that takes bytes and must return: without a panic, soon, and
//! without holding much more memory than the bytes themselves. [`attack`] feeds it what its
//! callers give as valid, then every cut, flipped bits and splices of that, then random
//! changes from a seed for as long as `STILLPOINT_FUZZ_SECONDS` says (a second each if not
//! set; `STILLPOINT_FUZZ_SEED` gives another seed). What breaks a target is kept in a file.

mod mutate;
mod watch;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use mutate::Mutator;
use watch::Watch;

/// A function that takes hostile bytes.
pub type Target = fn(&[u8]);

/// Runs a function and gives the most bytes of memory it held at once. It comes from the
/// test program, which alone can say what its allocator is.
pub type Measure = fn(&mut dyn FnMut()) -> u64;

/// The memory a target may hold whatever it is given, in bytes.
pub const CAP: u64 = 4 << 20;
/// The memory a target may hold for each byte that it is given, in bytes. The smallest value
/// of a JSON list takes two bytes there and 72 in memory, while a list grows by doubling.
pub const CAP_PER_BYTE: u64 = 160;
/// How long one input may take. Most take microseconds; the machine may be busy.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// The longest input made by random changes, in bytes.
const LONGEST: usize = 64 << 10;
/// The most flipped bits, and the most cuts, of one valid input.
const EVERY: usize = 4096;

/// Attacks a target. `valid` are inputs that get far into it. Gives the number of inputs
/// it was fed.
///
/// # Panics
/// If the target panics or holds more than [`CAP`] and [`CAP_PER_BYTE`] allow. The process
/// ends if it takes longer than [`PATIENCE`], because a thread can't be stopped.
pub fn attack(name: &str, target: Target, valid: &[Vec<u8>], measure: Measure) -> u64 {
    let mut runner = Runner {
        name,
        target,
        measure,
        watch: Watch::start(name, PATIENCE),
        count: 0,
    };
    runner.feed(&[]);
    for input in valid {
        runner.feed(input);
        for len in places(input.len()) {
            runner.feed(&input[..len]);
        }
        let mut hurt = input.clone();
        for bit in places(input.len() * 8) {
            hurt[bit / 8] ^= 1 << (bit % 8);
            runner.feed(&hurt);
            hurt[bit / 8] ^= 1 << (bit % 8);
        }
        for other in valid {
            for part in 1..8 {
                let (a, b) = (input.len() * part / 8, other.len() * (8 - part) / 8);
                runner.feed(&[&input[..a], &other[b..]].concat());
            }
        }
    }
    let seed = number("STILLPOINT_FUZZ_SEED").unwrap_or(1);
    let time = Duration::from_secs(number("STILLPOINT_FUZZ_SECONDS").unwrap_or(1));
    let mut mutator = Mutator::new(seed ^ hash(name), valid, LONGEST);
    let start = Instant::now();
    while start.elapsed() < time {
        for _ in 0..16 {
            let input = mutator.input();
            runner.feed(&input);
        }
    }
    runner.count
}

/// All places in `0..n`, or if there are many those at both ends and some between.
fn places(n: usize) -> impl Iterator<Item = usize> {
    let step = n.div_ceil(EVERY).max(1);
    // An odd step meets all bits of a byte in turn.
    let step = step | 1;
    let edge = EVERY / 8;
    (0..n).filter(move |i| n <= EVERY || *i < edge || *i + edge >= n || i.is_multiple_of(step))
}

fn number(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    Some(text.parse().expect("a whole number in the variable"))
}

fn hash(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |h, b| {
        (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3)
    })
}

struct Runner<'a> {
    name: &'a str,
    target: Target,
    measure: Measure,
    watch: Watch,
    count: u64,
}

impl Runner<'_> {
    fn feed(&mut self, input: &[u8]) {
        self.count += 1;
        self.watch.begin(input);
        let run = || (self.measure)(&mut || (self.target)(input));
        let held = catch_unwind(AssertUnwindSafe(run));
        self.watch.end();
        let cap = CAP + CAP_PER_BYTE * input.len() as u64;
        let what = match held {
            Ok(held) if held <= cap => return,
            Ok(held) => format!("held {held} bytes, which is more than {cap}"),
            Err(_) => "panicked".to_owned(),
        };
        panic!("{}", complaint(self.name, &what, input));
    }
}

/// Keeps the input in a file and says what it did.
fn complaint(name: &str, what: &str, input: &[u8]) -> String {
    let shown: String = input
        .iter()
        .take(400)
        .flat_map(|b| std::ascii::escape_default(*b))
        .map(char::from)
        .collect();
    let place = match keep(name, input) {
        Ok(path) => format!("kept in {}", path.display()),
        Err(e) => format!("not kept: {e}"),
    };
    format!(
        "target {name} {what}, given {} bytes ({place}): {shown}",
        input.len()
    )
}

fn keep(name: &str, input: &[u8]) -> std::io::Result<PathBuf> {
    let path = std::env::temp_dir().join(format!("hostile-{name}-{}", std::process::id()));
    std::fs::write(&path, input)?;
    Ok(path)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicBool;
    use std::sync::atomic::Ordering::Relaxed;

    use super::*;

    fn no_memory(run: &mut dyn FnMut()) -> u64 {
        run();
        0
    }

    #[test]
    fn a_target_that_fails_on_one_bit_of_a_valid_input_is_caught() {
        let target: Target = |bytes| assert_ne!(bytes, b"valie");
        let result = catch_unwind(|| attack("bit", target, &[b"valid".to_vec()], no_memory));
        let words = *result.unwrap_err().downcast::<String>().unwrap();
        assert!(
            words.contains("panicked") && words.contains("valie"),
            "{words}"
        );
    }

    #[test]
    fn a_target_that_holds_too_much_is_caught() {
        let result = catch_unwind(|| attack("held", |_| (), &[], |_| u64::MAX));
        let words = *result.unwrap_err().downcast::<String>().unwrap();
        assert!(words.contains("more than"), "{words}");
    }

    #[test]
    fn large_numbers_and_deep_nesting_are_tried() {
        static DEEP: AtomicBool = AtomicBool::new(false);
        static LARGE: AtomicBool = AtomicBool::new(false);
        let target: Target = |bytes| {
            let deep = bytes.windows(64).any(|w| w.iter().all(|b| *b == b'['));
            DEEP.fetch_or(deep, Relaxed);
            let large = bytes.windows(8).any(|w| w == u64::MAX.to_be_bytes());
            LARGE.fetch_or(large, Relaxed);
        };
        attack("tried", target, &[b"{\"a\":[1,2]}".to_vec()], no_memory);
        assert!(DEEP.load(Relaxed) && LARGE.load(Relaxed));
    }
}
