//! A connection to a libvirt daemon.

use std::fmt;

use super::table::{Object, Table};
use super::{Domain, Result, c_string, owned_list, owned_text};

/// An open connection; closed when dropped.
pub(in crate::libvirt) struct Connection {
    table: &'static Table,
    raw: Object,
}

// SAFETY: libvirt allows one connection to be used by several threads at the same time.
unsafe impl Send for Connection {}
// SAFETY: as above.
unsafe impl Sync for Connection {}

impl Connection {
    /// Opens `uri` for reading and writing.
    ///
    /// # Errors
    /// `ToolMissing` without libvirt; `HypervisorUnavailable` if no daemon answers;
    /// `HypervisorDenied` if it refuses.
    pub(in crate::libvirt) fn open(uri: &str) -> base::Result<Self> {
        let table = Table::get()?;
        let uri = c_string(uri)?;
        // SAFETY: `uri` ends in NUL and outlives the call.
        let raw = unsafe { (table.virConnectOpen)(uri.as_ptr()) };
        if raw.is_null() {
            return Err(table.last_error().into());
        }
        Ok(Self { table, raw })
    }

    /// Whether the daemon is still at the other end, as far as known.
    pub(in crate::libvirt) fn is_alive(&self) -> bool {
        // SAFETY: `raw` is an open connection.
        unsafe { (self.table.virConnectIsAlive)(self.raw) == 1 }
    }

    /// All domains, running or not.
    pub(in crate::libvirt) fn domains(&self) -> Result<Vec<Domain>> {
        let mut list = std::ptr::null_mut();
        // SAFETY: `raw` is open; `list` is a place for the array, which `owned_list` takes.
        let count = unsafe { (self.table.virConnectListAllDomains)(self.raw, &raw mut list, 0) };
        let all = owned_list(self.table, list, count)?;
        Ok(all
            .into_iter()
            .map(|raw| Domain::new(self.table, raw))
            .collect())
    }

    /// The descriptions of all networks, started or not; an error in place of one that went
    /// meanwhile.
    pub(in crate::libvirt) fn networks(&self) -> Result<Vec<Result<String>>> {
        let (t, mut list) = (self.table, std::ptr::null_mut());
        // SAFETY: `raw` is open; `list` is a place for the array, which `owned_list` takes.
        let count = unsafe { (t.virConnectListAllNetworks)(self.raw, &raw mut list, 0) };
        let all = owned_list(t, list, count)?.into_iter();
        // SAFETY: each network is ours, and is freed once, after the last call on it; the text
        // goes to `owned_text`.
        Ok(all
            .map(|network| unsafe {
                let xml = owned_text(t, (t.virNetworkGetXMLDesc)(network, 0));
                (t.virNetworkFree)(network);
                xml
            })
            .collect())
    }

    /// The domain of this UUID.
    pub(in crate::libvirt) fn domain_by_uuid(&self, uuid: &str) -> Result<Domain> {
        let uuid = c_string(uuid)?;
        // SAFETY: `raw` is open; `uuid` ends in NUL.
        self.domain(unsafe { (self.table.virDomainLookupByUUIDString)(self.raw, uuid.as_ptr()) })
    }

    /// The domain of this name.
    pub(in crate::libvirt) fn domain_by_name(&self, name: &str) -> Result<Domain> {
        let name = c_string(name)?;
        // SAFETY: `raw` is open; `name` ends in NUL.
        self.domain(unsafe { (self.table.virDomainLookupByName)(self.raw, name.as_ptr()) })
    }

    /// Defines a domain, or changes the one of the same name and UUID.
    pub(in crate::libvirt) fn define(&self, xml: &str) -> Result<Domain> {
        let xml = c_string(xml)?;
        // SAFETY: `raw` is open; `xml` ends in NUL.
        self.domain(unsafe { (self.table.virDomainDefineXMLFlags)(self.raw, xml.as_ptr(), 0) })
    }

    /// The path of a volume in a storage pool.
    pub(in crate::libvirt) fn volume_path(&self, pool: &str, volume: &str) -> Result<String> {
        let (t, pool, volume) = (self.table, c_string(pool)?, c_string(volume)?);
        // SAFETY: `raw` is open; the names end in NUL; each object is freed once, after the
        // last call on it, and the text goes to `owned_text`.
        unsafe {
            let pool = (t.virStoragePoolLookupByName)(self.raw, pool.as_ptr());
            if pool.is_null() {
                return Err(t.last_error());
            }
            let vol = (t.virStorageVolLookupByName)(pool, volume.as_ptr());
            let path = if vol.is_null() {
                Err(t.last_error())
            } else {
                let path = owned_text(t, (t.virStorageVolGetPath)(vol));
                (t.virStorageVolFree)(vol);
                path
            };
            (t.virStoragePoolFree)(pool);
            path
        }
    }

    fn domain(&self, raw: Object) -> Result<Domain> {
        if raw.is_null() {
            return Err(self.table.last_error());
        }
        Ok(Domain::new(self.table, raw))
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        // SAFETY: `raw` is ours and is not used again. Domains hold their own reference.
        unsafe { (self.table.virConnectClose)(self.raw) };
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Connection")
    }
}
