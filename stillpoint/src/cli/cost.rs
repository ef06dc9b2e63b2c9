//! `stillpoint cost …`

use base::ByteSize;
use clap::{Args, Subcommand, ValueEnum};

/// Commands on costs.
#[derive(Debug, Subcommand)]
pub enum CostCommand {
    /// Show what a period has cost, by vault and machine, at today's rates
    ///
    /// Each day (UTC) it is noted which machines are charged, by the data of their last good
    /// backup, and what vaults and snapshots take. Restores and skipped transfers cost nothing.
    #[command(after_help = "\
Examples:
  stillpoint cost show                                   this month so far
  stillpoint cost show --from 2026-03-01 --to 2026-03-31 -v vault1 -o tsv")]
    Show {
        /// The first day [default: the first of the last day's month].
        #[arg(long, value_name = "DATE")]
        from: Option<String>,
        /// The last day [default: today].
        #[arg(long, value_name = "DATE")]
        to: Option<String>,
    },
    /// Estimate a month of machines alike, once retention has filled up
    Estimate(CostEstimate),
    /// Show the rates, or set them
    Rates(CostRates),
}

/// `stillpoint cost estimate`
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  stillpoint cost estimate --size 200GiB --machines 3 --churn 5 --days 30 --weeks 12")]
pub struct CostEstimate {
    /// The data on the disks of one machine.
    #[arg(long, value_name = "SIZE")]
    pub size: ByteSize,
    /// What changes in a day, in percent of it.
    #[arg(long, value_name = "PERCENT")]
    pub churn: f64,
    /// How many machines.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub machines: u32,
    /// The share of the data on disks that are left out, in percent.
    #[arg(long, value_name = "PERCENT", default_value_t = 0.0)]
    pub exclude: f64,
    /// Days that points are kept.
    #[arg(long, value_name = "N", default_value_t = 30)]
    pub days: u32,
    /// Weeks that weekly points are kept.
    #[arg(long, value_name = "N")]
    pub weeks: Option<u32>,
    /// Months that monthly points are kept.
    #[arg(long, value_name = "N")]
    pub months: Option<u32>,
    /// Years that yearly points are kept.
    #[arg(long, value_name = "N")]
    pub years: Option<u32>,
    /// Days that snapshots are kept.
    #[arg(long, value_name = "N", default_value_t = 2)]
    pub snapshot_days: u32,
    /// How many copies the vault has, and who reads them.
    #[arg(long, value_enum, value_name = "WORD", default_value = "local")]
    pub redundancy: ClassWord,
}

/// `stillpoint cost rates`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  stillpoint cost rates
  stillpoint cost rates --currency EUR --instance 10 --gb local=0.02,geo=0.04 --snapshot-gb 0.05

What is not given stays as it is. All are for a month; a GB is 2^30 bytes.")]
pub struct CostRates {
    /// The currency's word, as in EUR.
    #[arg(long, value_name = "WORD")]
    pub currency: Option<String>,
    /// For a protected instance.
    #[arg(long, value_name = "RATE")]
    pub instance: Option<f64>,
    /// For a GB in a vault of each redundancy: local, zone, geo, geo-read.
    #[arg(long, value_name = "WORD=RATE", value_delimiter = ',', value_parser = gb)]
    pub gb: Vec<(ClassWord, f64)>,
    /// For a GB of snapshots.
    #[arg(long, value_name = "RATE")]
    pub snapshot_gb: Option<f64>,
}

/// What a GB in a vault is charged by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ClassWord {
    /// In one place
    Local,
    /// In several zones of one place
    Zone,
    /// In two places
    Geo,
    /// In two places, and restored in either
    GeoRead,
}

impl ClassWord {
    /// The API's word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Local => "LocallyRedundant",
            Self::Zone => "ZoneRedundant",
            Self::Geo => "GeoRedundant",
            Self::GeoRead => "ReadAccessGeoRedundant",
        }
    }
}

/// Reads `local=0.02`.
fn gb(text: &str) -> Result<(ClassWord, f64), String> {
    let wrong = || format!("`{text}` is not as local=0.02 is");
    let (word, rate) = text.split_once('=').ok_or_else(wrong)?;
    let word = ClassWord::from_str(word, true).map_err(|_| wrong())?;
    Ok((word, rate.parse().map_err(|_| wrong())?))
}
