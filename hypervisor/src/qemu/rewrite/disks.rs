//! The words about disks and firmware.

use std::collections::HashSet;
use std::path::Path;

use base::{Code, Error, Result};

use super::words::{Value, Word, Words};

/// Whether a word's path means that file; a relative one is from a folder that is not known.
fn same(word: &str, file: &Path) -> bool {
    let path = Path::new(word);
    !word.is_empty() && (path == file || (path.is_relative() && file.ends_with(path)))
}

/// The members that may hold a file's path, each with the layers above it in the same word.
const FILES: [(&str, &[&str]); 4] = [
    ("filename", &[]),
    ("file.filename", &["backing"]),
    ("file.file.filename", &["backing", "file.backing"]),
    ("file", &["backing"]),
];

/// The member of a block device's word that names `file`.
fn file_member(word: &Word, file: &Path) -> Option<usize> {
    let value = word
        .is(&["-blockdev", "-drive"])
        .then_some(word.value.as_ref()?)?;
    FILES.iter().position(|(key, _)| {
        // The `file` of a -blockdev is a node.
        (*key != "file" || word.is(&["-drive"])) && value.get(key).is_some_and(|p| same(&p, file))
    })
}

/// Puts another file in the place of `file`. The layers above lose their backing images: a
/// restored image is whole.
pub(super) fn place(words: &mut Words, file: &Path, new: &str) -> bool {
    let mut found = false;
    let (mut above, mut bases) = (Vec::new(), Vec::new());
    for word in &mut words.all {
        if let Some(member) = file_member(word, file) {
            let (key, layers) = FILES[member];
            let Some(value) = &mut word.value else {
                continue;
            };
            value.set(key, new);
            for layer in layers {
                bases.extend(value.remove(layer));
            }
            above.extend(value.get("node-name"));
            found = true;
        } else if (word.is(&["-hda", "-hdb", "-hdc", "-hdd"]) || word.option.is_none())
            && word.raw.as_deref().is_some_and(|r| same(r, file))
        {
            word.raw = Some(new.to_owned());
            found = true;
        }
    }
    let mut seen = HashSet::new();
    while let Some(node) = above.pop() {
        // Words can name each other in a circle.
        if !seen.insert(node.clone()) {
            continue;
        }
        for value in words.of(&["-blockdev"]) {
            if value.get("file").as_deref() == Some(node.as_str()) {
                bases.extend(value.remove("backing"));
                above.extend(value.get("node-name"));
            }
        }
    }
    for base in bases {
        drop_nodes_below(words, base);
    }
    found
}

/// Removes a node that nothing refers to any more, and what lies below it.
fn drop_nodes_below(words: &mut Words, node: String) {
    let mut gone = vec![node];
    while let Some(node) = gone.pop() {
        let refers = |key: &str, v: &Value| v.get(key).as_deref() == Some(node.as_str());
        let used = |v: &Value| ["file", "backing", "drive"].iter().any(|k| refers(k, v));
        if words.all.iter().filter_map(|w| w.value.as_ref()).any(used) {
            continue;
        }
        words.all.retain(|word| {
            let Some(value) = word.value.as_ref().filter(|_| word.is(&["-blockdev"])) else {
                return true;
            };
            let this = refers("node-name", value);
            if this {
                gone.extend(["file", "backing"].iter().filter_map(|k| value.get(k)));
            }
            !this
        });
    }
}

/// Removes a disk that the guest could write to: its device, and the nodes below.
pub(super) fn drop_disk(words: &mut Words, file: &Path) {
    let read_only = |v: &Value| {
        let on = |key, wanted: &str| v.get(key).is_some_and(|f| f == wanted || f == "true");
        on("readonly", "on") || on("read-only", "on") || v.get("media").as_deref() == Some("cdrom")
    };
    let mut gone: Vec<String> = Vec::new();
    words.all.retain(|word| {
        let this = file_member(word, file).is_some() && !word.value.as_ref().is_some_and(read_only);
        if this && let Some(value) = &word.value {
            gone.extend(["node-name", "id"].iter().filter_map(|k| value.get(k)));
        }
        !this
    });
    while let Some(node) = gone.pop() {
        words.all.retain(|word| {
            let Some(value) = &word.value else {
                return true;
            };
            let refers = |key: &str| value.get(key).as_deref() == Some(node.as_str());
            let this = (word.is(&["-blockdev"]) && (refers("file") || refers("backing")))
                || (word.is(&["-device"]) && refers("drive"));
            if this && word.is(&["-blockdev"]) {
                gone.extend(value.get("node-name"));
            }
            !this
        });
    }
}

pub(super) fn place_nvram(words: &mut Words, new: &str) -> Result<()> {
    let mut node = words.of(&["-machine", "-M"]).find_map(|v| v.get("pflash1"));
    for _ in 0..8 {
        let Some(name) = node.take() else { break };
        for value in words.of(&["-blockdev"]) {
            if value.get("node-name").as_ref() != Some(&name) {
                continue;
            }
            if let Some((key, _)) = FILES[..3].iter().find(|(key, _)| value.get(key).is_some()) {
                value.set(key, new);
                return Ok(());
            }
            node = value.get("file");
        }
    }
    // The second pflash drive holds the variables; the first is read-only code.
    let is_off = |v: &Value, key| v.get(key).is_none_or(|f| f != "on" && f != "true");
    for value in words.of(&["-drive"]) {
        let pflash = value.get("if").as_deref() == Some("pflash");
        if pflash && is_off(value, "readonly") && is_off(value, "read-only") {
            value.set("file", new);
            return Ok(());
        }
    }
    let what = "the machine's command line names no file of UEFI variables";
    Err(Error::new(Code::HypervisorError, what))
}
