//! What was used last, up to a number of bytes.

use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;

/// Values by key; the one that was not used for longest goes when there is no more room.
#[derive(Debug)]
pub(super) struct Kept<K, V> {
    values: HashMap<K, Value<V>>,
    /// Keys by their last use.
    order: BTreeMap<u64, K>,
    uses: u64,
    bytes: usize,
    most: usize,
}

#[derive(Debug)]
struct Value<V> {
    value: V,
    bytes: usize,
    used: u64,
}

impl<K: Copy + Eq + Hash, V> Kept<K, V> {
    /// Room for so many bytes of values.
    pub(super) fn new(most: usize) -> Self {
        Self {
            values: HashMap::new(),
            order: BTreeMap::new(),
            uses: 0,
            bytes: 0,
            most,
        }
    }

    /// The value of a key, which is used by this.
    pub(super) fn get(&mut self, key: &K) -> Option<&V> {
        let value = self.values.get_mut(key)?;
        self.order.remove(&value.used);
        self.uses += 1;
        value.used = self.uses;
        self.order.insert(self.uses, *key);
        Some(&value.value)
    }

    /// Keeps a value in place of what was kept for the key; others go for it.
    pub(super) fn put(&mut self, key: K, value: V, bytes: usize) {
        self.remove(&key);
        self.uses += 1;
        let used = self.uses;
        self.values.insert(key, Value { value, bytes, used });
        self.order.insert(used, key);
        self.bytes += bytes;
        while self.bytes > self.most
            && let Some((_, oldest)) = self.order.first_key_value()
        {
            let oldest = *oldest;
            self.remove(&oldest);
        }
    }

    pub(super) fn remove(&mut self, key: &K) {
        if let Some(value) = self.values.remove(key) {
            self.order.remove(&value.used);
            self.bytes -= value.bytes;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_used_for_longest_goes_first() {
        let mut kept = Kept::new(100);
        for key in 0..10 {
            kept.put(key, key * 2, 10);
        }
        assert_eq!(kept.get(&0), Some(&0));
        kept.put(10, 20, 15);
        for (key, value) in [
            (1, None),
            (2, None),
            (3, Some(&6)),
            (0, Some(&0)),
            (10, Some(&20)),
        ] {
            assert_eq!(kept.get(&key), value);
        }
        // Another value for the same key takes its place.
        kept.put(10, 21, 5);
        kept.put(11, 22, 10);
        assert_eq!(
            (kept.bytes, kept.values.len(), kept.order.len()),
            (95, 10, 10)
        );
        kept.put(12, 0, 101);
        assert_eq!((kept.bytes, kept.values.len(), kept.order.len()), (0, 0, 0));
    }
}
