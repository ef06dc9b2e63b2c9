//! Databases of every released schema open.

use base::PointId;
use state::protected_items as items;
use state::recovery_points::{self as points, Range};
use state::vaults::Vault;
use state::{State, jobs, resources, settings};

use crate::backups::fill;
use crate::build::{Home, VAULT, point, uuid, vault};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures");

#[tokio::test]
async fn a_database_of_schema_1_opens_with_its_records() {
    let home = Home::sqlite();
    std::fs::copy(format!("{FOLDER}/schema-1.db"), &home.place).unwrap();
    let state = home.open().await;
    let mut tx = state.read().await.unwrap();
    let found = resources::get::<Vault>(&mut tx, VAULT).await.unwrap();
    assert_eq!(found.unwrap().body, vault());
    let all = items::page(&mut tx, &items::Filter::default(), None, 9).await;
    let all = all.unwrap();
    assert_eq!(all.len(), 2);
    let full = all.iter().find(|item| item.purge_at.is_some()).unwrap();
    let page = points::page(&mut tx, full.data_id, Range::default(), None, 999).await;
    let page = page.unwrap();
    assert_eq!(page.len(), 450);
    let first = point(full.data_id, 1, page[448].taken_at);
    assert_eq!(page[448], first);
    assert_ne!(first.point, PointId::from_bytes([0; 16]));
    let job = jobs::get(&mut tx, uuid(2)).await.unwrap().unwrap();
    assert_eq!(job.item, Some(full.id.to_lowercase()));
    let setting: Option<serde_json::Value> = settings::get(&mut tx, "a").await.unwrap();
    assert_eq!(setting, Some(serde_json::json!({"b": 1.5})));
}

/// Tables and indexes by name, as SQLite keeps them.
fn schema(records: &rusqlite::Connection) -> Vec<(String, String)> {
    let sql = "SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name";
    let mut statement = records.prepare(sql).unwrap();
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)));
    rows.unwrap().map(Result::unwrap).collect()
}

#[test]
fn the_fixture_of_schema_1_has_the_tables_and_indexes_of_its_migration() {
    let made = rusqlite::Connection::open_in_memory().unwrap();
    let migration = include_str!("../../migrations/0001.sql");
    made.execute_batch(migration).unwrap();
    // A copy: even who only reads leaves files beside a database.
    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("schema-1.db");
    std::fs::copy(format!("{FOLDER}/schema-1.db"), &copy).unwrap();
    let fixture = rusqlite::Connection::open(copy).unwrap();
    let made = schema(&made);
    assert!(made.len() > 30, "{made:?}");
    assert_eq!(schema(&fixture), made);
}

#[tokio::test]
#[ignore = "writes the fixture of the newest schema; run once before it is released"]
async fn write_the_fixture() {
    std::fs::create_dir_all(FOLDER).unwrap();
    let place = format!("{FOLDER}/schema-2.db");
    let _ = std::fs::remove_file(&place);
    let home = Home::sqlite();
    let state = State::open(&place, home.clock.clone()).await.unwrap();
    fill(&state).await;
    // The last connection to close puts everything into the one file.
    state.close().await;
}
