//! Tests of the vault through its public face.

mod smoke;
mod support;
