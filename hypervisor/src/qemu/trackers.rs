//! Which dirty bitmaps of a disk to use and which to remove, as a pure rule.

use base::TrackerName;

use super::graph::Bitmap;

/// What to do with a disk's bitmaps before a snapshot.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Plan {
    /// The tracker to build on.
    pub(super) base: Option<TrackerName>,
    /// Why there is none, for people.
    pub(super) reason: String,
    /// Bitmaps of the same vault that are of no use any more.
    pub(super) remove: Vec<TrackerName>,
}

/// The plan for a disk with these bitmaps. `wanted` are the trackers that the store can build
/// on, best first; `new` is the one to be started.
pub(super) fn plan(bitmaps: &[Bitmap], wanted: &[TrackerName], new: &TrackerName) -> Plan {
    let ours = || {
        bitmaps
            .iter()
            .filter_map(|b| Some((TrackerName::parse(&b.name)?, b)))
    };
    let mut plan = Plan {
        reason: "no earlier point".into(),
        ..Plan::default()
    };
    for (name, bitmap) in ours().filter(|(n, _)| n.same_vault(new)) {
        if bitmap.inconsistent || !wanted.contains(&name) {
            plan.remove.push(name);
        }
    }
    for name in wanted {
        match ours().find(|(n, _)| n == name).map(|(_, b)| trouble(b)) {
            Some(None) => {
                plan.base = Some(*name);
                break;
            }
            Some(Some(trouble)) => plan.reason = format!("bitmap {name} {trouble}"),
            None => plan.reason = format!("bitmap {name} is not there any more"),
        }
    }
    plan
}

fn trouble(bitmap: &Bitmap) -> Option<&'static str> {
    if bitmap.inconsistent {
        Some("is inconsistent, as after a crash of QEMU or the host")
    } else if bitmap.busy {
        Some("is in use by another operation")
    } else if !bitmap.recording {
        Some("was not recording all the time")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use base::{PointId, SeededRandom, VaultId};

    use super::*;

    fn bitmap(name: &dyn ToString) -> Bitmap {
        Bitmap {
            name: name.to_string(),
            recording: true,
            persistent: true,
            inconsistent: false,
            busy: false,
        }
    }

    #[test]
    fn the_first_good_tracker_wins_and_only_our_useless_ones_go() {
        let random = SeededRandom::new(1);
        let [vault, other] = [(); 2].map(|()| VaultId::new(&random));
        let [new, a, b, left] = [(); 4].map(|()| TrackerName::new(vault, PointId::new(&random)));
        let foreign = TrackerName::new(other, PointId::new(&random));
        let mut broken = bitmap(&a);
        broken.inconsistent = true;
        let bitmaps = [
            broken,
            bitmap(&b),
            bitmap(&left),
            bitmap(&foreign),
            bitmap(&"cp1"),
        ];
        let plan = plan(&bitmaps, &[a, b], &new);
        assert_eq!(plan.base, Some(b));
        assert_eq!(plan.remove, [a, left]);
    }

    #[test]
    fn a_doubtful_tracker_is_not_used_and_the_reason_is_told() {
        let random = SeededRandom::new(1);
        let vault = VaultId::new(&random);
        let [new, a] = [(); 2].map(|()| TrackerName::new(vault, PointId::new(&random)));
        for (i, word) in ["inconsistent", "not recording", "in use"]
            .iter()
            .enumerate()
        {
            let mut b = bitmap(&a);
            b.inconsistent = i == 0;
            b.recording = i != 1;
            b.busy = i == 2;
            let plan = plan(&[b], &[a], &new);
            assert_eq!(plan.base, None);
            assert!(plan.reason.contains(word), "{}", plan.reason);
        }
        assert!(plan(&[], &[a], &new).reason.contains("not there"));
        assert_eq!(plan(&[], &[], &new).reason, "no earlier point");
    }
}
