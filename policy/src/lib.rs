//! The rules of backup, as pure functions: when a run is due, what a point is kept for and until
//! when, how a job ends, which names are allowed, what is metered.
//!
//! Nothing here reads a clock, a file or randomness; the caller brings the time. Types are those
//! of the domain, not of the wire. Ids such as POLICY-16 are those of the requirements.
//!
//! - [`Policy`]: a [`Schedule`], a [`Retention`] and a [`Zone`], with its faults told one by one.
//! - [`Schedule::next_after`], [`Schedule::latest_due`], [`spread`]: when to start.
//! - [`Policy::goes_to_vault`], [`Policy::marks`]: what becomes of a run's point.
//! - [`Point`], [`cleanup`]: what is kept, where, until when.

mod alert;
mod calendar;
mod charge;
mod expiry;
mod job_status;
mod limits;
mod marks;
mod name;
mod next_run;
mod policy;
mod preview;
mod price;
mod protection;
mod refusal;
mod retention;
mod schedule;
mod soft_delete;
mod transfer;
mod windows_zones;
mod zone;

pub use alert::{AlertLevel, AlertRule};
pub use calendar::{DayOfMonth, MonthDays, Week, Weekday, WeekdayOfMonth};
pub use charge::{
    ItemCharge, MeteredItem, MeteredVault, RateCard, Reading, StorageClass, VaultCharge, charge,
};
pub use expiry::{Keep, ON_DEMAND_DAYS, Point, Removal, Tier, cleanup, on_demand_until};
pub use job_status::{BackupJob, JobStatus, TaskStatus};
pub use limits::{Limit, Limits};
pub use marks::{Kept, Marks};
pub use name::{
    GroupPattern, check_fabric_name, check_group_name, check_policy_name, check_vault_name,
};
pub use next_run::{MOST_SPREAD, spread};
pub use policy::{Consistency, Policy, PolicyType};
pub use preview::{MOST_DAYS, Preview, PreviewPoint, preview};
pub use price::{
    Disk, Estimate, EstimateInput, Rates, estimate, fee, half_instances, instance_size, is_billed,
};
pub use protection::Protection;
pub use refusal::{EXCEEDS_VAULTED, INVALID_INPUT, INVALID_POLICY, Refusal};
pub use retention::{Monthly, Range, Retention, Weekly, Yearly, refuse_lowering};
pub use schedule::{Schedule, time_of_day};
pub use soft_delete::{SOFT_DELETE_DAYS, check_soft_delete_days, is_charged_deleted, purge_at};
pub use transfer::{Transfer, transfer};
pub use zone::Zone;
