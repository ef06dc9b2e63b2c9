//! The data plane of real hosts and stores.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use base::Result;
use hypervisor::Host;

use super::{DataPlane, Discovered};

/// The data plane of real hosts and stores. Connections are kept.
#[derive(Debug, Default)]
pub struct HostPlane {
    hosts: Mutex<HashMap<String, Arc<Host>>>,
}

impl HostPlane {
    /// The host that is reached at `connection`.
    fn host(&self, connection: &str) -> Result<Arc<Host>> {
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(host) = hosts.get(connection) {
            return Ok(Arc::clone(host));
        }
        let host = Arc::new(Host::open(connection)?);
        hosts.insert(connection.to_owned(), Arc::clone(&host));
        Ok(host)
    }
}

#[async_trait]
impl DataPlane for HostPlane {
    async fn discover(&self, connection: &str) -> Result<Discovered> {
        let host = self.host(connection)?;
        Ok(Discovered {
            machines: host.hypervisor().list().await?,
            networks: Vec::new(),
        })
    }
}
