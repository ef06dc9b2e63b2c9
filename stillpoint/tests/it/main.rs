//! The command on image files: no machines.

#[path = "../command.rs"]
mod command;

mod busy;
mod damage;
mod image;
mod keys;
mod shapes;
mod space;
mod tiers;
