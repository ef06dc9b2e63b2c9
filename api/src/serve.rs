//! Serving the API over HTTPS, and nothing over anything else (`docs/wire.md`, G1).

use std::net::{SocketAddr, TcpListener};
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
/// How often the certificate is looked at.
const LOOK: Duration = Duration::from_secs(3600);

/// Serves until `end` is done and the requests under way are, ten seconds at most. The
/// certificate is renewed without a restart.
///
/// # Errors
/// `BadArgument` for a certificate that can't be served with; those of the socket.
pub async fn serve(
    app: App,
    listener: TcpListener,
    served: Served,
    end: impl Future<Output = ()> + Send + 'static,
) -> Result<()> {
    let tls = config(&served).await?;
    let handle: Handle<SocketAddr> = Handle::new();
    let ending = handle.clone();
    let control = app.control.clone();
    let renewed = tls.clone();
    let renewal = tokio::spawn(async move {
        let mut ends = served.ends;
        loop {
            tokio::time::sleep(LOOK).await;
            match control.certificate(&served.names).await {
                Ok(now) if now.ends != ends => {
                    let (certificate, key) = pem(&now);
                    match renewed.reload_from_pem(certificate, key).await {
                        Ok(()) => {
                            ends = now.ends;
                            tracing::info!("serving with a certificate until {ends}");
                        }
                        Err(e) => tracing::error!("a renewed certificate: {e}"),
                    }
                }
                Ok(_) => {}
                Err(e) => tracing::error!("renewing the certificate: {e:?}"),
            }
        }
    });
    tokio::spawn(async move {
        end.await;
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

async fn config(served: &Served) -> Result<RustlsConfig> {
    let (certificate, key) = pem(served);
    RustlsConfig::from_pem(certificate, key)
        .await
        .map_err(|e| Error::new(Code::BadArgument, format!("the certificate: {e}")).because(e))
}

fn pem(served: &Served) -> (Vec<u8>, Vec<u8>) {
    let certified = &served.certified;
    (
        certified.certificate.clone().into(),
        certified.key.clone().into(),
    )
}
