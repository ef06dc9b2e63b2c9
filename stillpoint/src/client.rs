//! A client of a server's API: by the routes that every client of Azure Resource Manager uses,
//! and no others.

mod events;
mod failure;
mod http;
mod login;
mod operation;

pub use events::Followed;
pub use http::Client;
pub use login::{Login, Who};
