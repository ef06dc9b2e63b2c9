//! A server for unit tests.

use std::sync::Arc;

use base::{ManualClock, SeededRandom};
use jiff::Timestamp;

use crate::{Control, HostPlane, Start, VaultInput};

/// A server with the vault `v1` in the group `default`.
pub(crate) async fn server() -> (tempfile::TempDir, Control) {
    let folder = tempfile::tempdir().unwrap();
    let clock = Arc::new(ManualClock::new(Timestamp::UNIX_EPOCH));
    let random = Arc::new(SeededRandom::new(1));
    let start = Start {
        data: folder.path().to_owned(),
        state: None,
        pool: None,
        names: vec!["here".to_owned()],
        host: "host1".to_owned(),
        connection: "test:///host1".to_owned(),
        clock: clock.clone(),
        random: random.clone(),
        plane: Arc::new(HostPlane::new(
            folder.path().to_owned(),
            clock.clone(),
            random.clone(),
        )),
        options: crate::Options::default(),
    };
    let (control, ..) = Control::open(start, async |_, _| Ok(())).await.unwrap();
    let input = VaultInput {
        location: Some("onprem".to_owned()),
        ..VaultInput::default()
    };
    control.put_vault("default", "v1", input).await.unwrap();
    (folder, control)
}
