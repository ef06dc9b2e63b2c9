//! A backup policy: when, how long, where in time (POLICY-1).

use jiff::civil::time;
use serde::{Deserialize, Serialize};

use crate::{
    EXCEEDS_VAULTED, GroupPattern, INVALID_POLICY, MonthDays, Monthly, Refusal, Retention,
    Schedule, Week, Weekday, WeekdayOfMonth, Weekly, Yearly, Zone,
};

/// The sub-type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PolicyType {
    /// Daily or weekly (POLICY-5); the wire's `V1`.
    Standard,
    /// Hourly, daily or weekly (POLICY-27); the wire's `V2`.
    Enhanced,
}

/// The consistency that is asked for (POLICY-31).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Consistency {
    /// As good as the guest allows: of its applications, or of its file systems.
    #[default]
    Guest,
    /// Without any agent: crash-consistent. Enhanced policies only.
    OnlyCrash,
}

/// A backup policy. What was read from a client may break rules; [`Policy::faults`] tells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// Standard or enhanced.
    pub kind: PolicyType,
    /// When runs are due.
    pub schedule: Schedule,
    /// How long their points stay in the vault.
    pub retention: Retention,
    /// Days that snapshots are kept for instant restore (POLICY-7, 8, 28).
    pub snapshot_days: u32,
    /// The zone of all its times and dates.
    pub zone: Zone,
    /// The consistency that is asked for.
    #[serde(default)]
    pub consistency: Consistency,
    /// How the service's snapshot groups are named; none: the default (SRG-7).
    #[serde(default)]
    pub snapshot_group: Option<GroupPattern>,
}

/// Scheduled snapshots of a machine that an enhanced policy may have at once. Twelve-hourly runs
/// may be kept all 30 days, four-hourly ones 10 (POLICY-28).
pub(crate) const ENHANCED_SNAPSHOTS: u32 = 60;

impl Policy {
    /// `DefaultPolicy` (POLICY-2): daily at 19:30 UTC, kept 30 days, snapshots 2 days.
    #[must_use]
    pub fn standard_default() -> Self {
        Self {
            kind: PolicyType::Standard,
            schedule: Schedule::Daily {
                time: time(19, 30, 0, 0),
            },
            retention: Retention {
                daily: Some(30),
                ..Retention::default()
            },
            snapshot_days: 2,
            zone: Zone::utc(),
            consistency: Consistency::Guest,
            snapshot_group: None,
        }
    }

    /// `EnhancedPolicy` (POLICY-27, 28): from 08:00 UTC every four hours, all day; snapshots
    /// 7 days; daily points 180 days, Sundays' 12 weeks, the month's first Sunday's 60 months,
    /// January's first Sunday's 10 years.
    #[must_use]
    pub fn enhanced_default() -> Self {
        let first_sunday = || {
            let day = WeekdayOfMonth {
                week: Week::First,
                weekday: Weekday::Sunday,
            };
            MonthDays::Weekdays([day].into())
        };
        Self {
            kind: PolicyType::Enhanced,
            schedule: Schedule::Hourly {
                start: time(8, 0, 0, 0),
                interval: 4,
                window: 24,
            },
            retention: Retention {
                daily: Some(180),
                weekly: Some(Weekly {
                    days: [Weekday::Sunday].into(),
                    weeks: 12,
                }),
                monthly: Some(Monthly {
                    days: first_sunday(),
                    months: 60,
                }),
                yearly: Some(Yearly {
                    months: [1].into(),
                    days: first_sunday(),
                    years: 10,
                }),
            },
            snapshot_days: 7,
            ..Self::standard_default()
        }
    }

    /// Fewest and most days that snapshots may be kept: 1 to 5 with a standard policy
    /// (POLICY-7), always 5 if that is weekly (POLICY-8); 1 to 30 with an enhanced one, less
    /// with many runs a day (POLICY-28).
    #[must_use]
    pub fn snapshot_days_allowed(&self) -> (u32, u32) {
        match self.kind {
            PolicyType::Standard if self.schedule.is_weekly() => (5, 5),
            PolicyType::Standard => (1, 5),
            PolicyType::Enhanced => {
                let runs = (self.schedule.times().len() as u32).max(1);
                (1, (ENHANCED_SNAPSHOTS / runs).clamp(1, 30))
            }
        }
    }

    /// Every rule that it breaks; none if it may be saved. Bounds are those of POLICY-5 to 13,
    /// 27, 28 and 31.
    #[must_use]
    pub fn faults(&self) -> Vec<Refusal> {
        let mut faults = self.schedule.faults();
        faults.extend(self.retention.faults(&self.schedule));
        let standard = self.kind == PolicyType::Standard;
        if standard && matches!(self.schedule, Schedule::Hourly { .. }) {
            faults.push(Refusal::of_policy(
                "schedulePolicy.scheduleRunFrequency",
                "a standard policy can't run hourly",
                "Run Daily or Weekly, or make the policy enhanced (policyType V2)",
            ));
        }
        if standard && self.consistency == Consistency::OnlyCrash {
            faults.push(Refusal::of_policy(
                "snapshotConsistencyType",
                "a standard policy can't ask for OnlyCrashConsistent",
                "Leave it out, or make the policy enhanced (policyType V2)",
            ));
        }
        let days = self.snapshot_days;
        let (least, most) = self.snapshot_days_allowed();
        if !(least..=most).contains(&days) {
            faults.push(Refusal::of_policy(
                "instantRpRetentionRangeInDays",
                format!("snapshots would be kept {days} days"),
                if least == most {
                    format!("A weekly standard policy keeps them {most} days")
                } else {
                    format!("Allowed with this schedule are {least} to {most} days")
                },
            ));
        }
        let vaulted = self.retention.least_days();
        if days > vaulted && vaulted > 0 {
            faults.push(Refusal::new(
                EXCEEDS_VAULTED,
                "instantRpRetentionRangeInDays",
                format!("snapshots would be kept {days} days, points in the vault {vaulted}"),
                format!("Keep snapshots at most {vaulted} days, or points longer"),
            ));
        }
        if let Some(group) = &self.snapshot_group
            && let Err(refusal) = group.check()
        {
            faults.push(Refusal {
                code: INVALID_POLICY,
                ..refusal
            });
        }
        faults
    }
}
