//! Targets for fuzzing: what a QEMU tells of itself.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use base::SeededRandom;
use serde_json::Value;

use super::discover::{Properties, describe, rank_boot_order};
use super::graph::Graph;
use super::memory::Memory;
use super::{RewriteArguments, rewrite_arguments};

/// The answers to `query-block`, `query-named-block-nodes` and `x-debug-query-block-graph`,
/// as a list of three, and after them those about each device.
pub(crate) fn graph(data: &[u8]) {
    let Ok(Value::Array(answers)) = serde_json::from_slice(data) else {
        return;
    };
    let mut answers = answers.into_iter();
    let mut next = || answers.next().unwrap_or(Value::Null);
    let Ok(graph) = Graph::parse(&next(), &next(), &next()) else {
        return;
    };
    let (mut disks, mut boot) = (Vec::new(), Vec::new());
    for device in &graph.devices {
        let properties = Properties::parse([next(), next(), next(), next()]);
        let disk = describe(device, &graph, &properties, Some(Path::new("/vm")));
        let name = &disk.name;
        let ok = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
        assert!(
            !name.is_empty() && name.len() < 100 && !name.starts_with('.') && name.chars().all(ok),
            "{name:?} goes into names of files"
        );
        boot.push(properties.boot_index);
        disks.push(disk);
    }
    rank_boot_order(&mut disks, &boot);
}

/// The words of a command line, each ended by a zero byte, as a restore changes them.
pub(crate) fn command_line(data: &[u8]) {
    let words = data
        .split(|b| *b == 0)
        .map(|w| String::from_utf8_lossy(w).into_owned());
    let words: Vec<String> = words.collect();
    let [a, b, c] = ["/i/a.qcow2", "/i/b.raw", "/i/vars.fd"].map(PathBuf::from);
    let random = SeededRandom::new(1);
    for disks in [
        BTreeMap::new(),
        BTreeMap::from([(a, PathBuf::from("/new/a,b"))]),
    ] {
        let _ = rewrite_arguments(
            &words,
            &RewriteArguments {
                old_name: "web",
                name: "web2",
                uuid: Some("11111111-2222-4333-8444-555555555555"),
                macs: Some(&random),
                network: None,
                disks: &disks,
                dropped: &BTreeSet::from([b.clone()]),
                nvram: Some(&c).filter(|_| !disks.is_empty()).map(PathBuf::as_path),
                folder: Path::new("/vm/web2"),
            },
        );
    }
}

/// The file of remembered facts.
pub(crate) fn remembered(data: &[u8]) {
    let _ = serde_json::from_slice::<Memory>(data);
}
