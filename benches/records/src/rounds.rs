//! What the server does by itself: the ticks of its scheduler, and the rounds of its other
//! reconcilers.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use base::Clock;
use jiff::SignedDuration;
use state::jobs;

use crate::fill::{BETWEEN, first_due};
use crate::server::{Server, told};
use crate::times::Times;

/// Seconds between two ticks, as `stillpoint server` has them.
const STEP: i64 = 30;
const IDLE: usize = 200;
const ROUNDS: usize = 50;
const BUSY: usize = 20;

/// Measures; gives what took longer than a page may.
pub(crate) async fn measure(server: &Server) -> Result<Vec<String>> {
    let mut slow = Vec::new();
    slow.extend(idle_ticks(server).await);
    // It counts what is in the stores, and reads the meter.
    slow.extend(rounds(server, "the first round of a day", 1).await);
    slow.extend(rounds(server, "a round of the other reconcilers", ROUNDS).await);
    busy_ticks(server).await?;
    Ok(slow)
}

async fn idle_ticks(server: &Server) -> Option<String> {
    let mut times = Times::of("a tick when nothing is due");
    for _ in 0..IDLE {
        server.clock.advance(SignedDuration::from_secs(1));
        let begun = Instant::now();
        server.control.tick().await;
        times.note(begun.elapsed());
    }
    times.print()
}

async fn rounds(server: &Server, what: &str, count: usize) -> Option<String> {
    let mut times = Times::of(what);
    for _ in 0..count {
        server.clock.advance(SignedDuration::from_secs(STEP));
        let begun = Instant::now();
        server.control.maintain().await;
        times.note(begun.elapsed());
    }
    times.print()
}

/// Ticks that start what came due since the last one.
async fn busy_ticks(server: &Server) -> Result<()> {
    let due = first_due(server.begun);
    ensure!(server.clock.now() < due, "something was due too early");
    server.clock.advance(due.duration_since(server.clock.now()));
    server.control.tick().await;
    settle(server).await?;
    let each = STEP * 1000 / BETWEEN;
    let mut starts = Times::of(&format!("a tick that starts {each} backups"));
    let mut ends = Times::of(&format!("{each} backups, from the tick to their ends"));
    let before = server.control.load().taken_up;
    for _ in 0..BUSY {
        server.clock.advance(SignedDuration::from_secs(STEP));
        let begun = Instant::now();
        server.control.tick().await;
        starts.note(begun.elapsed());
        settle(server).await?;
        ends.note(begun.elapsed());
    }
    let started = server.control.load().taken_up - before;
    let expected = each.unsigned_abs() * BUSY as u64;
    ensure!(started >= expected, "only {started} backups were started");
    // They do so much that they are no page.
    starts.print();
    ends.print();
    Ok(())
}

/// Waits until no job goes on.
async fn settle(server: &Server) -> Result<()> {
    let begun = Instant::now();
    loop {
        let mut tx = server.records.read().await.map_err(|e| told(&e))?;
        let open = jobs::in_work(&mut tx, None, 1)
            .await
            .map_err(|e| told(&e))?;
        drop(tx);
        if open.is_empty() {
            return Ok(());
        }
        ensure!(begun.elapsed() < Duration::from_secs(60), "jobs do not end");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}
