//! The definition of a restored machine.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use base::{Code, Error, Random, Result, SystemRandom};
use hypervisor::RewriteArguments;
use hypervisor::libvirt::{DiskPlace, Rewrite, rewrite_domain};

use super::{MachineFiles, NewMachine, write_new};

/// A domain of libvirt: `NAME.xml`.
pub(super) fn libvirt(
    new: &NewMachine<'_>,
    xml: &str,
    nvram: Option<&[u8]>,
    dry: bool,
) -> Result<MachineFiles> {
    let nvram_file = nvram.map(|_| new.file("_VARS.fd"));
    let place = |(name, (path, format)): (&String, &(PathBuf, hypervisor::ImageFormat))| {
        (
            name.clone(),
            DiskPlace {
                path: path.clone(),
                format: *format,
                block_device: false,
            },
        )
    };
    let disks: BTreeMap<String, DiskPlace> = new.disks.iter().map(place).collect();
    let random: &dyn Random = &SystemRandom;
    let xml = rewrite_domain(
        xml,
        &Rewrite {
            name: Some(new.name),
            uuid: new.identity,
            macs: new.identity.map(|_| random),
            network: new.network,
            disks: &disks,
            nvram: nvram_file.as_deref(),
        },
    )?;
    let definition = new.file(".xml");
    if !dry {
        if let (Some(file), Some(bytes)) = (&nvram_file, nvram) {
            write_new(file, bytes, 0o600)?;
        }
        // It may hold passwords (VNC, SPICE).
        write_new(&definition, xml.as_bytes(), 0o600)?;
    }
    Ok(MachineFiles {
        definition,
        script: None,
        nvram: nvram_file,
        xml: Some(xml),
    })
}

/// A bare QEMU machine: `NAME.json` with the words of its command line, and `NAME.sh`.
pub(super) fn qemu(
    new: &NewMachine<'_>,
    arguments: &[String],
    nvram: Option<&[u8]>,
    dry: bool,
) -> Result<MachineFiles> {
    let machine = &new.record.machine;
    let nvram_file = nvram.map(|_| new.file("_VARS.fd"));
    let (mut disks, mut dropped) = (BTreeMap::new(), BTreeSet::new());
    for disk in &machine.disks {
        match (&disk.path, new.disks.get(&disk.name)) {
            (Some(old), Some((now, _))) => {
                disks.insert(old.clone(), now.clone());
            }
            (Some(old), None) => {
                dropped.insert(old.clone());
            }
            (None, Some(_)) => {
                let what = format!("disk {} has no file in the machine's definition", disk.name);
                return Err(Error::new(Code::DiskNotFound, what));
            }
            (None, None) => {}
        }
    }
    let random: &dyn Random = &SystemRandom;
    let words = hypervisor::rewrite_arguments(
        arguments,
        &RewriteArguments {
            old_name: &machine.name,
            name: new.name,
            uuid: new.identity,
            macs: new.identity.map(|_| random),
            network: new.network,
            disks: &disks,
            dropped: &dropped,
            nvram: nvram_file.as_deref(),
            folder: new.home.unwrap_or(new.folder),
        },
    )?;
    let (definition, script) = (new.file(".json"), new.file(".sh"));
    if !dry {
        if let (Some(file), Some(bytes)) = (&nvram_file, nvram) {
            write_new(file, bytes, 0o600)?;
        }
        let json = serde_json::to_vec_pretty(&words)
            .map_err(|e| Error::new(Code::Internal, "making JSON").because(e))?;
        write_new(&definition, &json, 0o600)?;
        write_new(&script, shell_script(new.name, &words).as_bytes(), 0o700)?;
    }
    Ok(MachineFiles {
        definition,
        script: Some(script),
        nvram: nvram_file,
        xml: None,
    })
}

/// A script that becomes QEMU, a line for each option.
fn shell_script(name: &str, words: &[String]) -> String {
    let name: String = name.chars().filter(|c| !c.is_control()).collect();
    let mut text = format!("#!/bin/sh\n# Starts the restored machine {name}.\nexec");
    for (i, word) in words.iter().enumerate() {
        text += if i > 0 && word.starts_with('-') {
            " \\\n  "
        } else {
            " "
        };
        text += &quoted(word);
    }
    text + "\n"
}

fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=,:+@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shell_reads_back_the_words_that_were_written() {
        let words = [
            "printf", "%s\n", "it's", "", "a b", "$HOME", "-x", "\"", "`id`", "a\\b",
        ];
        let words: Vec<String> = words.map(str::to_owned).to_vec();
        let script = shell_script("bad\nname", &words);
        let out = std::process::Command::new("sh")
            .arg("-c")
            .arg(script)
            .output()
            .unwrap();
        let lines = String::from_utf8(out.stdout).unwrap();
        assert_eq!(lines.lines().collect::<Vec<_>>(), words[2..]);
    }
}
