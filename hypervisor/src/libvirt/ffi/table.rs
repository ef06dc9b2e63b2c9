//! The functions, found by name in the shared libraries.

use std::ffi::{c_char, c_int, c_longlong, c_uchar, c_uint, c_ulonglong, c_void};
use std::sync::OnceLock;

use base::{Code, Error};
use libloading::Library;

use super::error::{LibvirtError, RawError};

/// A pointer to one of libvirt's objects.
pub(super) type Object = *mut c_void;

/// `virDomainBlockInfo`.
#[repr(C)]
#[derive(Default)]
pub(super) struct RawBlockInfo {
    pub(super) capacity: c_ulonglong,
    pub(super) allocation: c_ulonglong,
    pub(super) physical: c_ulonglong,
}

/// `virDomainDiskError`.
#[repr(C)]
pub(super) struct RawDiskError {
    pub(super) disk: *mut c_char,
    pub(super) error: c_int,
}

/// `virDomainJobInfo`: the kind of job, then eleven counters.
#[repr(C)]
#[derive(Default)]
pub(super) struct RawJobInfo {
    pub(super) kind: c_int,
    pub(super) counters: [c_ulonglong; 11],
}

macro_rules! table {
    ($($library:ident { $($name:ident($($arg:ty),*) $(-> $ret:ty)?;)* })*) => {
        /// libvirt's functions, by their own names.
        #[allow(non_snake_case, reason = "the names are libvirt's")]
        pub(super) struct Table {
            $($(pub(super) $name: unsafe extern "C" fn($($arg),*) $(-> $ret)?,)*)*
        }

        impl Table {
            fn load(libraries: &Libraries) -> std::result::Result<Self, libloading::Error> {
                Ok(Self {
                    $($($name: {
                        // SAFETY: the signature is that of libvirt's header; libvirt never
                        // changes one under the same name and library version (.so.0).
                        *unsafe { libraries.$library.get(concat!(stringify!($name), "\0")) }?
                    },)*)*
                })
            }
        }
    };
}

table! {
    base {
        virInitialize() -> c_int;
        virGetLastError() -> *const RawError;
        virSetErrorFunc(*mut c_void, Option<unsafe extern "C" fn(*mut c_void, *mut RawError)>);
        virConnectOpen(*const c_char) -> Object;
        virConnectClose(Object) -> c_int;
        virConnectIsAlive(Object) -> c_int;
        virConnectListAllDomains(Object, *mut *mut Object, c_uint) -> c_int;
        virDomainLookupByName(Object, *const c_char) -> Object;
        virDomainLookupByUUIDString(Object, *const c_char) -> Object;
        virDomainDefineXMLFlags(Object, *const c_char, c_uint) -> Object;
        virConnectListAllNetworks(Object, *mut *mut Object, c_uint) -> c_int;
        virNetworkGetXMLDesc(Object, c_uint) -> *mut c_char;
        virNetworkFree(Object) -> c_int;
        virStoragePoolLookupByName(Object, *const c_char) -> Object;
        virStoragePoolFree(Object) -> c_int;
        virStorageVolLookupByName(Object, *const c_char) -> Object;
        virStorageVolGetPath(Object) -> *mut c_char;
        virStorageVolFree(Object) -> c_int;
        virDomainFree(Object) -> c_int;
        virDomainGetUUIDString(Object, *mut c_char) -> c_int;
        virDomainGetID(Object) -> c_uint;
        virDomainGetXMLDesc(Object, c_uint) -> *mut c_char;
        virDomainGetState(Object, *mut c_int, *mut c_int, c_uint) -> c_int;
        virDomainGetBlockInfo(Object, *const c_char, *mut RawBlockInfo, c_uint) -> c_int;
        virDomainGetDiskErrors(Object, *mut RawDiskError, c_uint, c_uint) -> c_int;
        virDomainGetJobInfo(Object, *mut RawJobInfo) -> c_int;
        virDomainAbortJob(Object) -> c_int;
        virDomainResume(Object) -> c_int;
        virDomainCreate(Object) -> c_int;
        virDomainUndefineFlags(Object, c_uint) -> c_int;
        virDomainBackupBegin(Object, *const c_char, *const c_char, c_uint) -> c_int;
        virDomainBackupGetXMLDesc(Object, c_uint) -> *mut c_char;
        virDomainCheckpointCreateXML(Object, *const c_char, c_uint) -> Object;
        virDomainListAllCheckpoints(Object, *mut *mut Object, c_uint) -> c_int;
        virDomainCheckpointLookupByName(Object, *const c_char, c_uint) -> Object;
        virDomainCheckpointGetName(Object) -> *const c_char;
        virDomainCheckpointGetXMLDesc(Object, c_uint) -> *mut c_char;
        virDomainCheckpointDelete(Object, c_uint) -> c_int;
        virDomainCheckpointFree(Object) -> c_int;
    }
    qemu {
        virDomainQemuAgentCommand(Object, *const c_char, c_int, c_uint) -> *mut c_char;
    }
}

struct Libraries {
    base: Library,
    qemu: Library,
}

/// Says nothing: libvirt would otherwise print every error to standard error.
unsafe extern "C" fn quiet(_: *mut c_void, _: *mut RawError) {}

impl Table {
    /// The functions of the libvirt on this host, loaded once for the life of the process.
    ///
    /// # Errors
    /// `ToolMissing` if libvirt is not installed or is older than 6.10 (the first with
    /// checkpoints and all calls used here).
    pub(super) fn get() -> base::Result<&'static Self> {
        static TABLE: OnceLock<std::result::Result<Table, String>> = OnceLock::new();
        TABLE
            .get_or_init(|| {
                // SAFETY: loading runs the libraries' initialisers, which are safe to run on
                // any thread; they are libvirt's own, found by the system's search path.
                let open = |name| unsafe { Library::new(name) };
                let libraries = Libraries {
                    base: open("libvirt.so.0").map_err(|e| e.to_string())?,
                    qemu: open("libvirt-qemu.so.0").map_err(|e| e.to_string())?,
                };
                let table = Self::load(&libraries).map_err(|e| format!("too old: {e}"))?;
                // Never unloaded: the function pointers live as long as the process.
                std::mem::forget(libraries);
                // SAFETY: no arguments; may be called several times and from any thread.
                if unsafe { (table.virInitialize)() } < 0 {
                    return Err(table.last_error().message);
                }
                // SAFETY: `quiet` has the signature of libvirt's virErrorFunc and lives for ever.
                unsafe { (table.virSetErrorFunc)(std::ptr::null_mut(), Some(quiet)) };
                Ok(table)
            })
            .as_ref()
            .map_err(|why| {
                let what = "libvirt can't be used; its packages are `libvirt0` and `libvirt-daemon-driver-qemu`";
                Error::new(Code::ToolMissing, format!("{what}: {why}"))
            })
    }

    /// The error of this thread's last call.
    pub(super) fn last_error(&self) -> LibvirtError {
        // SAFETY: gives a pointer into this thread's storage, or NULL.
        let raw = unsafe { (self.virGetLastError)() };
        // SAFETY: not changed before this thread calls libvirt again, which `from_raw` doesn't.
        unsafe { raw.as_ref() }.map_or_else(LibvirtError::unknown, LibvirtError::from_raw)
    }
}

// The widths this module relies on, on every platform that libvirt supports.
const _: () = assert!(size_of::<c_longlong>() == 8 && size_of::<c_uchar>() == 1);
