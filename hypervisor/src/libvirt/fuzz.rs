//! Targets for fuzzing: what libvirt gives, which holds what users and guests put there.

use std::collections::BTreeMap;

use base::SeededRandom;

use super::{DiskPlace, Rewrite, agent, discover, job, machines, rewrite_domain, xml};
use crate::ImageFormat;

/// A domain's XML, as discovery reads it and a restore changes it.
pub(crate) fn domain(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let Ok(root) = xml::parse(&text) else {
        return;
    };
    let written = root.to_text();
    // What was near the limits of size may be past them with all entities written out.
    if let Ok(again) = xml::parse(&written) {
        assert_eq!(again, root, "{written}");
    }
    let Ok(facts) = discover::facts(&text) else {
        return;
    };
    let place = |n: usize| DiskPlace {
        path: format!("/new/{n}<&\"").into(),
        format: ImageFormat::Qcow2,
        block_device: n % 2 == 1,
    };
    let names = facts.disks.iter().map(|d| d.name.clone());
    let disks: BTreeMap<_, _> = names.zip((0..).map(place)).collect();
    let random = SeededRandom::new(1);
    let _ = rewrite_domain(
        &text,
        &Rewrite {
            name: Some("a<b"),
            uuid: Some("11111111-2222-4333-8444-555555555555"),
            macs: Some(&random),
            network: None,
            disks: &disks,
            nvram: Some(std::path::Path::new("/new/vars")),
        },
    );
}

/// The XML of backup jobs and checkpoints.
pub(crate) fn job(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let _ = job::job_socket(&text);
    let _ = job::checkpoint_disks(&text);
}

/// The guest agent's answers, as libvirt passes them on.
pub(crate) fn agent(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let _ = agent::parse(&text);
    assert!(machines::version(&text).len() <= 256);
}
