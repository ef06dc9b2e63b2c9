//! The open records.

use std::sync::Arc;

use base::{Clock, Result, ResultExt};
use jiff::Timestamp;

use crate::db::{Db, Tx, WriteTx, whole};
use crate::leases::{self, Lease};
use crate::migrate;

/// The records of a control plane. Clones are the same records.
#[derive(Debug, Clone)]
pub struct State {
    pub(crate) db: Db,
    pub(crate) clock: Arc<dyn Clock>,
}

impl State {
    /// Opens the records in `place`: a URL `postgres://USER:PASSWORD@HOST/DATABASE`, else the
    /// path of a SQLite file, which is made (mode 600) if it is not there; its folder must be.
    ///
    /// Brings an older schema up to date; a SQLite file is copied before, into `FILE.schema-N`.
    ///
    /// # Errors
    /// `StateTooNew` when a newer program wrote them, `BadArgument` for a malformed URL,
    /// `FileNotFound` and `FileAccessDenied` for the file; those of the database.
    pub async fn open(place: &str, clock: Arc<dyn Clock>) -> Result<Self> {
        let db = Db::open(place).await.during("opening the records")?;
        migrate::run(&db, &*clock).await?;
        Ok(Self { db, clock })
    }

    /// Begins to read. Readers wait for nobody but a free connection, of which there are four.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn read(&self) -> Result<Tx> {
        Ok(Tx::new(self.db.begin_read().await?, self.now()))
    }

    /// Begins to write, once those who write have ended. Keep it short: no other server or task
    /// writes meanwhile, and after 30 seconds they give up waiting.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn write(&self) -> Result<WriteTx> {
        let engine = self.db.begin_write().await?;
        Ok(WriteTx::new(engine, self.now()))
    }

    /// Begins to write as the holder of a lease: what is written is refused if another has taken
    /// it over, and none can before the transaction ends.
    ///
    /// # Errors
    /// `LeaseLost`; those of the database.
    pub async fn write_as(&self, lease: &Lease) -> Result<WriteTx> {
        let mut tx = self.write().await?;
        leases::check(&mut tx, lease).await?;
        Ok(tx)
    }

    /// Ends the connections, once the open transactions have ended.
    pub async fn close(&self) {
        self.db.close().await;
    }

    fn now(&self) -> Timestamp {
        whole(self.clock.now())
    }
}
