//! Whether a run's second phase starts (JOB-6, 7; POLICY-29).

/// What becomes of the transfer once the snapshot is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transfer {
    /// It starts.
    Start,
    /// It is left out; the job is Completed.
    Skip,
    /// It waits for the transfer that runs.
    Wait,
}

/// What becomes of a run's transfer, with another of the same machine `running` or not. A
/// scheduled run never waits: it is skipped if one runs (JOB-7), or if its point stays local
/// ([`crate::Policy::goes_to_vault`]). A run on demand waits, since its date is a promise.
#[must_use]
pub fn transfer(on_demand: bool, goes_to_vault: bool, running: bool) -> Transfer {
    match (on_demand, running) {
        (true, true) => Transfer::Wait,
        (true, false) => Transfer::Start,
        (false, false) if goes_to_vault => Transfer::Start,
        (false, _) => Transfer::Skip,
    }
}
