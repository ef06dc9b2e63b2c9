//! `stillpoint server`: the control plane and its API, until it is ended.

use std::fs::File;
use std::net::TcpListener;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use base::{Code, Error, Result, SystemClock, SystemRandom, durable};
use control::{Control, FirstStart, HostPlane, Start};
use rustix::fs::FlockOperation;
use url::{Host, Url};

use crate::cli::Server;
use crate::output;
use crate::settings::Settings;

pub async fn run(settings: &Settings, words: Server) -> Result<u8> {
    let data = folder(&words.data)?;
    let _alone = alone(&data)?;
    let listener = TcpListener::bind(words.listen)
        .and_then(|l| l.set_nonblocking(true).map(|()| l))
        .map_err(|e| Error::io(format_args!("listening on {}", words.listen), e))?;
    let io = |e| Error::io("listening", e);
    let port = listener.local_addr().map_err(io)?.port();
    let url = public_url(words.public_url.as_deref(), port)?;
    let ca = data.join("ca.pem");
    let text = data.join("first-start.txt");
    let mut shown = None;
    let start = Start {
        names: names(&url),
        host: short_name(&host_name()),
        connection: settings.global.connect.clone(),
        data: data.clone(),
        state: words.state,
        clock: Arc::new(SystemClock),
        random: Arc::new(SystemRandom),
        plane: Arc::new(HostPlane::new(
            data.clone(),
            Arc::new(SystemClock),
            Arc::new(SystemRandom),
        )),
    };
    let keep = async |first: &FirstStart, authority: &str| {
        let what = page(first, url.as_str(), &ca, authority)?;
        control::keep(&text, &what)?;
        shown = Some(what);
        Ok(())
    };
    let (control, authority, served) = Control::open(start, keep).await?;
    write_authority(&ca, &authority)?;
    if let Some(shown) = shown {
        output::write(shown.as_bytes())?;
    }
    output::write(format!("Serving {url}\n").as_bytes())?;
    let control = Arc::new(control);
    let app = api::App::new(Arc::clone(&control), url.as_str());
    let token = settings.interrupt.token().clone();
    let work = [
        tokio::spawn(discover(Arc::clone(&control))),
        tokio::spawn(schedule(Arc::clone(&control))),
        tokio::spawn(maintain(Arc::clone(&control))),
    ];
    let served = api::serve(
        app,
        listener,
        served,
        async move { token.cancelled().await },
    )
    .await;
    for task in work {
        task.abort();
    }
    control.stop().await;
    served.map(|()| 0)
}

/// How often what is due is looked for.
const TICK: Duration = Duration::from_secs(1);
/// How often what has expired is looked for.
const MAINTENANCE: Duration = Duration::from_secs(5);
/// How often the hosts are looked at.
const DISCOVERY: Duration = Duration::from_secs(30);

/// Starts what is due, and takes up jobs, for as long as the server runs.
async fn schedule(control: Arc<Control>) {
    loop {
        control.tick().await;
        tokio::select! {
            () = tokio::time::sleep(TICK) => {}
            () = control.work_is_there() => {}
        }
    }
}

/// Removes what has expired, for as long as the server runs.
async fn maintain(control: Arc<Control>) {
    loop {
        control.maintain().await;
        tokio::time::sleep(MAINTENANCE).await;
    }
}

/// Looks at the hosts, for as long as the server runs.
async fn discover(control: Arc<Control>) {
    loop {
        if let Err(e) = control.discover().await {
            tracing::error!("looking at the hosts: {e:?}");
        }
        tokio::time::sleep(DISCOVERY).await;
    }
}

/// The server's folder, for its owner alone.
fn folder(path: &Path) -> Result<std::path::PathBuf> {
    let io = |e| Error::io(path.display(), e);
    let mut make = std::fs::DirBuilder::new();
    make.recursive(true).mode(0o700).create(path).map_err(io)?;
    durable::sync_way(path)?;
    path.canonicalize().map_err(io)
}

