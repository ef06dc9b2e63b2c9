//! `stillpoint restore vm`

use base::Result;

use crate::cli::RestoreVm;
use crate::settings::Settings;

pub async fn run(_settings: &Settings, _words: RestoreVm) -> Result<()> {
    Ok(())
}
