//! The freeze watchdog as a program of its own. The product starts itself for this; this
//! program serves tests.

fn main() -> std::process::ExitCode {
    hypervisor::watchdog::main()
}
