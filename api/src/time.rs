//! Times as clients send them (G13).

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// A time with its offset, or in UTC without one; also as clients filter by:
/// `2026-11-30 12:00:00 AM`.
pub(crate) fn read(text: &str) -> Option<Timestamp> {
    let plain = || {
        let spoken = DateTime::strptime("%Y-%m-%d %I:%M:%S %p", text).ok();
        let here = spoken.or_else(|| text.parse().ok())?;
        Some(here.to_zoned(TimeZone::UTC).ok()?.timestamp())
    };
    text.parse().ok().or_else(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_clients_send_them() {
        for (text, time) in [
            ("2026-11-30 01:02:03 PM", "2026-11-30T13:02:03Z"),
            ("2026-11-30 12:00:00 AM", "2026-11-30T00:00:00Z"),
            ("2026-11-22T21:44:21.607945", "2026-11-22T21:44:21.607945Z"),
            ("2026-11-22T21:44:21Z", "2026-11-22T21:44:21Z"),
            ("2026-11-22T21:44:21+02:00", "2026-11-22T19:44:21Z"),
        ] {
            assert_eq!(read(text), time.parse().ok(), "{text}");
        }
        for text in ["", "x", "21:44"] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
