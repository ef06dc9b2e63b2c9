//! What the API answers: pages, single things and what is counted of all.

mod aggregates;
mod jobs;
mod lists;
mod points;
mod single;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::Size;
use crate::dice::Dice;
use crate::names::{GROUP, PER_VAULT, item_name, vault_of};
use crate::server::Server;
use crate::times::Times;

/// How often each is asked for.
const EACH: usize = 600;
/// Entries of a page, of most lists.
const PAGE: usize = 200;

/// Asks, and keeps what was too slow.
pub(crate) struct Answers<'a> {
    server: &'a Server,
    size: Size,
    dice: Dice,
    slow: Vec<String>,
}

/// Measures; gives what took too long.
pub(crate) async fn measure(server: &Server, size: Size) -> Result<Vec<String>> {
    let mut answers = Answers {
        server,
        size,
        dice: Dice::new(),
        slow: Vec::new(),
    };
    answers.lists().await?;
    answers.points().await?;
    answers.jobs().await?;
    answers.single().await?;
    answers.aggregates().await?;
    Ok(answers.slow)
}

impl Answers<'_> {
    /// Asks for a path, each time another; each answer must be `right`.
    async fn ask(
        &mut self,
        what: &str,
        path: impl Fn(&Self) -> String,
        right: impl Fn(&Value) -> bool,
    ) -> Result<()> {
        let mut times = Times::of(what);
        for _ in 0..EACH {
            let path = path(self);
            let answer = self.server.client.get(&path, &mut times).await?;
            ensure!(right(&answer), "{what}: {path}: {answer}");
        }
        self.slow.extend(times.print());
        Ok(())
    }

    /// Asks for a list page by page, from the first again after the last. All but the last are
    /// full.
    async fn ask_pages(&mut self, what: &str, first: &str, entries: usize) -> Result<()> {
        let mut times = Times::of(what);
        let mut path = first.to_owned();
        for _ in 0..EACH {
            let page = self.server.client.get(&path, &mut times).await?;
            let next = page["nextLink"].as_str();
            let found = count(&page)?;
            let full = found == entries || next.is_none() && found > 0;
            ensure!(full, "{what}: {path} has {found} entries");
            path = next.unwrap_or(first).to_owned();
        }
        self.slow.extend(times.print());
        Ok(())
    }

    /// A machine by chance, by its number.
    fn machine(&self) -> usize {
        self.dice.below(self.size.machines)
    }

    /// The path of a vault by chance.
    fn vault(&self) -> String {
        self.server.vault(self.machine() / PER_VAULT)
    }

    /// The path of a machine's item.
    fn item(&self, machine: usize) -> String {
        let control = &self.server.control;
        control.item_id(GROUP, &vault_of(machine), &item_name(machine))
    }

    /// A path of the subscription.
    fn within(&self, rest: &str) -> String {
        format!("{}/{rest}", self.server.subscription())
    }
}

/// How many entries a page has.
fn count(page: &Value) -> Result<usize> {
    let all = page["value"].as_array();
    all.map(Vec::len)
        .with_context(|| format!("no list: {page}"))
}

/// Whether a page is full.
fn is_full(page: &Value) -> bool {
    count(page).is_ok_and(|count| count == PAGE)
}
