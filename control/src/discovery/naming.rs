//! Names of resources that are called as something on a host is.
//!
//! A name may hold ASCII letters, digits, `-`, `_` and `.`; any other character becomes `-`, and
//! so does a period at either end. What is longer than 64 characters is cut there.

use uuid::Uuid;

/// The longest name.
const LONGEST: usize = 64;

/// The name as a segment of an id.
pub(crate) fn resource_name(name: &str) -> String {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let plain = |c| if allowed(c) { c } else { '-' };
    let mut text: String = name.chars().take(LONGEST).map(plain).collect();
    if text.is_empty() {
        text.push('-');
    }
    for end in [0, text.len() - 1] {
        if text[end..].starts_with('.') {
            text.replace_range(end..=end, "-");
        }
    }
    text
}

/// The names that a machine may have, the best first.
pub(crate) fn candidates(name: &str, uuid: Uuid) -> [String; 3] {
    let name = resource_name(name);
    let uuid = uuid.to_string();
    let short = uuid.get(..8).unwrap_or(&uuid);
    [
        name.clone(),
        format!("{name}-{short}"),
        format!("{name}-{uuid}"),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_breaks_a_path_is_replaced() {
        for (name, expected) in [
            ("web", "web"),
            ("Web_1.b", "Web_1.b"),
            ("a/b;c d", "a-b-c-d"),
            ("büro", "b-ro"),
            ("..", "--"),
            (".a.", "-a-"),
            ("", "-"),
            (&*"x".repeat(100), &*"x".repeat(64)),
        ] {
            assert_eq!(resource_name(name), expected, "{name}");
        }
    }
}
