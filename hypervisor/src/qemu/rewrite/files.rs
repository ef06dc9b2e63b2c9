//! The words about files that QEMU makes.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::{Path, PathBuf};

use base::Result;

use super::words::Word;
use super::{RewriteArguments, text_of};

/// Files that QEMU makes: each gets a name of its own in the restored machine's folder.
pub(super) struct Files<'a> {
    change: &'a RewriteArguments<'a>,
    given: BTreeMap<PathBuf, String>,
    taken: HashSet<String>,
    /// By stem and end: the highest number that was tried.
    last: HashMap<(String, String), u32>,
}

impl<'a> Files<'a> {
    pub(super) fn new(change: &'a RewriteArguments<'a>) -> Self {
        Self {
            change,
            given: BTreeMap::new(),
            taken: HashSet::new(),
            last: HashMap::new(),
        }
    }

    /// Moves the file that a word has QEMU make, if it has.
    pub(super) fn moved(&mut self, word: &mut Word) -> Result<()> {
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
        if self.taken.contains(&name) {
            let key = (stem.clone().into_owned(), end.clone());
            let last = self.last.entry(key).or_insert(1);
            while self.taken.contains(&name) {
                *last += 1;
                name = format!("{folder}/{stem}-{last}{end}");
            }
        }
        self.taken.insert(name.clone());
        self.given.insert(old.to_owned(), name.clone());
        Ok(name)
    }
}
