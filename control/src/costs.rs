//! What protection costs: rates, the report of a period, estimates (PRICE-1 to 12).

use base::{Code, Error, Result};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use policy::{Estimate, EstimateInput, RateCard, StorageClass, VaultCharge};
use state::{meter, settings};

use crate::Control;

/// The setting that has the rates.
const RATES: &str = "rates";
/// Days of a period, at most.
const MOST_DAYS: i64 = 400;

/// A period, as it is asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Period {
    /// Its first day; that of the last day's month if it is not given.
    pub from: Option<Date>,
    /// Its last day; today if it is not given.
    pub to: Option<Date>,
}

/// What a period costs, at today's rates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Costs {
    /// The first day.
    pub from: Date,
    /// The last day; days to come cost nothing so far.
    pub to: Date,
    /// The rates.
    pub rates: RateCard,
    /// By vault.
    pub vaults: Vec<VaultCharge>,
}

impl Control {
    /// The rates.
    ///
    /// # Errors
    /// Those of the records.
    pub async fn rates(&self) -> Result<RateCard> {
        let mut tx = self.state.read().await?;
        Ok(settings::get(&mut tx, RATES).await?.unwrap_or_default())
    }

    /// Sets the rates; all reports are by them from then on. Durable when this returns.
    ///
    /// # Errors
    /// `BadArgument` for a currency that is no word of three capital letters; those of the
    /// records.
    pub async fn put_rates(&self, rates: RateCard) -> Result<RateCard> {
        let capital = |c: char| c.is_ascii_uppercase();
        if rates.currency.len() != 3 || !rates.currency.chars().all(capital) {
            let detail = format!("`{}` is no currency, as EUR is one", rates.currency);
            return Err(Error::new(Code::BadArgument, detail));
        }
        let mut tx = self.state.write().await?;
        settings::set(&mut tx, RATES, &rates).await?;
        tx.commit().await?;
        Ok(rates)
    }

    /// What a period costs, of all vaults.
    ///
    /// # Errors
    /// `BadArgument` for a period that ends before it begins, or is longer than readings are
    /// kept; those of the records.
    pub async fn costs(&self, period: Period) -> Result<Costs> {
        let mut tx = self.state.read().await?;
        let today = tx.now().to_zoned(TimeZone::UTC).date();
        let to = period.to.unwrap_or(today);
        let from = period.from.unwrap_or(to.first_of_month());
        let days = to.duration_since(from).as_hours() / 24;
        if !(0..MOST_DAYS).contains(&days) {
            let detail = format!("from {from} to {to} is no period of 1 to {MOST_DAYS} days");
            return Err(Error::new(Code::BadArgument, detail));
        }
        let rates: RateCard = settings::get(&mut tx, RATES).await?.unwrap_or_default();
        let readings = meter::readings(&mut tx, from, to).await?;
        let vaults = policy::charge(&readings, from, to.min(today), &rates);
        Ok(Costs {
            from,
            to,
            rates,
            vaults,
        })
    }

    /// Estimates a month of machines alike at today's rates (PRICE-11); `input` comes without.
    ///
    /// # Errors
    /// Those of the records.
    pub async fn estimate(
        &self,
        input: EstimateInput,
        class: StorageClass,
    ) -> Result<(Estimate, RateCard)> {
        let card = self.rates().await?;
        let rates = card.of(class);
        Ok((policy::estimate(&EstimateInput { rates, ..input }), card))
    }
}
