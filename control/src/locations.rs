//! Locations: the one of the first start, and those that were added. A host brings its machines
//! into its own, and a vault protects machines of its own only (VAULT-7, 8; DISC-4).

use base::{Code, Error, Result};
use state::Tx;
use state::locations;
use state::resources::{self, Record};

use crate::{Control, Location};

impl Control {
    /// All locations, the first one first.
    ///
    /// # Errors
    /// Those of the records.
    pub async fn locations(&self) -> Result<Vec<Location>> {
        let mut tx = self.state.read().await?;
        self.locations_in(&mut tx).await
    }

    /// The location of this name, in any case and with or without blanks.
    ///
    /// # Errors
    /// `LocationUnknown`; those of the records.
    pub async fn check_location(&self, name: &str) -> Result<Location> {
        find(&self.locations().await?, name)
    }

    /// Adds a location, or changes what it is called and paired with; and whether it was added.
    /// Durable when this returns.
    ///
    /// # Errors
    /// `NameInvalid`; `LocationUnknown` for a pair that is none; `BadArgument` for one with
    /// itself; those of the records.
    pub async fn put_location(
        &self,
        name: &str,
        display_name: Option<String>,
        paired: Option<String>,
    ) -> Result<(Location, bool)> {
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
        if !(1..=40).contains(&name.len()) || !name.chars().all(plain) {
            let detail = format!("`{name}` is no name of a location: 1 to 40 of a-z and 0-9");
            return Err(Error::new(Code::NameInvalid, detail));
        }
        let mut tx = self.state.write().await?;
        let all = self.locations_in(&mut tx).await?;
        let paired = match paired.filter(|p| !p.is_empty()) {
            Some(other) => Some(find(&all, &other)?.name),
            None => None,
        };
        if paired.as_deref() == Some(name) {
            let detail = format!("the location {name} can't be paired with itself");
            return Err(Error::new(Code::BadArgument, detail));
        }
        let before = all.into_iter().find(|l| l.name == name);
        let known = before.as_ref().map(|l| l.display_name.clone());
        let body = locations::Location {
            display_name: display_name.or(known).unwrap_or_else(|| name.to_owned()),
            paired,
        };
        let id = self.location_id(name);
        let saved = match resources::get::<locations::Location>(&mut tx, &id).await? {
            Some(there) => resources::update(&mut tx, Record { body, ..there }).await?,
            None => {
                let parent = self.subscription_id();
                resources::create(&mut tx, &id, &parent, body).await?
            }
        };
        tx.commit().await?;
        Ok((shown(saved), before.is_none()))
    }

    /// The id of a location that was added.
    #[must_use]
    pub fn location_id(&self, name: &str) -> String {
        let subscription = self.subscription_id();
        format!("{subscription}/providers/Stillpoint.Fabric/locations/{name}")
    }

    async fn locations_in(&self, tx: &mut Tx) -> Result<Vec<Location>> {
        let mut all = self.identity.locations.clone();
        let added: Vec<Record<locations::Location>> = resources::all(tx).await?;
        for record in added {
            let location = shown(record);
            match all.iter_mut().find(|l| l.name == location.name) {
                Some(first) => *first = location,
                None => all.push(location),
            }
        }
        Ok(all)
    }
}

fn shown(record: Record<locations::Location>) -> Location {
    Location {
        name: record.name,
        display_name: record.body.display_name,
        paired: record.body.paired,
    }
}

fn find(all: &[Location], name: &str) -> Result<Location> {
    let plain = |text: &str| text.replace(' ', "").to_ascii_lowercase();
    let wanted = plain(name);
    let is = |l: &&Location| plain(&l.name) == wanted || plain(&l.display_name) == wanted;
    all.iter().find(is).cloned().ok_or_else(|| {
        let all: Vec<&str> = all.iter().map(|l| &*l.name).collect();
        let detail = format!("there is no location `{name}`, only {}", all.join(", "));
        Error::new(Code::LocationUnknown, detail)
    })
}
