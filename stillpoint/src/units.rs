//! Times and sizes as people write and read them.

use std::time::Duration;

use base::{Code, Error, Result};
use jiff::Timestamp;

/// Reads `500ms`, `5s`, `2m`.
///
/// # Errors
/// `BadArgument`.
pub fn duration(text: &str) -> Result<Duration> {
    let bad = || {
        let what = format!("`{text}` is not a time; write a whole number and ms, s or m, as in 5s");
        Error::new(Code::BadArgument, what)
    };
    let digits = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let number: u64 = text[..digits].parse().map_err(|_| bad())?;
    let millis = match text[digits..].trim() {
        "ms" => Some(number),
        "s" => number.checked_mul(1000),
        "m" => number.checked_mul(60_000),
        _ => None,
    };
    millis
        .filter(|m| *m > 0)
        .map(Duration::from_millis)
        .ok_or_else(bad)
}

/// Reads an age: `30d`, `12h`, `45m`.
///
/// # Errors
/// `BadArgument`.
pub fn age(text: &str) -> Result<Duration> {
    let bad = || {
        let what = format!("`{text}` is not an age; write a whole number and d, h or m, as in 30d");
        Error::new(Code::BadArgument, what)
    };
    let digits = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let number: u64 = text[..digits].parse().map_err(|_| bad())?;
    let minutes = match text[digits..].trim() {
        "d" => number.checked_mul(24 * 60),
        "h" => number.checked_mul(60),
        "m" => Some(number),
        _ => None,
    };
    // A hundred years are more than anybody waits.
    let minutes = minutes.filter(|m| *m <= 100 * 366 * 24 * 60);
    minutes.map(|m| Duration::from_secs(60 * m)).ok_or_else(bad)
}

/// A time of a point for people: `2026-11-02 14:03:22`, UTC. What can't be read is shown as
/// it is.
pub fn instant(rfc3339: &str) -> String {
    match rfc3339.parse::<Timestamp>() {
        Ok(t) => t.strftime("%Y-%m-%d %H:%M:%S").to_string(),
        Err(_) => rfc3339.to_owned(),
    }
}

/// The same to the minute, for tables.
pub fn minute(rfc3339: &str) -> String {
    let mut text = instant(rfc3339);
    if text.len() == 19 {
        text.truncate(16);
    }
    text
}

/// Seconds for people: `0.4 s`, `3 min 12 s`.
pub fn seconds(seconds: f64) -> String {
    if seconds < 100.0 {
        return format!("{seconds:.1} s");
    }
    let whole = Duration::from_secs_f64(seconds).as_secs();
    match (whole / 3600, whole / 60 % 60, whole % 60) {
        (0, m, s) => format!("{m} min {s} s"),
        (h, m, _) => format!("{h} h {m} min"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_a_whole_number_and_a_unit() {
        assert_eq!(duration("5s").unwrap(), Duration::from_secs(5));
        assert_eq!(duration("250ms").unwrap(), Duration::from_millis(250));
        assert_eq!(duration("2m").unwrap(), Duration::from_secs(120));
        for text in [
            "",
            "5",
            "s",
            "0s",
            "-1s",
            "1.5s",
            "5h",
            "99999999999999999999s",
        ] {
            assert_eq!(
                duration(text).unwrap_err().code(),
                Code::BadArgument,
                "{text}"
            );
        }
    }

    #[test]
    fn ages_are_in_days_hours_or_minutes() {
        assert_eq!(age("30d").unwrap(), Duration::from_secs(30 * 86_400));
        assert_eq!(age("0h").unwrap(), Duration::ZERO);
        for text in ["", "d", "30", "1.5d", "3w", "99999999d", "-1d"] {
            assert_eq!(age(text).unwrap_err().code(), Code::BadArgument, "{text}");
        }
    }

    #[test]
    fn instants_and_spans_read_well() {
        assert_eq!(
            instant("2026-11-02T14:03:22.123456Z"),
            "2026-11-02 14:03:22"
        );
        assert_eq!(instant("yesterday"), "yesterday");
        assert_eq!(seconds(0.42), "0.4 s");
        assert_eq!(seconds(192.0), "3 min 12 s");
        assert_eq!(seconds(7260.0), "2 h 1 min");
    }
}
