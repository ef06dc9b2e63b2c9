//! The ground floor: time, randomness, ids, sizes and errors.
//!
//! Everything here is plain data or a small trait. The rest of the house takes
//! [`Clock`] and [`Random`] as arguments instead of asking the system, so that a
//! test or a simulation owns both and one seed replays a run.

mod clock;
mod code;
pub mod durable;
mod error;
mod ids;
pub mod private_file;
mod random;
mod size;

pub use clock::{Clock, ManualClock, SystemClock};
pub use code::{Code, Kind};
pub use error::{Error, Result, ResultExt};
pub use ids::{PointId, TrackerName, VaultId};
pub use random::{Random, SeededRandom, SystemRandom};
pub use size::ByteSize;
