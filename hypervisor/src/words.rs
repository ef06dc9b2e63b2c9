//! Words from guests and hypervisors, made safe to show and to keep.

/// The most characters that are kept.
const MOST: usize = 1000;

/// The text on one line and not without end: what a guest says goes to terminals and logs.
pub(crate) fn plain(text: &str) -> String {
    let shown = text
        .trim()
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c });
    shown.take(MOST).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_from_a_guest_move_no_cursor_and_end_somewhere() {
        assert_eq!(plain(" a\u{1b}[2Jb\r\nc\u{9b}1m "), "a [2Jb  c 1m");
        assert_eq!(plain(&"é".repeat(5000)).chars().count(), MOST);
    }
}
