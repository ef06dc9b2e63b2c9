//! Tests of the vault through its public face.

mod faulty;
mod model;
mod smoke;
mod support;
