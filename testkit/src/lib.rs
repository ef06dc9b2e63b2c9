//! Builders of real guests for tests.