/// Keeps a second server away from the folder, for as long as what this gives is held.
fn alone(data: &Path) -> Result<File> {
    let path = data.join("lock");
    let io = |e| Error::io(path.display(), e);
    let mut open = File::options();
    let file = open.create(true).truncate(false).write(true).open(&path);
    let file = file.map_err(io)?;
    match rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(file),
        Err(rustix::io::Errno::WOULDBLOCK) => {
            let detail = format!("another server works in {}", data.display());
            Err(Error::new(Code::DataFolderInUse, detail))
        }
        Err(e) => Err(io(e.into())),
    }
}

fn public_url(given: Option<&str>, port: u16) -> Result<Url> {
    let own;
    let text = match given {
        Some(text) => text,
        None => {
            own = format!("https://{}:{port}", host_name());
            &own
        }
    };
    let wrong = |why: &str| {
        let detail = format!("`{text}` can't be the public URL: {why}");
        Error::new(Code::BadArgument, detail)
    };
    let url = Url::parse(text).map_err(|e| wrong(&e.to_string()))?;
    if url.scheme() != "https" {
        return Err(wrong("clients take only https"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(wrong("it names a user"));
    }
    if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
        return Err(wrong("it has more than a host and a port"));
    }
    Ok(url)
}

/// The host names and addresses to serve under.
fn names(url: &Url) -> Vec<String> {
    let host = url.host().map(|host| match host {
        Host::Domain(name) => name.to_owned(),
        Host::Ipv4(address) => address.to_string(),
        Host::Ipv6(address) => address.to_string(),
    });
    let own = [
        host_name(),
        "localhost".to_owned(),
        "127.0.0.1".to_owned(),
        "::1".to_owned(),
    ];
    let mut names: Vec<String> = host.into_iter().collect();
    for name in own {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

/// A host's name without its domain, in what a resource's name may have.
fn short_name(name: &str) -> String {
    let first = name.split('.').next().unwrap_or(name);
    let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
    first.chars().map(plain).collect()
}

fn host_name() -> String {
    let system = rustix::system::uname();
    let name = system.nodename().to_string_lossy().to_lowercase();
    if name.is_empty() {
        "localhost".to_owned()
    } else {
        name
    }
}

/// What is shown once.
fn page(first: &FirstStart, url: &str, ca: &Path, authority: &str) -> Result<String> {
    let url = url.trim_end_matches('/');
    Ok(format!(
        "\
Stillpoint starts for the first time. This is shown once:

  Address            {url}
  CA certificate     {ca}
  SHA-256            {fingerprint}
  Tenant             {tenant}
  Owner              {client} (client id)

To use this command, here or on a machine that has a copy of the CA certificate:

  export STILLPOINT_SECRET={secret}
  stillpoint login --url {url} --ca {ca} \\
    --client-id {client}

To use the Azure command line, here or on a machine that has a copy of the CA certificate:

  export REQUESTS_CA_BUNDLE={ca}
  az cloud register -n Stillpoint --endpoint-resource-manager {url}
  az cloud set -n Stillpoint
  az login --service-principal --tenant {tenant} \\
    -u {client} \\
    -p {secret}

",
        ca = ca.display(),
        fingerprint = control::fingerprint(authority)?,
        tenant = first.tenant,
        client = first.client_id,
        secret = first.secret,
    ))
}

/// Exports the authority's certificate, for clients.
fn write_authority(path: &Path, authority: &str) -> Result<()> {
    if std::fs::read(path).is_ok_and(|there| there == authority.as_bytes()) {
        return Ok(());
    }
    let io = |e| Error::io(path.display(), e);
    let new = path.with_extension("pem.new");
    std::fs::write(&new, authority).map_err(io)?;
    durable::sync(&new)?;
    std::fs::rename(&new, path).map_err(io)?;
    durable::sync_name(path)
}
