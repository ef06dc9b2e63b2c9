//! Machines as lists of them show them.

use state::machines::Machine;

use super::SUBSCRIPTION;
use crate::found::Found;
use crate::machines::{self, FILTERS, STANDINGS, STATES};
use crate::openapi::schema::{
    about, choices, guid, maybe, object, one_of, text, text_about, time, tracked, whole,
};
use crate::openapi::{Routes, op};

pub(super) fn routes() -> Routes {
    let refusal = object([
        ("code", text()),
        ("message", text()),
        ("recommendation", text()),
    ]);
    let states = STATES.iter().map(|state| state.0);
    let state = one_of(states.chain(["Unprotected"]));
    let unseen = "How a live item protects it; what follows is there if that may be seen.";
    let protection = object([
        ("state", about(state, unseen)),
        ("?itemId", text()),
        ("?vaultId", text()),
        ("?vaultName", text()),
        ("?policyName", text()),
        ("?lastBackupStatus", maybe(text())),
        ("?lastBackupTime", maybe(time())),
        (
            "?lastBackupCode",
            maybe(text_about("What it failed with, or got less by.")),
        ),
        ("?nextRun", maybe(time())),
        ("?newestPoint", maybe(time())),
    ]);
    let properties = object([
        ("vmId", guid()),
        ("resourceGroup", text()),
        ("host", maybe(text())),
        ("hostId", maybe(text())),
        ("standing", choices(&STANDINGS)),
        ("goneSince", maybe(time())),
        ("powerState", one_of(["Running", "Stopped"])),
        (
            "guestAgent",
            maybe(one_of(["Responding", "NotResponding", "NotConfigured"])),
        ),
        ("osType", maybe(text())),
        ("disks", about(whole(), "Those that are backed up.")),
        ("diskBytes", whole()),
        ("seen", time()),
        (
            "refusal",
            maybe(about(refusal, "What keeps it from being protected.")),
        ),
        ("protection", protection),
    ]);
    let list = "Machines with how each stands and is protected, by id.";
    Routes::new()
        .get(
            &format!("{SUBSCRIPTION}/providers/Stillpoint.Fabric/machines"),
            machines::list,
            op("Machines_List", list)
                .pages_of("MachineRow")
                .filters(&FILTERS),
        )
        .model("MachineRow", tracked(Machine::TYPE, properties))
}
