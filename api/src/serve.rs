//! Serving the API over HTTPS, and nothing over anything else (`docs/wire.md`, G1).

use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::time::Duration;

use axum_server::Handle;
use axum_server::tls_rustls::RustlsConfig;
use base::{Code, Error, Result};
use control::Served;
use hyper_util::rt::TokioTimer;

use crate::App;

/// For how long requests under way may go on when the server ends.
const ENDING: Duration = Duration::from_secs(10);
/// For how long a client may take to send a request's headers.
const HEADERS: Duration = Duration::from_secs(10);
/// How often it is looked whether the server's own certificate is to be renewed.
const LOOK: Duration = Duration::from_secs(3600);
/// How often it is looked whether files were replaced.
const LOOK_AT_FILES: Duration = Duration::from_secs(3);

/// What to serve with.
pub enum Certificates {
    /// What the server made, and what tells the names that it is for by now.
    Own(Served, Box<dyn Fn() -> Vec<String> + Send + Sync>),
    /// Files with a chain and its private key, both PEM. They may be replaced at any time.
    Files {
        /// The chain.
        certificate: PathBuf,
        /// The private key.
        key: PathBuf,
    },
}

impl std::fmt::Debug for Certificates {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Certificates")
    }
}

/// Serves until `end` is done and the requests under way are, ten seconds at most. The
/// certificate is renewed, or read again once its files were replaced, without a restart.
///
/// # Errors
/// `BadArgument` for a certificate that can't be served with; those of its files and of the
/// socket.
pub async fn serve(
    app: App,
    listener: TcpListener,
    certificates: Certificates,
    end: impl Future<Output = ()> + Send + 'static,
) -> Result<()> {
    let first = match &certificates {
        Certificates::Own(served, _) => pem(served),
        Certificates::Files { certificate, key } => (read(certificate)?, read(key)?),
    };
    let tls = config(&first).await?;
    let handle: Handle<SocketAddr> = Handle::new();
    let ending = handle.clone();
    let control = app.control.clone();
    let followed = app.control.clone();
    let renewed = tls.clone();
    let renewal = tokio::spawn(async move {
        let mut now = first;
        loop {
            tokio::time::sleep(match &certificates {
                Certificates::Own(..) => LOOK,
                Certificates::Files { .. } => LOOK_AT_FILES,
            })
            .await;
            let found = match &certificates {
                Certificates::Own(_, names) => control
                    .certificate(&names())
                    .await
                    .map(|served| pem(&served)),
                Certificates::Files { certificate, key } => {
                    read(certificate).and_then(|c| Ok((c, read(key)?)))
                }
            };
            match found {
                Ok(found) if found != now => {
                    // One that does not fit yet is told of once, and looked at when it changes:
                    // the two files are not replaced at the same moment.
                    match renewed
                        .reload_from_pem(found.0.clone(), found.1.clone())
                        .await
                    {
                        Ok(()) => tracing::info!("serving with another certificate"),
                        Err(e) => tracing::error!("the replaced certificate: {e}"),
                    }
                    now = found;
                }
                Ok(_) => {}
                Err(e) => tracing::error!("renewing the certificate: {e:?}"),
            }
        }
    });
    tokio::spawn(async move {
        end.await;
        followed.end_streams();
        ending.graceful_shutdown(Some(ENDING));
    });
    let io = |e| Error::io("serving", e);
    let mut server = axum_server::from_tcp_rustls(listener, tls)
        .map_err(io)?
        .handle(handle);
    let mut http = server.http_builder().http1();
    http.timer(TokioTimer::new()).header_read_timeout(HEADERS);
    let done = server.serve(crate::service(app).into_make_service()).await;
    renewal.abort();
    done.map_err(io)
}

/// A certificate and its private key, both PEM.
type Pems = (Vec<u8>, Vec<u8>);

fn read(path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path).map_err(|e| Error::io(path.display(), e))
}

async fn config((certificate, key): &Pems) -> Result<RustlsConfig> {
    RustlsConfig::from_pem(certificate.clone(), key.clone())
        .await
        .map_err(|e| Error::new(Code::BadArgument, format!("the certificate: {e}")).because(e))
}

fn pem(served: &Served) -> Pems {
    let certified = &served.certified;
    (
        certified.certificate.clone().into(),
        certified.key.clone().into(),
    )
}
