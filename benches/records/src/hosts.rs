//! The hosts, which are played, and their machines.

use control::plane::Discovered;
use control::scripted::machine;

use crate::Size;
use crate::names::{machine_name, machine_uuid};

/// Machines of a host.
const PER_HOST: usize = 500;

/// How many hosts there are.
pub(crate) fn count(size: Size) -> usize {
    (size.machines + size.unprotected).div_ceil(PER_HOST)
}

/// What is found on a host.
pub(crate) fn found(host: usize, size: Size) -> Discovered {
    let all = size.machines + size.unprotected;
    let here = host * PER_HOST..all.min((host + 1) * PER_HOST);
    let one = |number: usize| {
        let disks = vec![1 << 34; 1 + number % 3];
        machine(machine_uuid(number), &machine_name(number), &disks)
    };
    Discovered {
        machines: here.map(one).collect(),
        networks: None,
    }
}
