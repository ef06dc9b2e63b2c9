//! What random histories have really done.

use std::collections::BTreeMap;

use base::{Code, Result};

/// What an item in another state is refused with.
const OF_STATES: [Code; 5] = [
    Code::ObjectNotFound,
    Code::NotProtected,
    Code::ItemStateWrong,
    Code::ItemSoftDeleted,
    Code::BackupInProgress,
];

/// How often each thing was done.
#[derive(Debug, Default)]
pub struct Tally(BTreeMap<&'static str, u32>);

impl Tally {
    /// Counts what was done; it may be refused only because of the item's state.
    pub fn note<T>(&mut self, what: &'static str, asked: Result<T>) {
        match asked {
            Ok(_) => *self.0.entry(what).or_default() += 1,
            Err(e) => assert!(OF_STATES.contains(&e.code()), "{what}: {e:?}"),
        }
    }

    /// Fails unless each of these was done.
    pub fn has(&self, all: &[&str]) {
        let missing: Vec<_> = all.iter().filter(|w| !self.0.contains_key(**w)).collect();
        assert!(missing.is_empty(), "never done: {missing:?}; {self:?}");
    }
}
