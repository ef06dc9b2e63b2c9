//! A process is killed at any moment; what it has acknowledged is there, whole.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use base::SystemClock;
use state::{State, settings};

use crate::build::Home;

pub const PLACE: &str = "STATE_CRASH_PLACE";

/// How many numbers the child has written, by what is there; they are there without gaps, each
/// with its double.
pub async fn written(place: &str) -> u64 {
    let state = State::open(place, Arc::new(SystemClock)).await.unwrap();
    let mut tx = state.read().await.unwrap();
    let mut count = 0;
    loop {
        let once = settings::get::<u64>(&mut tx, &count.to_string()).await;
        let twice = settings::get::<u64>(&mut tx, &format!("twice {count}")).await;
        match (once.unwrap(), twice.unwrap()) {
            (Some(one), Some(two)) => assert_eq!((one, two), (count, 2 * count)),
            (None, None) => return count,
            half => panic!("half of number {count} is there: {half:?}"),
        }
        count += 1;
    }
}

/// A process that writes numbers from `first` on and says each when it is acknowledged.
pub struct Writer {
    child: Child,
    said: std::io::Lines<BufReader<std::process::ChildStdout>>,
}

impl Writer {
    pub fn start(place: &str) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "crash::the_child_that_is_killed", "--ignored"])
            .args(["--nocapture", "--test-threads=1"])
            .env(PLACE, place)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let said = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, said }
    }

    /// The next number that it acknowledges.
    pub fn next(&mut self) -> Option<u64> {
        self.said
            .by_ref()
            .map_while(Result::ok)
            // The first one is behind the test's name.
            .find_map(|line| line.rsplit_once("wrote ")?.1.parse().ok())
    }

    /// Kills it; returns the last number that it has acknowledged, if any came after `last`.
    pub fn kill(mut self, last: u64) -> u64 {
        self.child.kill().unwrap();
        let mut last = last;
        while let Some(number) = self.next() {
            last = number;
        }
        self.child.wait().unwrap();
        last
    }
}

#[test]
#[ignore = "the process that the tests of this module kill"]
fn the_child_that_is_killed() {
    let Ok(place) = std::env::var(PLACE) else {
        return;
    };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let state = State::open(&place, Arc::new(SystemClock)).await.unwrap();
        for number in written(&place).await.. {
            write(&state, number).await;
            println!("wrote {number}");
        }
    });
}

#[tokio::test]
#[ignore = "a process of the tests with power cuts"]
async fn the_child_that_looks() {
    let Ok(place) = std::env::var(PLACE) else {
        return;
    };
    let there = written(&place).await;
    let state = State::open(&place, Arc::new(SystemClock)).await.unwrap();
    write(&state, there).await;
    println!("found {there}");
}

async fn write(state: &State, number: u64) {
    let mut tx = state.write().await.unwrap();
    settings::set(&mut tx, &number.to_string(), &number)
        .await
        .unwrap();
    settings::set(&mut tx, &format!("twice {number}"), &(2 * number))
        .await
        .unwrap();
    tx.commit().await.unwrap();
}

/// Kills writers after different times; each time all is there that was acknowledged.
pub async fn kill_writers(place: &str, rounds: u64) {
    for round in 0..rounds {
        let mut writer = Writer::start(place);
        let first = writer.next().expect("the child writes");
        std::thread::sleep(Duration::from_millis(round * 17 % 60));
        let last = writer.kill(first);
        let there = written(place).await;
        // It may have been killed between the commit and the word of it.
        assert!(there == last + 1 || there == last + 2, "{there} of {last}");
    }
}

#[tokio::test]
async fn a_killed_process_loses_nothing_that_it_acknowledged() {
    let home = Home::sqlite();
    home.open().await.close().await;
    kill_writers(&home.place, 10).await;
}
