//! Clients in Python, from PyPI and unmodified: Azure's SDK, and a fuzzer of what an OpenAPI
//! document tells of.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

use crate::fetch::{fetched, venv};

const VAULTS: &str = "4.3.0";
const BACKUP: &str = "11.2.0";
const IDENTITY: &str = "1.27.0";
const SCHEMATHESIS: &str = "4.32.5";

/// A Python with packages, in the testbed.
#[derive(Debug)]
pub struct Python {
    dir: PathBuf,
}

impl Python {
    /// The one with Azure's SDK: `azure-mgmt-recoveryservices`,
    /// `azure-mgmt-recoveryservicesbackup` and `azure-identity`.
    ///
    /// # Errors
    /// Those of fetching it.
    pub fn azure() -> Result<Self> {
        let version = format!("{VAULTS}-{BACKUP}-{IDENTITY}");
        let packages = [
            &*format!("azure-mgmt-recoveryservices=={VAULTS}"),
            &format!("azure-mgmt-recoveryservicesbackup=={BACKUP}"),
            &format!("azure-identity=={IDENTITY}"),
        ];
        let dir = fetched("azure-sdk", &version, |dir| venv(dir, &packages))?;
        Ok(Self { dir })
    }

    /// The one with schemathesis.
    ///
    /// # Errors
    /// Those of fetching it.
    pub fn schemathesis() -> Result<Self> {
        let package = format!("schemathesis=={SCHEMATHESIS}");
        let dir = fetched("schemathesis", SCHEMATHESIS, |dir| venv(dir, &[&package]))?;
        Ok(Self { dir })
    }

    /// One of its programs (`python`, `st`), which trusts the CA certificate `authority`, and asks
    /// no proxy for what is here.
    #[must_use]
    pub fn program(&self, name: &str, authority: &Path) -> Command {
        let mut command = Command::new(self.dir.join("bin").join(name));
        command
            .env("REQUESTS_CA_BUNDLE", authority)
            .env("SSL_CERT_FILE", authority)
            .env("NO_PROXY", "localhost,127.0.0.1");
        command
    }
}
