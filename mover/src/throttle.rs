//! A limit on bytes a second.

use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::Instant;

/// Lets so many bytes through a second, in bursts of at most a quarter second's worth.
#[derive(Debug)]
pub(crate) struct Throttle {
    rate: Option<u64>,
    next: Mutex<Instant>,
}

impl Throttle {
    pub(crate) fn new(bytes_per_second: Option<u64>) -> Self {
        Self {
            rate: bytes_per_second.filter(|r| *r > 0),
            next: Mutex::new(Instant::now()),
        }
    }

    /// Whether it holds anything back.
    pub(crate) fn is_set(&self) -> bool {
        self.rate.is_some()
    }

    /// Waits until `bytes` more may pass. Cancel-safe.
    pub(crate) async fn pass(&self, bytes: u64) {
        let Some(rate) = self.rate else { return };
        let until = {
            let mut next = self.next.lock().await;
            let start = (*next).max(Instant::now() - Duration::from_millis(250));
            *next = start + Duration::from_secs_f64(bytes as f64 / rate as f64);
            *next
        };
        tokio::time::sleep_until(until).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn bytes_pass_at_the_rate_and_not_faster() {
        let throttle = Throttle::new(Some(1000));
        let start = Instant::now();
        for _ in 0..10 {
            throttle.pass(1000).await;
        }
        let took = start.elapsed();
        assert!(took >= Duration::from_millis(9700) && took <= Duration::from_millis(10_100));
    }
}
