//! A list of changed extents, as the user gives it.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use base::{Code, Error, Result};
use block::{Extent, ExtentSet};

/// The longest line, in bytes; two numbers have 41.
const MAX_LINE: u64 = 1024;
/// The most extents: 256 MiB in memory, and more than a disk of 1 TiB has chunks of 64 KiB.
const MAX_EXTENTS: usize = 1 << 24;

/// Reads a list of changed extents: one `offset length` pair in bytes a line; empty lines and
/// lines that begin with `#` are passed over.
///
/// # Errors
/// `ExtentListInvalid` naming the line (also one of more than 1024 bytes, and a list of more
/// than 2^24 extents); those of the file.
pub fn read_extent_list(path: &Path) -> Result<ExtentSet> {
    let file = File::open(path).map_err(|e| Error::io(path.display(), e))?;
    parse(BufReader::new(file), &path.display().to_string())
}

/// Reads the lines; `name` is for errors.
pub(crate) fn parse(mut lines: impl BufRead, name: &str) -> Result<ExtentSet> {
    let mut extents = Vec::new();
    let mut line = Vec::new();
    for number in 1.. {
        line.clear();
        let part = lines.by_ref().take(MAX_LINE).read_until(b'\n', &mut line);
        if part.map_err(|e| Error::io(name, e))? == 0 {
            break;
        }
        let refuse = |why: &str| {
            let what = format!("{name}, line {number}: {why}");
            Err(Error::new(Code::ExtentListInvalid, what))
        };
        let whole = (line.len() as u64) < MAX_LINE || line.ends_with(b"\n");
        let Some(text) = std::str::from_utf8(&line).ok().filter(|_| whole) else {
            return refuse("it is too long, or no text");
        };
        let text = text.trim();
        if text.is_empty() || text.starts_with('#') {
            continue;
        }
        let mut words = text.split_whitespace().map(str::parse::<u64>);
        match (words.next(), words.next(), words.next()) {
            (Some(Ok(offset)), Some(Ok(len)), None) if offset.checked_add(len).is_some() => {
                extents.push(Extent::new(offset, len));
            }
            _ => return refuse(&format!("`{}` is not `offset length`", text.escape_debug())),
        }
        if extents.len() > MAX_EXTENTS {
            return refuse("the list has too many extents; leave it out to have all read");
        }
    }
    Ok(extents.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_without_end_or_of_anything_else_is_refused_by_its_line() {
        let refused = |input: &[u8]| {
            let e = parse(input, "list").unwrap_err();
            assert_eq!(e.code(), Code::ExtentListInvalid);
            e.detail().to_owned()
        };
        assert!(refused(b"# ok\n\n0 512\n5 x\n").contains("line 4"));
        assert!(refused(b"0 1\n\x1b[2J 3").contains("\\u{1b}"));
        assert!(refused(b"18446744073709551615 1").contains("line 1"));
        assert!(refused(&[b'7'; 5000]).contains("too long"));
        let e = parse(BufReader::new(std::io::repeat(0)), "zero").unwrap_err();
        assert_eq!(e.code(), Code::ExtentListInvalid);
        let comment = [&[b'#'; 1023][..], b"\n0 1"].concat();
        assert_eq!(parse(&*comment, "list").unwrap().bytes(), 1);
    }
}
