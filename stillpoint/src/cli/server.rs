//! The words of `stillpoint server`.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;

/// `stillpoint server`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  stillpoint server --data /var/lib/stillpoint
  stillpoint server --data /var/lib/stillpoint --public-url https://backup.example:8443

The first start makes all that is missing in the folder, and shows once how to log in; what it
shows stays in first-start.txt there, for its owner alone.")]
pub struct Server {
    /// The server's folder: records, key, vaults; made if it is not there.
    #[arg(
        long,
        value_name = "DIR",
        env = "STILLPOINT_DATA",
        hide_env_values = true
    )]
    pub data: PathBuf,
    /// Where to listen.
    #[arg(long, value_name = "ADDRESS", default_value = "[::]:8443")]
    pub listen: SocketAddr,
    /// How clients reach the server; all links begin with it [default: this host's name and the port]
    #[arg(
        long,
        value_name = "URL",
        env = "STILLPOINT_PUBLIC_URL",
        hide_env_values = true
    )]
    pub public_url: Option<String>,
    /// Where the records are: a PostgreSQL URL [default: a file in the folder]
    #[arg(
        long,
        value_name = "URL",
        env = "STILLPOINT_STATE",
        hide_env_values = true
    )]
    pub state: Option<String>,
}
