//! The command without machines.
