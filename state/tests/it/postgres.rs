//! The suite on PostgreSQL, and what only a server has.

use std::sync::Arc;
use std::time::Duration;

use base::{Code, SystemClock};
use state::{State, leases, settings};
use testkit::postgres::Postgres;

use crate::build::Home;
use crate::conformance::{self, each_test};
use crate::{backups, crash, model};

fn home(server: &Arc<Postgres>) -> Home {
    Home::new(server.database().unwrap(), Arc::clone(server))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_suite_holds_on_postgres() {
    let server = Arc::new(Postgres::start().unwrap());
    macro_rules! on_postgres {
        ($($name:ident,)*) => {$(
            println!(stringify!($name));
            conformance::$name(&home(&server)).await;
        )*};
    }
    each_test!(on_postgres);
    for (number, acts) in model::examples(12).iter().enumerate() {
        println!("example {number}");
        model::hold(&home(&server), acts).await;
    }
}

#[tokio::test]
async fn a_backup_goes_from_either_engine_to_the_other() {
    let server = Arc::new(Postgres::start().unwrap());
    let (file, first, second) = (Home::sqlite(), home(&server), home(&server));
    backups::fill(&file.open().await).await;
    backups::carry(&file, &first).await;
    backups::fill(&second.open().await).await;
    backups::carry(&second, &Home::sqlite()).await;
}

#[tokio::test]
async fn a_killed_server_and_a_killed_database_lose_nothing_acknowledged() {
    let mut server = Postgres::start().unwrap();
    let place = server.database().unwrap();
    crash::kill_writers(&place, 5).await;
    for _ in 0..3 {
        let mut writer = crash::Writer::start(&place);
        let first = writer.next().expect("the child writes");
        std::thread::sleep(Duration::from_millis(100));
        server.crash().unwrap();
        let last = writer.kill(first);
        server.resume().unwrap();
        let there = crash::written(&place).await;
        assert!(there == last + 1 || there == last + 2, "{there} of {last}");
    }
}

#[tokio::test]
async fn connections_come_back_after_the_database_does() {
    let mut server = Postgres::start().unwrap();
    let place = server.database().unwrap();
    let state = State::open(&place, Arc::new(SystemClock)).await.unwrap();
    let mut open = state.write().await.unwrap();
    settings::set(&mut open, "a", &1).await.unwrap();
    server.crash().unwrap();
    let lost = open.commit().await.unwrap_err();
    assert_eq!(lost.code(), Code::StateUnavailable);
    server.resume().unwrap();
    let mut tx = state.write().await.unwrap();
    assert_eq!(settings::get::<i32>(&mut tx, "a").await.unwrap(), None);
    settings::set(&mut tx, "a", &2).await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn a_server_that_stalls_in_a_transaction_is_put_out_and_fenced() {
    let server = Arc::new(Postgres::start().unwrap());
    let mut home = home(&server);
    home.place += "&options=-c%20idle_in_transaction_session_timeout%3D300";
    let (one, two) = (home.open().await, home.open().await);
    let minute = jiff::SignedDuration::from_secs(60);
    let mut tx = one.write().await.unwrap();
    let lease = leases::take(&mut tx, "job/1", "one", minute).await;
    let lease = lease.unwrap().unwrap();
    tx.commit().await.unwrap();

    // It goes to sleep as the only writer.
    let mut asleep = one.write_as(&lease).await.unwrap();
    settings::set(&mut asleep, "a", &"one").await.unwrap();
    home.pass(61);
    let next = tokio::time::timeout(Duration::from_secs(10), two.write()).await;
    let mut tx = next.unwrap().unwrap();
    let taken = leases::take(&mut tx, "job/1", "two", minute).await;
    assert_eq!(taken.unwrap().unwrap().generation, 2);
    tx.commit().await.unwrap();

    let lost = asleep.commit().await.unwrap_err();
    assert_eq!(lost.code(), Code::StateUnavailable);
    let refused = one.write_as(&lease).await.map(|_| ()).unwrap_err();
    assert_eq!(refused.code(), Code::LeaseLost);
    let mut tx = two.read().await.unwrap();
    assert_eq!(settings::get::<String>(&mut tx, "a").await.unwrap(), None);
}

#[tokio::test]
async fn two_servers_make_the_schema_once() {
    let server = Arc::new(Postgres::start().unwrap());
    for _ in 0..5 {
        let home = home(&server);
        let (one, two) = tokio::join!(home.open(), home.open());
        let mut tx = one.write().await.unwrap();
        settings::set(&mut tx, "a", &1).await.unwrap();
        tx.commit().await.unwrap();
        let mut tx = two.read().await.unwrap();
        assert_eq!(settings::get(&mut tx, "a").await.unwrap(), Some(1));
    }
}
