//! libvirt's error, and what it means here.

use std::ffi::{CStr, c_char, c_int, c_void};
use std::fmt;

use base::{Code, Error};

/// libvirt's error numbers that are told apart (`virErrorNumber`).
#[allow(missing_docs, reason = "the names are libvirt's, without VIR_ERR_")]
pub(in crate::libvirt) mod number {
    pub(in crate::libvirt) const INTERNAL: i32 = 1;
    pub(in crate::libvirt) const NO_SUPPORT: i32 = 3;
    pub(in crate::libvirt) const NO_CONNECT: i32 = 5;
    pub(in crate::libvirt) const INVALID_CONN: i32 = 6;
    pub(in crate::libvirt) const INVALID_ARG: i32 = 8;
    pub(in crate::libvirt) const OPERATION_FAILED: i32 = 9;
    pub(in crate::libvirt) const DOM_EXIST: i32 = 28;
    pub(in crate::libvirt) const OPERATION_DENIED: i32 = 29;
    pub(in crate::libvirt) const SYSTEM_ERROR: i32 = 38;
    pub(in crate::libvirt) const RPC: i32 = 39;
    pub(in crate::libvirt) const NO_DOMAIN: i32 = 42;
    pub(in crate::libvirt) const AUTH_FAILED: i32 = 45;
    pub(in crate::libvirt) const OPERATION_INVALID: i32 = 55;
    pub(in crate::libvirt) const OPERATION_TIMEOUT: i32 = 68;
    pub(in crate::libvirt) const AUTH_CANCELLED: i32 = 79;
    pub(in crate::libvirt) const AGENT_UNRESPONSIVE: i32 = 86;
    pub(in crate::libvirt) const ACCESS_DENIED: i32 = 88;
    pub(in crate::libvirt) const AUTH_UNAVAILABLE: i32 = 94;
    pub(in crate::libvirt) const AGENT_UNSYNCED: i32 = 96;
    pub(in crate::libvirt) const NO_CHECKPOINT: i32 = 103;
    pub(in crate::libvirt) const NO_BACKUP: i32 = 104;
    pub(in crate::libvirt) const CHECKPOINT_INCONSISTENT: i32 = 109;
    pub(in crate::libvirt) const AGENT_TIMEOUT: i32 = 112;
    pub(in crate::libvirt) const AGENT_FAILED: i32 = 113;
}

/// `VIR_FROM_RPC`: the part of libvirt that speaks with the daemon.
const FROM_RPC: c_int = 7;

/// `virError`, as far as it is read.
#[repr(C)]
pub(super) struct RawError {
    code: c_int,
    domain: c_int,
    message: *mut c_char,
    level: c_int,
    objects: [*mut c_void; 2],
    texts: [*mut c_char; 3],
    numbers: [c_int; 2],
    network: *mut c_void,
}

/// An error as libvirt gave it.
#[derive(Clone, Debug)]
pub(in crate::libvirt) struct LibvirtError {
    /// One of [`number`], or another of libvirt's.
    pub(in crate::libvirt) number: i32,
    /// Whether the way to the daemon failed, rather than the daemon.
    pub(in crate::libvirt) from_rpc: bool,
    /// libvirt's words.
    pub(in crate::libvirt) message: String,
}

impl LibvirtError {
    pub(super) fn from_raw(raw: &RawError) -> Self {
        let message = if raw.message.is_null() {
            "no message".into()
        } else {
            // SAFETY: not NULL; libvirt's messages end in NUL and live until the next call.
            unsafe { CStr::from_ptr(raw.message) }
                .to_string_lossy()
                .into_owned()
        };
        Self {
            number: raw.code,
            from_rpc: raw.domain == FROM_RPC,
            message,
        }
    }

    /// The daemon went away in the middle of a call.
    pub(in crate::libvirt) fn lost() -> Self {
        Self {
            number: number::RPC,
            from_rpc: true,
            message: "the connection to libvirt was lost in the middle of a call".into(),
        }
    }

    pub(super) fn unknown() -> Self {
        Self {
            number: number::INTERNAL,
            from_rpc: false,
            message: "libvirt failed without saying why".into(),
        }
    }

    /// The code that users meet.
    pub(in crate::libvirt) fn code(&self) -> Code {
        use number as n;
        match self.number {
            n::NO_DOMAIN => Code::MachineNotFound,
            n::DOM_EXIST => Code::MachineExists,
            n::OPERATION_DENIED
            | n::AUTH_FAILED
            | n::AUTH_CANCELLED
            | n::AUTH_UNAVAILABLE
            | n::ACCESS_DENIED => Code::HypervisorDenied,
            n::NO_CONNECT | n::INVALID_CONN | n::RPC => Code::HypervisorUnavailable,
            n::SYSTEM_ERROR | n::INTERNAL if self.from_rpc => Code::HypervisorUnavailable,
            n::OPERATION_TIMEOUT => Code::Timeout,
            n::AGENT_UNRESPONSIVE | n::AGENT_UNSYNCED | n::AGENT_TIMEOUT => Code::AgentUnavailable,
            _ if self.is_refusal() => Code::HypervisorDenied,
            _ => Code::HypervisorError,
        }
    }

    /// Whether a file was refused to QEMU or libvirt. libvirt has no number for it: QEMU's
    /// words for the system's EACCES and EPERM are all there is.
    fn is_refusal(&self) -> bool {
        ["Permission denied", "Operation not permitted"]
            .iter()
            .any(|words| self.message.contains(words))
    }
}

impl fmt::Display for LibvirtError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for LibvirtError {}

impl From<LibvirtError> for Error {
    fn from(e: LibvirtError) -> Self {
        Self::new(e.code(), format!("libvirt: {}", e.message))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_libvirt_become_codes_that_say_what_to_do() {
        let code = |number, from_rpc, message: &str| {
            LibvirtError {
                number,
                from_rpc,
                message: message.into(),
            }
            .code()
        };
        assert_eq!(code(42, false, "no domain"), Code::MachineNotFound);
        assert_eq!(
            code(38, true, "connect: refused"),
            Code::HypervisorUnavailable
        );
        assert_eq!(code(38, false, "read: I/O"), Code::HypervisorError);
        assert_eq!(
            code(1, false, "Could not open '/x': Permission denied"),
            Code::HypervisorDenied
        );
        assert_eq!(code(86, false, "agent"), Code::AgentUnavailable);
    }
}
