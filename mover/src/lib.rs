//! The data mover.
