//! The suite on SQLite, and what only a file has.

use std::os::unix::fs::PermissionsExt;

use base::Code;
use state::State;

use crate::build::Home;
use crate::conformance::{self, each_test};

macro_rules! on_sqlite {
    ($($name:ident,)*) => {$(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $name() {
            conformance::$name(&Home::sqlite()).await;
        }
    )*};
}

each_test!(on_sqlite);

#[tokio::test]
async fn the_file_and_those_beside_it_are_private() {
    let home = Home::sqlite();
    let _state = home.open().await;
    for suffix in ["", "-wal", "-shm"] {
        let file = std::fs::metadata(format!("{}{suffix}", home.place)).unwrap();
        assert_eq!(file.permissions().mode() & 0o777, 0o600, "{suffix}");
    }
}

#[tokio::test]
async fn what_is_no_database_is_refused_and_left_alone() {
    let home = Home::sqlite();
    let text = "not a database, and longer than the header of one: ".repeat(9);
    std::fs::write(&home.place, &text).unwrap();
    let refused = State::open(&home.place, home.clock.clone()).await;
    assert_eq!(refused.unwrap_err().code(), Code::StateDamaged);
    assert_eq!(std::fs::read_to_string(&home.place).unwrap(), text);
    let refused = State::open("/nowhere/state.db", home.clock.clone()).await;
    assert_eq!(refused.unwrap_err().code(), Code::FileNotFound);
}
