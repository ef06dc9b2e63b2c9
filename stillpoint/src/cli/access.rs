//! The words of who may log in to a server, and do what there.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// `stillpoint user …`
#[derive(Debug, Subcommand)]
pub enum UserCommand {
    /// List a server's users
    List,
    /// Make a user with a one-time password, which is shown once; `role assign` gives it rights
    #[command(after_help = "\
Examples:
  stillpoint user create ann --display-name 'Ann Lee'
  stillpoint role assign ann 'Backup Operator' -g default")]
    Create {
        /// The user's name.
        name: String,
        /// Its name for people.
        #[arg(long, value_name = "TEXT")]
        display_name: Option<String>,
    },
    /// Remove a user with all its roles
    Delete {
        /// The user's name.
        name: String,
    },
    /// Give a user a new one-time password, and end its lock-out and its logins
    ResetPassword {
        /// The user's name.
        name: String,
    },
    /// End all logins of a user
    EndLogins {
        /// The user's name.
        name: String,
    },
    /// Change a user's password by the one before; this needs no login
    Password(UserPassword),
}

/// `stillpoint user password`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  stillpoint user password                  of who has logged in
  stillpoint user password admin --url https://localhost:8443 --ca /var/lib/stillpoint/ca.pem")]
pub struct UserPassword {
    /// The user's name [default: who has logged in].
    #[arg(requires = "url")]
    pub name: Option<String>,
    /// The server's address [default: that of the login].
    #[arg(long, value_name = "URL", requires = "name")]
    pub url: Option<String>,
    /// The server's CA certificate [default: the authorities that the system trusts].
    #[arg(long, value_name = "FILE", requires = "url")]
    pub ca: Option<PathBuf>,
    /// A file whose first line is the password before [default: STILLPOINT_SECRET, else it is
    /// asked for].
    #[arg(long, value_name = "FILE")]
    pub secret_file: Option<PathBuf>,
    /// A file whose first line is the new password [default: it is asked for].
    #[arg(long, value_name = "FILE")]
    pub new_password_file: Option<PathBuf>,
}

/// `stillpoint app …`
#[derive(Debug, Subcommand)]
pub enum AppCommand {
    /// List a server's applications
    List,
    /// Show an application, with the ids of its secrets and certificates
    Show {
        /// Its name, client id or object id.
        app: String,
    },
    /// Make an application with a secret, which is shown once
    Create {
        /// Its name.
        name: String,
    },
    /// Remove an application with all its roles
    Delete {
        /// Its name, client id or object id.
        app: String,
    },
    /// Give an application a further secret, which is shown once
    AddSecret {
        /// Its name, client id or object id.
        app: String,
        /// Until when it is good, as in 2027-12-31T00:00:00Z [default: for ever].
        #[arg(long, value_name = "TIME")]
        expires: Option<jiff::Timestamp>,
    },
    /// Let an application log in by a certificate; a private key beside it is not sent
    #[command(after_help = "\
Example:
  openssl req -x509 -newkey rsa:2048 -nodes -days 365 -subj /CN=app -keyout k.pem -out c.pem
  stillpoint app add-certificate app --file c.pem
  cat k.pem c.pem > app.pem; az login --service-principal -u ID --certificate app.pem --tenant T")]
    AddCertificate {
        /// Its name, client id or object id.
        app: String,
        /// The certificate, in PEM.
        #[arg(long, value_name = "FILE")]
        file: PathBuf,
    },
    /// Take a secret or a certificate away; it ends the application's logins
    RemoveCredential {
        /// Its name, client id or object id.
        app: String,
        /// The id of the secret or certificate, as `app show` prints it.
        id: uuid::Uuid,
    },
}

/// `stillpoint role …`
#[derive(Debug, Subcommand)]
pub enum RoleCommand {
    /// List the roles that there are
    Definitions,
    /// List who has which role where
    Assignments,
    /// Give a user or an application a role, in the group of -g or in all of the server
    #[command(after_help = "\
Examples:
  stillpoint role assign ann 'Backup Operator' -g default
  stillpoint role assign ann Owner")]
    Assign {
        /// The user's name, or the application's name, client id or object id.
        who: String,
        /// The role's name.
        role: String,
    },
    /// Take a role away again
    Remove {
        /// The user's name, or the application's name, client id or object id.
        who: String,
        /// The role's name.
        role: String,
    },
}

/// `stillpoint lock …`
#[derive(Debug, Subcommand)]
pub enum LockCommand {
    /// List the locks of the group of -g, or of all of the server
    List,
    /// Lock the group of -g, or all of the server
    #[command(after_help = "\
Examples:
  stillpoint lock create keep -g default
  stillpoint lock create frozen --level read-only --notes 'audit'")]
    Create {
        /// The lock's name.
        name: String,
        /// What it forbids.
        #[arg(long, value_enum, default_value = "cannot-delete")]
        level: LevelOfLock,
        /// Why.
        #[arg(long, value_name = "TEXT")]
        notes: Option<String>,
    },
    /// Remove a lock of the group of -g, or of all of the server
    Delete {
        /// The lock's name.
        name: String,
    },
}

/// What a lock forbids.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum LevelOfLock {
    /// Deletions
    CannotDelete,
    /// Every change
    ReadOnly,
}

impl LevelOfLock {
    /// The API's word.
    pub fn name(self) -> &'static str {
        match self {
            Self::CannotDelete => "CanNotDelete",
            Self::ReadOnly => "ReadOnly",
        }
    }
}

/// `stillpoint limit …`
#[derive(Debug, Subcommand)]
pub enum LimitCommand {
    /// List the limits, with their defaults
    List,
    /// Set a limit; what there is beyond it stays
    #[command(after_help = "\
Example:
  stillpoint limit set snapshots_per_machine 30")]
    Set {
        /// The limit's name.
        name: String,
        /// How many there may be.
        most: u64,
    },
    /// Go back to a limit's default
    Reset {
        /// The limit's name.
        name: String,
    },
}
