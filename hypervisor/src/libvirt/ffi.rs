//! libvirt's C interface: the one place with `unsafe` in the house.
//!
//! The library is loaded when first needed, so that the program starts on hosts without it.
//! [`Connection`], [`Domain`] and [`Checkpoint`] own one reference each and give it back when
//! dropped. libvirt's objects may be used from several threads at once; its error is kept for
//! each thread, so every wrapper reads it before it returns.
//!
//! Every call here may block for as long as the daemon takes: see
//! [`super::link::Link`], which runs them with a deadline off the caller's thread.

mod checkpoint;
mod connection;
mod domain;
mod error;
mod table;

pub(super) use checkpoint::{Checkpoint, DeleteCheckpoint};
pub(super) use connection::Connection;
pub(super) use domain::{Domain, State, XmlForm};
pub(super) use error::{LibvirtError, number};

use std::ffi::{CStr, CString, c_char, c_void};

use table::Table;

/// What a call gives.
pub(super) type Result<T> = std::result::Result<T, LibvirtError>;

/// `text` for C; a text with a NUL byte is an error of the caller.
fn c_string(text: &str) -> Result<CString> {
    CString::new(text).map_err(|_| LibvirtError {
        number: number::INVALID_ARG,
        from_rpc: false,
        message: format!("`{}` has a NUL byte in it", text.escape_debug()),
    })
}

/// Takes over a text that libvirt allocated; NULL is libvirt's last error.
fn owned_text(table: &'static Table, text: *mut c_char) -> Result<String> {
    if text.is_null() {
        return Err(table.last_error());
    }
    // SAFETY: not NULL, and libvirt's texts end in NUL; it is ours until the free below.
    let copy = unsafe { CStr::from_ptr(text) }
        .to_string_lossy()
        .into_owned();
    // SAFETY: libvirt gives such texts to the caller, to be freed by free(3).
    unsafe { free(text.cast()) };
    Ok(copy)
}

/// Copies a text that stays libvirt's; NULL is libvirt's last error.
fn lent_text(table: &'static Table, text: *const c_char) -> Result<String> {
    if text.is_null() {
        return Err(table.last_error());
    }
    // SAFETY: not NULL, ends in NUL, and lives as long as the object it was asked from, which
    // the caller holds.
    Ok(unsafe { CStr::from_ptr(text) }
        .to_string_lossy()
        .into_owned())
}

/// Takes over a list of `count` object pointers that libvirt allocated.
fn owned_list(
    table: &'static Table,
    list: *mut *mut c_void,
    count: i32,
) -> Result<Vec<*mut c_void>> {
    let Ok(count) = usize::try_from(count) else {
        return Err(table.last_error());
    };
    if list.is_null() {
        return Ok(Vec::new());
    }
    // SAFETY: libvirt gives an array of `count` pointers (and a NULL after them).
    let copy = unsafe { std::slice::from_raw_parts(list, count) }.to_vec();
    // SAFETY: the array, not what it points to, is freed here; it came from malloc(3).
    unsafe { free(list.cast()) };
    Ok(copy)
}

/// `Ok` for zero and above, libvirt's last error below.
fn status(table: &'static Table, result: i32) -> Result<i32> {
    if result < 0 {
        Err(table.last_error())
    } else {
        Ok(result)
    }
}

// SAFETY: the C library's own, which the standard library is linked with on every Unix.
unsafe extern "C" {
    fn free(memory: *mut c_void);
}
