//! The error of the data plane: what happened (a [`Code`]), where, and from what.

use std::fmt;

use crate::{Code, Kind};

/// A result with Stillpoint's error.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong: a [`Code`], which carries kind, general cause and remedy; a detail
/// that names this case (which file, machine, offset); and the error underneath.
///
/// `Display` prints the detail alone, on one line. An error is logged once, where it is
/// handled; callers match [`Error::code`] or [`Error::kind`], never text.
pub struct Error(Box<Inner>);

struct Inner {
    code: Code,
    detail: String,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl Error {
    /// An error of this code; `detail` says what was wrong and where.
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            code,
            detail: detail.into(),
            source: None,
        }))
    }

    /// The same error, resting on `source`.
    #[must_use]
    pub fn because(mut self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// The same error with `context: ` before its detail.
    #[must_use]
    pub fn during(mut self, context: impl fmt::Display) -> Self {
        self.0.detail = format!("{context}: {}", self.0.detail);
        self
    }

    /// The error of an input or output call on `what`; the code follows the system's
    /// error number ([`Code::NoSpace`] for a full disk, and so on).
    pub fn io(what: impl fmt::Display, error: std::io::Error) -> Self {
        use std::io::ErrorKind as K;
        let code = match error.kind() {
            K::StorageFull | K::QuotaExceeded => Code::NoSpace,
            K::NotFound => Code::FileNotFound,
            K::PermissionDenied => Code::FileAccessDenied,
            K::AlreadyExists => Code::TargetExists,
            K::TimedOut => Code::Timeout,
            _ => Code::Io,
        };
        Self::new(code, format!("{what}: {error}")).because(error)
    }

    /// Which error this is.
    #[must_use]
    pub fn code(&self) -> Code {
        self.0.code
    }

    /// What a caller can do about it.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.0.code.kind()
    }

    /// What was wrong in this case, and where.
    #[must_use]
    pub fn detail(&self) -> &str {
        &self.0.detail
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.detail)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.0.code, self.0.detail)?;
        let mut source = std::error::Error::source(self);
        while let Some(s) = source {
            write!(f, " / {s}")?;
            source = s.source();
        }
        Ok(())
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_deref().map(|s| s as _)
    }
}

/// Adds a place to the errors of a result.
pub trait ResultExt<T> {
    /// Puts `context: ` before the detail of an error.
    ///
    /// # Errors
    /// Those of the result itself.
    fn during(self, context: impl fmt::Display) -> Result<T>;
}

impl<T> ResultExt<T> for Result<T> {
    fn during(self, context: impl fmt::Display) -> Result<T> {
        self.map_err(|e| e.during(context))
    }
}
