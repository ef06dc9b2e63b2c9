//! What was measured: samples by tool and row, and their medians.

use std::collections::BTreeMap;

use super::measure::Sample;
use super::say;

/// Others' share of the processors above which a sample counts as disturbed.
const DISTURBED: f64 = 0.1;

/// All samples of a run.
#[derive(Default)]
pub(crate) struct Results {
    samples: BTreeMap<(String, String), Vec<Sample>>,
}

impl Results {
    /// Takes a sample, and says so.
    pub(crate) fn add(&mut self, tool: &str, row: &str, sample: Sample) {
        say(&format!(
            "{row:12} {tool:22} {:8.3} s  cpu {:7.2} s  {:6} MiB  added {:9.2} MiB  others {:3.0} %",
            sample.wall,
            sample.cpu,
            sample.rss >> 10,
            sample.added as f64 / f64::from(1 << 20),
            sample.others * 100.0,
        ));
        let key = (tool.to_owned(), row.to_owned());
        self.samples.entry(key).or_default().push(sample);
    }

    pub(crate) fn samples(&self, tool: &str, row: &str) -> &[Sample] {
        let key = (tool.to_owned(), row.to_owned());
        self.samples.get(&key).map_or(&[], Vec::as_slice)
    }

    /// Every tool and row that was measured.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &(String, String)> {
        self.samples.keys()
    }

    /// The median of a figure over a tool's samples of a row: of those that nobody disturbed,
    /// if there are any.
    pub(crate) fn median(&self, tool: &str, row: &str, of: fn(&Sample) -> f64) -> Option<f64> {
        let all = self.samples(tool, row);
        let calm: Vec<f64> = all.iter().filter(|s| is_calm(s)).map(of).collect();
        median(if calm.is_empty() {
            all.iter().map(of).collect()
        } else {
            calm
        })
    }

    /// Calm samples, and all.
    pub(crate) fn calm(&self, tool: &str, row: &str) -> (usize, usize) {
        let all = self.samples(tool, row);
        (all.iter().filter(|s| is_calm(s)).count(), all.len())
    }
}

fn is_calm(sample: &Sample) -> bool {
    // What others did in less is not known well: it is counted in hundredths of a second.
    sample.others < DISTURBED || sample.wall < 0.2
}

fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let (last, middle) = (values.len().checked_sub(1)?, values.len() / 2);
    Some((values[last / 2] + values[middle]) / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(wall: f64, others: f64) -> Sample {
        Sample {
            wall,
            others,
            ..Sample::default()
        }
    }

    #[test]
    fn the_median_is_of_calm_samples_if_there_are_any() {
        let mut results = Results::default();
        for (wall, others) in [(9.0, 0.5), (2.0, 0.0), (3.0, 0.01)] {
            results.add("tool", "row", sample(wall, others));
        }
        results.add("tool", "loud", sample(9.0, 0.5));
        assert_eq!(results.median("tool", "row", |s| s.wall), Some(2.5));
        assert_eq!(results.calm("tool", "row"), (2, 3));
        assert_eq!(results.median("tool", "loud", |s| s.wall), Some(9.0));
        assert_eq!(results.median("tool", "none", |s| s.wall), None);
    }
}
