//! Byte counts as people write and read them.

use std::fmt;
use std::str::FromStr;

use crate::{Code, Error, Result};

/// A number of bytes; reads `20G`, `64KiB`, `4096` and prints `20.0 GiB`.
/// Units are powers of 1024, with or without `iB`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct ByteSize(pub u64);

const UNITS: [&str; 7] = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];

impl fmt::Display for ByteSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut value = self.0 as f64;
        let mut unit = 0;
        while value >= 1023.95 && unit + 1 < UNITS.len() {
            value /= 1024.0;
            unit += 1;
        }
        let text = if unit == 0 {
            format!("{} B", self.0)
        } else {
            format!("{value:.1} {}", UNITS[unit])
        };
        f.pad(&text)
    }
}

impl FromStr for ByteSize {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let bad = || {
            Error::new(
                Code::BadArgument,
                format!(
                    "`{text}` is not a size; write a whole number and a unit, as in 20G or 64KiB"
                ),
            )
        };
        let trimmed = text.trim();
        let digits = trimmed
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(trimmed.len());
        let number: u64 = trimmed[..digits].parse().map_err(|_| bad())?;
        let unit = trimmed[digits..].trim().to_ascii_uppercase();
        let power = match unit.trim_end_matches('B').trim_end_matches('I') {
            "" => 0,
            "K" => 1,
            "M" => 2,
            "G" => 3,
            "T" => 4,
            "P" => 5,
            _ => return Err(bad()),
        };
        number
            .checked_mul(1 << (10 * power))
            .map(ByteSize)
            .ok_or_else(bad)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_read_and_print_in_binary_units() {
        for (text, bytes) in [
            ("4096", 4096),
            ("64KiB", 65536),
            ("64k", 65536),
            ("20 G", 20 << 30),
        ] {
            assert_eq!(text.parse::<ByteSize>().unwrap().0, bytes, "{text}");
        }
        for text in ["", "G", "-1", "1.5G", "12X", "99999999999P"] {
            assert!(text.parse::<ByteSize>().is_err(), "{text}");
        }
        assert_eq!(ByteSize(20 << 30).to_string(), "20.0 GiB");
        assert_eq!(ByteSize(512).to_string(), "512 B");
    }
}
