//! What pages cost with 10,000 items, 1,000,000 points and 300,000 jobs: run with
//! `cargo xtask bench records`.

use std::sync::Arc;
use std::time::{Duration, Instant};

use base::{Random, SeededRandom};
use state::jobs::{self, JobOperation, JobStatus};
use state::machines::{self, Hardware, Machine, MachineDisk, Said};
use state::protected_items::{self as items, LastBackup, Need, ProtectionState};
use state::recovery_points::{self as points, Range};
use state::{State, WriteTx, heat_map, overview, resources, search, settings};
use testkit::postgres::Postgres;

use crate::build::{GROUP, Home, VAULT, at, furnish, job, new_item, point, uuid};

const ITEMS: u64 = 10_000;
const POINTS: u64 = 100;
const JOBS: u64 = 30;
const DAY: i64 = 86_400;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a measurement of some minutes"]
async fn measure_sqlite() {
    measure("SQLite", &Home::sqlite()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a measurement of some minutes"]
async fn measure_postgres() {
    let server = Arc::new(Postgres::start().unwrap());
    measure("PostgreSQL", &Home::new(server.database().unwrap(), server)).await;
}

async fn measure(engine: &str, home: &Home) {
    let state = home.open().await;
    let begun = Instant::now();
    fill(&state).await;
    println!("{engine}: filled in {:.0?}", begun.elapsed());
    let random = SeededRandom::new(1);
    let pick = |below: u64| {
        let random: &dyn Random = &random;
        u64::from_le_bytes(random.bytes()) % below
    };
    let vault = Some(VAULT.to_owned());

    let mut times = Times::new(engine, "50 points of an item");
    for _ in 0..2000 {
        let item = pick(ITEMS) as i64 + 1;
        let mut tx = times.begin(&state).await;
        let page = points::page(&mut tx, item, Range::default(), None, 50).await;
        times.end(page.unwrap().len(), 50);
    }
    times.print();

    let mut times = Times::new(engine, "points of a month");
    for _ in 0..2000 {
        let (item, day) = (pick(ITEMS) as i64 + 1, pick(60) as i64);
        let range = Range {
            from: Some(at(day * DAY)),
            to: Some(at((day + 30) * DAY)),
        };
        let mut tx = times.begin(&state).await;
        let page = points::page(&mut tx, item, range, None, 100).await;
        times.end(page.unwrap().len(), 30);
    }
    times.print();

    let mut times = Times::new(engine, "one point");
    for _ in 0..2000 {
        let (item, seed) = (pick(ITEMS) as i64 + 1, pick(POINTS));
        let number = point(item, seed_of(item, seed), at(0)).number;
        let mut tx = times.begin(&state).await;
        let found = points::get(&mut tx, item, number).await.unwrap();
        times.end(found.into_iter().count(), 1);
    }
    times.print();

    let mut times = Times::new(engine, "200 items of a vault");
    let filter = items::Filter {
        vault: vault.clone(),
        ..items::Filter::default()
    };
    for _ in 0..500 {
        let after = item_id(&name(pick(ITEMS - 300)));
        let mut tx = times.begin(&state).await;
        let page = items::page(&mut tx, &filter, Some(&after), 200).await;
        times.end(page.unwrap().len(), 200);
    }
    times.print();

    for (what, operation, status) in [
        ("50 jobs of a vault", None, None),
        ("50 failed jobs", None, Some(JobStatus::Failed)),
        (
            "50 restores that failed",
            Some(JobOperation::Restore),
            Some(JobStatus::Failed),
        ),
    ] {
        let mut times = Times::new(engine, what);
        for _ in 0..500 {
            let filter = jobs::Filter {
                vault: vault.clone(),
                operation,
                status,
                to: Some(at(pick(20) as i64 * DAY + 10 * DAY)),
                ..jobs::Filter::default()
            };
            let mut tx = times.begin(&state).await;
            let page = jobs::page(&mut tx, &filter, None, 50).await;
            times.end(page.unwrap().len(), 50);
        }
        times.print();
    }

    what_pages_show(engine, &state, &pick).await;

    let mut times = Times::new(engine, "a tick: what is due");
    home.pass(DAY);
    for _ in 0..200 {
        let mut tx = times.begin(&state).await;
        let unfinished = jobs::unfinished(&mut tx, None, 500).await.unwrap();
        let due = items::due(&mut tx, 100).await.unwrap();
        // Nothing runs, and of the items that are due it takes a hundred.
        assert_eq!(unfinished.len(), 0);
        times.end(due.len(), 100);
    }
    times.print();

    // Twice a minute, over all items.
    let mut times = Times::new(engine, "retention: what of 1,000 items has expired");
    for _ in 0..50 {
        let mut after = 0;
        for thousand in 1..=ITEMS as i64 / 1000 {
            let mut tx = times.begin(&state).await;
            let look = points::items_with_expired(&mut tx, after, 1000).await;
            let look = look.unwrap().unwrap();
            times.end(look.found.len(), 0);
            after = look.last;
            assert_eq!(after, thousand * 1000);
        }
    }
    times.print();

    let mut times = Times::new(engine, "what may go of an item");
    for _ in 0..2000 {
        let item = pick(ITEMS) as i64 + 1;
        let mut tx = times.begin(&state).await;
        let found = points::to_clean(&mut tx, item).await.unwrap();
        times.end(found.len().min(1), 1);
    }
    times.print();

    let mut times = Times::new(engine, "a write");
    for number in 0..200 {
        let begun = Instant::now();
        let mut tx = state.write().await.unwrap();
        settings::set(&mut tx, "a", &number).await.unwrap();
        tx.commit().await.unwrap();
        times.all.push(begun.elapsed());
    }
    times.print();

    let dir = tempfile::tempdir().unwrap();
    let begun = Instant::now();
    let rows = state.backup(&dir.path().join("backup")).await.unwrap();
    println!("{engine}: backup of {rows} rows in {:.1?}", begun.elapsed());
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    println!(
        "{}",
        status.lines().find(|l| l.starts_with("VmHWM")).unwrap()
    );
}

/// What is shown of all machines at once.
async fn what_pages_show(engine: &str, state: &State, pick: &impl Fn(u64) -> u64) {
    let last = at((JOBS as i64 - 1) * DAY);
    let vaults = [VAULT.to_lowercase()];
    let mut times = Times::new(engine, "an overview");
    for _ in 0..50 {
        let mut tx = times.begin(state).await;
        let items = overview::items(&mut tx, None, last).await.unwrap();
        let machines = overview::machines(&mut tx, None).await.unwrap();
        overview::jobs_in_progress(&mut tx, None).await.unwrap();
        overview::jobs_ended(&mut tx, None, last).await.unwrap();
        overview::alerts(&mut tx, None).await.unwrap();
        let mut told = 0;
        for need in [
            Need::LastBackupFailed,
            Need::PointsMissed(at(0)),
            Need::InitialBackup(at(0)),
            Need::Downgraded(at(0)),
        ] {
            told += items::needing(&mut tx, need, Some(&vaults), 50)
                .await
                .unwrap()
                .len();
        }
        let mut unprotected = machines::Filter {
            standing: Some(vec![machines::Standing::Listed]),
            protection: Some(machines::Protection::None),
            ..machines::Filter::default()
        };
        told += machines::page(&mut tx, &unprotected, None, 50)
            .await
            .unwrap()
            .len();
        unprotected.standing = Some(vec![machines::Standing::Conflict]);
        told += machines::page(&mut tx, &unprotected, None, 50)
            .await
            .unwrap()
            .len();
        assert!(!items.is_empty() && !machines.is_empty());
        // Those that failed, and those without an item.
        times.end(told, 100);
    }
    times.print();

    let mut times = Times::new(engine, "30 days of 100 items on a heat map");
    for _ in 0..50 {
        let first = pick(ITEMS - 100) as i64 + 1;
        let numbers: Vec<i64> = (first..first + 100).collect();
        let ids = numbers
            .iter()
            .map(|n| item_id(&name(*n as u64 - 1)).to_lowercase());
        let ids: Vec<String> = ids.collect();
        let mut tx = times.begin(state).await;
        // Each has as many days: points the last of a hundred, jobs all of thirty.
        let from = at((POINTS as i64 - 30) * DAY);
        let points = heat_map::points(&mut tx, &numbers, from).await.unwrap();
        heat_map::backups(&mut tx, &ids, at(0)).await.unwrap();
        times.end(usize::from(points.len() >= 3000), 1);
    }
    times.print();

    let mut times = Times::new(engine, "200 unprotected machines");
    for _ in 0..50 {
        let filter = machines::Filter {
            protection: Some(machines::Protection::None),
            ..machines::Filter::default()
        };
        let mut tx = times.begin(state).await;
        let found = machines::page(&mut tx, &filter, None, 200).await.unwrap();
        times.end(found.len(), 200);
    }
    times.print();

    let mut times = Times::new(engine, "a search");
    for _ in 0..50 {
        // What many have in their name, what one has, and what none has.
        let texts = ["m0".to_owned(), name(pick(ITEMS)), "nothing".to_owned()];
        let text = &texts[pick(3) as usize];
        let mut tx = times.begin(state).await;
        let found = search::named::<Machine>(&mut tx, text, None, 10).await;
        let jobs = search::jobs_of(&mut tx, text, None, 10).await.unwrap();
        assert_eq!(jobs.is_empty(), found.unwrap().is_empty());
        times.end(0, 0);
    }
    times.print();

    for (what, status, operation) in [
        ("200 jobs of all vaults", None, None),
        (
            "200 failed jobs of all vaults",
            Some(JobStatus::Failed),
            None,
        ),
        (
            "jobs of all vaults, none of which is so",
            Some(JobStatus::Cancelled),
            Some(JobOperation::Restore),
        ),
    ] {
        let mut times = Times::new(engine, what);
        let expected = if operation.is_some() { 0 } else { 200 };
        for _ in 0..50 {
            let filter = jobs::Filter {
                status,
                operation,
                ..jobs::Filter::default()
            };
            let mut tx = times.begin(state).await;
            let found = jobs::page(&mut tx, &filter, None, 200).await.unwrap();
            times.end(found.len(), expected);
        }
        times.print();
    }
}

fn item_id(name: &str) -> String {
    format!("{VAULT}/protectedItems/VM;iaasvmcontainerv2;rg;{name}")
}

fn name(number: u64) -> String {
    format!("vm{number:05}")
}

fn seed_of(item: i64, seed: u64) -> u64 {
    item as u64 * 1000 + seed
}

async fn fill(state: &State) {
    let mut tx = state.write().await.unwrap();
    furnish(&mut tx).await;
    tx.commit().await.unwrap();
    for hundred in 0..ITEMS / 100 {
        let mut tx = state.write().await.unwrap();
        for number in hundred * 100..(hundred + 1) * 100 {
            fill_item(&mut tx, number).await;
        }
        tx.commit().await.unwrap();
    }
}

async fn fill_item(tx: &mut WriteTx, number: u64) {
    let mut new = new_item(&name(number), number);
    new.id = item_id(&name(number));
    new.state = ProtectionState::Protected;
    new.body.policy_seen = Some(policy::Policy::standard_default());
    new.body.last_point = Some(at((POINTS as i64 - 1) * DAY));
    new.body.last_backup = Some(LastBackup {
        at: at((POINTS as i64 - 1) * DAY + number as i64),
        status: match number.is_multiple_of(50) {
            true => JobStatus::Failed,
            false => JobStatus::Completed,
        },
        code: None,
        downgrade: None,
    });
    fill_machine(tx, &name(number), number).await;
    if number.is_multiple_of(20) {
        fill_machine(tx, &format!("free{number:05}"), ITEMS + number).await;
    }
    new.next_run = Some(at(number as i64 * 8));
    let id = new.id.clone();
    let item = items::create(tx, new).await.unwrap().data_id;
    for day in 0..POINTS {
        let taken = at(day as i64 * DAY + number as i64);
        let mut new = point(item, seed_of(item, day), taken);
        new.expires_at = Some(at((day as i64 + 100) * DAY));
        new.snapshot_expires_at = (day >= POINTS - 2).then(|| at((day as i64 + 2) * DAY));
        points::create(tx, new).await.unwrap();
    }
    for day in 0..JOBS {
        let started = at(day as i64 * DAY + number as i64);
        let mut new = job(number * JOBS + day, started);
        new.item = Some(id.clone());
        new.status = JobStatus::Completed;
        new.ended_at = Some(started);
        if (number + day).is_multiple_of(50) {
            new.status = JobStatus::Failed;
        }
        if (number + day).is_multiple_of(7) {
            new.operation = JobOperation::Restore;
        }
        jobs::create(tx, new).await.unwrap();
    }
}

async fn fill_machine(tx: &mut WriteTx, name: &str, number: u64) {
    let disk = |n: u16| MachineDisk {
        lun: n.checked_sub(1),
        name: format!("vd{n}"),
        bytes: 1 << 36,
    };
    let machine = Machine {
        uuid: uuid(number),
        host: format!("/hosts/{}", number % 20),
        location: "onprem".to_owned(),
        os: Some("Linux".to_owned()),
        disks: (0..3).map(disk).collect(),
        running: true,
        seen: at(0),
        vanished: None,
        also_on: Vec::new(),
        agent_lost: None,
        hardware: Hardware::default(),
        said: Said::default(),
    };
    let id = format!("{GROUP}/providers/Microsoft.Compute/virtualMachines/{name}");
    resources::create(tx, &id, GROUP, machine).await.unwrap();
}

struct Times {
    what: String,
    begun: Instant,
    all: Vec<Duration>,
}

impl Times {
    fn new(engine: &str, what: &str) -> Self {
        Self {
            what: format!("{engine}: {what}"),
            begun: Instant::now(),
            all: Vec::new(),
        }
    }

    async fn begin(&mut self, state: &State) -> state::Tx {
        self.begun = Instant::now();
        state.read().await.unwrap()
    }

    fn end(&mut self, rows: usize, expected: usize) {
        self.all.push(self.begun.elapsed());
        assert_eq!(rows, expected, "{}", self.what);
    }

    fn print(mut self) {
        self.all.sort();
        let at = |part: f64| self.all[(self.all.len() as f64 * part) as usize];
        // What a page may take, at the least lucky of a hundred times.
        assert!(
            at(0.99) < Duration::from_millis(50),
            "{}: {:?}",
            self.what,
            at(0.99)
        );
        println!(
            "{}: median {:.2?}, p99 {:.2?}, worst {:.2?}",
            self.what,
            at(0.5),
            at(0.99),
            self.all[self.all.len() - 1]
        );
    }
}
