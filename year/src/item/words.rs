//! The words of the records for how a task stands, in the auditor's own: of the server it takes
//! what is written, and no type that decides anything.

use state::jobs::Task;

/// How a task stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stands {
    NotStarted,
    InProgress,
    Completed,
    Failed,
    Cancelled,
    Skipped,
}

/// How a task stands, by the word that is recorded of it.
pub(super) fn stands(task: &Task) -> Result<Stands, String> {
    let word = serde_json::to_value(task.status).map_err(|e| e.to_string())?;
    Ok(match word.as_str() {
        Some("NotStarted") => Stands::NotStarted,
        Some("InProgress") => Stands::InProgress,
        Some("Completed") => Stands::Completed,
        Some("Failed") => Stands::Failed,
        Some("Cancelled") => Stands::Cancelled,
        Some("Skipped") => Stands::Skipped,
        _ => return Err(format!("`{}` is recorded as {word}", task.name)),
    })
}
