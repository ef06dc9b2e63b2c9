//! A QEMU command line, changed for a restored machine.

mod words;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use base::{Code, Error, Random, Result};

use self::words::{Value, Word, Words};

/// What to change in the command line of a bare QEMU. Everything else stays as it is.
#[derive(Clone, Copy, Debug)]
pub struct RewriteArguments<'a> {
    /// The machine's old name.
    pub old_name: &'a str,
    /// The name from now on.
    pub name: &'a str,
    /// The new UUID, also in the SMBIOS data.
    pub uuid: Option<&'a str>,
    /// Gives every network card a new MAC address made from this.
    pub macs: Option<&'a dyn Random>,
    /// Where the restored disks are, by the file they were in. Formats stay.
    pub disks: &'a BTreeMap<PathBuf, PathBuf>,
    /// Files of disks that were not restored: those that the guest could write to go, with
    /// their devices; read-only ones stay.
    pub dropped: &'a BTreeSet<PathBuf>,
    /// The new file of firmware variables.
    pub nvram: Option<&'a Path>,
    /// The restored machine's folder: sockets, logs and the file of the process id, which QEMU
    /// makes, go there.
    pub folder: &'a Path,
}

/// The command line of a restored machine. What belongs to one run only (an incoming
/// migration, a saved state) goes.
///
/// # Errors
/// `DiskNotFound` if no word names the file of a restored disk; `HypervisorError` if there are
/// no words, or nothing takes the firmware variables; `BadArgument` for a path that is not
/// UTF-8.
pub fn rewrite_arguments(
    arguments: &[String],
    change: &RewriteArguments<'_>,
) -> Result<Vec<String>> {
    let mut words = Words::parse(arguments).ok_or_else(|| {
        let what = "the command line of the machine is not known (its process could not be read)";
        Error::new(Code::HypervisorError, what)
    })?;
    words.remove(&["-incoming", "-loadvm"]);
    for (old, new) in change.disks {
        if !place(&mut words, old, text_of(new)?) {
            let what = format!("the machine's command line does not name {}", old.display());
            return Err(Error::new(Code::DiskNotFound, what));
        }
    }
    for old in change.dropped {
        drop_disk(&mut words, old);
    }
    if let Some(path) = change.nvram {
        place_nvram(&mut words, text_of(path)?)?;
    }
    identity(&mut words, change);
    let mut files = Files {
        change,
        given: BTreeMap::new(),
    };
    for word in &mut words.all {
        files.moved(word)?;
    }
    Ok(words.to_arguments())
}

fn text_of(path: &Path) -> Result<&str> {
    path.to_str().ok_or_else(|| {
        let what = format!("{}: a path must be UTF-8", path.display());
        Error::new(Code::BadArgument, what)
    })
}

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
fn place(words: &mut Words, file: &Path, new: &str) -> bool {
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
        } else if word.is(&["-hda", "-hdb", "-hdc", "-hdd"]) || word.option.is_none() {
            if word.raw.as_deref().is_some_and(|r| same(r, file)) {
                word.raw = Some(new.to_owned());
                found = true;
            }
        }
    }
    while let Some(node) = above.pop() {
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
fn drop_disk(words: &mut Words, file: &Path) {
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

fn place_nvram(words: &mut Words, new: &str) -> Result<()> {
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

fn identity(words: &mut Words, change: &RewriteArguments<'_>) {
    if change.name != change.old_name {
        let mut named = false;
        for value in words.of(&["-name"]) {
            if value.get("guest").is_some() {
                value.set("guest", change.name);
            } else {
                value.set_first(change.name);
            }
            named = true;
        }
        if !named {
            words.add("-name", change.name);
        }
    }
    if let Some(uuid) = change.uuid {
        words.remove(&["-uuid"]);
        words.add("-uuid", uuid);
        for value in words.of(&["-smbios"]) {
            if value.get("uuid").is_some() {
                value.set("uuid", uuid);
            }
        }
    }
    if let Some(random) = change.macs {
        for word in &mut words.all {
            let card = word.is(&["-device", "-nic", "-net"]);
            let Some(value) = word.value.as_mut().filter(|_| card) else {
                continue;
            };
            // A card without an address gets QEMU's usual one, the same in every machine.
            let has = |key| value.get(key).is_some();
            let key = match (has("mac") || has("netdev"), has("macaddr")) {
                (true, _) => "mac",
                (false, true) => "macaddr",
                (false, false) => continue,
            };
            let [a, b, c] = random.bytes();
            value.set(key, &format!("52:54:00:{a:02x}:{b:02x}:{c:02x}"));
        }
    }
}

/// Files that QEMU makes: each gets a name of its own in the restored machine's folder.
struct Files<'a> {
    change: &'a RewriteArguments<'a>,
    given: BTreeMap<PathBuf, String>,
}

impl Files<'_> {
    fn moved(&mut self, word: &mut Word) -> Result<()> {
        if word.is(&["-chardev"]) {
            let Some(value) = &mut word.value else {
                return Ok(());
            };
            let ours = match value.first().as_deref() {
                Some("socket") => value
                    .get("server")
                    .is_some_and(|s| s != "off" && s != "false"),
                Some("file" | "pipe") => true,
                _ => false,
            };
            if let Some(path) = value.get("path").filter(|_| ours) {
                value.set("path", &self.name(&path)?);
            }
        } else if word.is(&["-pidfile", "-D"]) {
            if let Some(raw) = &word.raw {
                word.raw = Some(self.name(raw)?);
            }
        } else if word.is(&[
            "-qmp",
            "-qmp-pretty",
            "-monitor",
            "-serial",
            "-parallel",
            "-vnc",
        ]) {
            let Some(raw) = &word.raw else { return Ok(()) };
            let Some((kind, rest)) = raw
                .split_once(':')
                .filter(|(k, _)| ["unix", "file"].contains(k))
            else {
                return Ok(());
            };
            let (path, options) = rest.split_at(rest.find(',').unwrap_or(rest.len()));
            let text = format!("{kind}:{}{options}", self.name(path)?);
            word.raw = Some(text);
        }
        Ok(())
    }

    fn name(&mut self, old: &str) -> Result<String> {
        let old = Path::new(old);
        if let Some(name) = self.given.get(old) {
            return Ok(name.clone());
        }
        let stem = old.file_stem().unwrap_or_default().to_string_lossy();
        let end = old
            .extension()
            .map(|e| format!(".{}", e.to_string_lossy()))
            .unwrap_or_default();
        let stem = if stem == self.change.old_name {
            self.change.name.into()
        } else {
            stem
        };
        let folder = text_of(self.change.folder)?;
        let mut name = format!("{folder}/{stem}{end}");
        let mut n = 2;
        while self.given.values().any(|taken| *taken == name) {
            name = format!("{folder}/{stem}-{n}{end}");
            n += 1;
        }
        self.given.insert(old.to_owned(), name.clone());
        Ok(name)
    }
}

#[cfg(test)]
mod tests;
