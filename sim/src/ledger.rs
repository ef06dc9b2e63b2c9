//! What the log says, read by other code than the vault's: the measure for what a store owes.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use serde_json::Value;

/// A pack or an index segment: session and number.
pub(crate) type Name = (u64, u32);

/// A session that was opened and has not committed.
#[derive(Clone, Debug)]
pub(crate) struct Open {
    pub(crate) open: bool,
    machine: String,
    phase: String,
    inherits: Vec<u64>,
    /// The index segments in force when it was opened.
    pub(crate) saw: BTreeSet<Name>,
}

/// A point or attempt in force.
#[derive(Clone, Debug)]
pub(crate) struct Point {
    pub(crate) session: u64,
    pub(crate) point: String,
    machine: String,
    pub(crate) whole: bool,
}

/// What an entry did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Deed {
    Opened,
    Committed,
    Closed,
    Removed,
    Collected,
}

/// The log up to its last entry.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ledger {
    pub(crate) head: u64,
    sum: String,
    pub(crate) sessions: BTreeMap<u64, Open>,
    pub(crate) points: Vec<Point>,
    pub(crate) segments: BTreeSet<Name>,
    /// Every commit ever: entry, point, session.
    pub(crate) commits: Vec<(u64, String, u64)>,
    /// Every removal ever: entry, points.
    pub(crate) removals: Vec<(u64, Vec<String>)>,
}

impl Ledger {
    /// Takes the next entry in.
    pub(crate) fn take(&mut self, number: u64, bytes: &Bytes) -> Result<Deed, String> {
        let wrong = |what: &str| format!("log entry {number}: {what}");
        if number != self.head + 1 {
            return Err(wrong("it leaves a gap"));
        }
        let clear = bytes.get(36..).and_then(|rest| {
            let len = u32::from_le_bytes(bytes[28..32].try_into().ok()?);
            rest.get(..len as usize)
        });
        let clear = clear.ok_or_else(|| wrong("it is cut short"))?;
        let entry: Value = serde_json::from_slice(clear).map_err(|e| wrong(&e.to_string()))?;
        let first = "0".repeat(64);
        let prev = if number == 1 { &first } else { &self.sum };
        if entry["number"] != number || entry["prev"] != **prev {
            return Err(wrong("it does not follow the one before"));
        }
        self.head = number;
        self.sum = hex::encode(&bytes[bytes.len() - 32..]);
        self.apply(number, &entry)
            .ok_or_else(|| wrong("a field is missing"))?
            .map_err(|what| wrong(&what))
    }

    fn apply(&mut self, number: u64, entry: &Value) -> Option<Result<Deed, String>> {
        let text = |v: &Value| v.as_str().map(str::to_owned);
        let numbers =
            |v: &Value| -> Option<Vec<u64>> { v.as_array()?.iter().map(Value::as_u64).collect() };
        let deed = match entry["event"].as_str()? {
            "open" => {
                let (machine, phase) = (text(&entry["machine"])?, text(&entry["phase"])?);
                let inherits = numbers(&entry["inherits"])?;
                for s in self.sessions.values_mut() {
                    if s.machine == machine && s.phase == phase {
                        s.open = false;
                    }
                }
                self.sessions.retain(|n, _| !inherits.contains(n));
                let saw = self.segments.clone();
                let open = true;
                self.sessions.insert(
                    number,
                    Open {
                        open,
                        machine,
                        phase,
                        inherits,
                        saw,
                    },
                );
                Deed::Opened
            }
            "commit" => {
                let session = entry["session"].as_u64()?;
                if let Err(e) = self.end(session) {
                    return Some(Err(e));
                }
                let (point, machine) = (text(&entry["point"])?, text(&entry["machine"])?);
                self.points.retain(|p| p.machine != machine || p.whole);
                if self.points.iter().any(|p| p.point == point) {
                    return Some(Err(format!("{point} is committed twice")));
                }
                self.segments.extend(names(&entry["segments"])?);
                self.commits.push((number, point.clone(), session));
                self.points.push(Point {
                    session,
                    point,
                    machine,
                    whole: entry["state"] == "whole",
                });
                Deed::Committed
            }
            "close" => {
                let session = entry["session"].as_u64()?;
                self.sessions.get_mut(&session)?.open = false;
                Deed::Closed
            }
            "remove" => {
                let points = entry["points"].as_array()?.iter().map(text);
                let points: Vec<String> = points.collect::<Option<_>>()?;
                self.points.retain(|p| !points.contains(&p.point));
                self.removals.push((number, points));
                Deed::Removed
            }
            "collect" => {
                let session = entry["session"].as_u64()?;
                if let Err(e) = self.end(session) {
                    return Some(Err(e));
                }
                let given_up = numbers(&entry["givenUp"])?;
                self.sessions.retain(|n, _| !given_up.contains(n));
                for name in names(&entry["drop"])? {
                    if !self.segments.remove(&name) {
                        return Some(Err(format!("segment {name:?} was not in force")));
                    }
                }
                self.segments.extend(names(&entry["add"])?);
                Deed::Collected
            }
            other => return Some(Err(format!("event {other}"))),
        };
        Some(Ok(deed))
    }

    fn end(&mut self, session: u64) -> Result<(), String> {
        match self.sessions.remove(&session) {
            Some(s) if s.open => Ok(()),
            _ => Err(format!("session {session} is not open")),
        }
    }

    /// Whether what `session` stored must be left alone.
    pub(crate) fn holds(&self, session: u64) -> bool {
        let inherited = |s: &Open| s.inherits.contains(&session);
        self.sessions.contains_key(&session) || self.sessions.values().any(inherited)
    }

    /// Whether a point or attempt is in force.
    pub(crate) fn has(&self, point: &str) -> bool {
        self.points.iter().any(|p| p.point == point)
    }

    /// Whether `point` was removed by an entry after `since`.
    pub(crate) fn removed_since(&self, point: &str, since: u64) -> bool {
        let after = self.removals.iter().filter(|r| r.0 > since);
        after.flat_map(|r| &r.1).any(|p| p == point)
    }
}

fn names(list: &Value) -> Option<Vec<Name>> {
    let name = |v: &Value| {
        Some((
            v["session"].as_u64()?,
            u32::try_from(v["number"].as_u64()?).ok()?,
        ))
    };
    list.as_array()?.iter().map(name).collect()
}
