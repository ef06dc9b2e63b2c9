//! `stillpoint server`: the control plane and its API, until it is ended.

mod config;
mod first;
mod names;
mod records;

use std::fs::File;
use std::net::TcpListener;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use api::Certificates;
use base::{Code, Error, Result, SystemClock, SystemRandom, durable};
use control::{Control, FirstStart, HostPlane, Start};
use rustix::fs::FlockOperation;
use serde_json::{Value, json};
use url::Url;

use self::config::Config;
use self::names::{fixed_names, host_name, names, short_name};
use crate::cli::{Server, ServerCommand, ServerWords};
use crate::output;
use crate::settings::Settings;

pub async fn run(settings: &Settings, words: Server) -> Result<u8> {
    let Server { command, words } = words;
    match command {
        None => serve(settings, *words).await,
        Some(ServerCommand::CheckConfig) => check_config(settings, *words),
        Some(ServerCommand::ResetAdmin) => reset_admin(settings, *words).await,
        Some(command) => {
            let config = Config::new(settings, *words)?;
            records::run(settings, &config, command).await.map(|()| 0)
        }
    }
}

/// `stillpoint server check-config`
fn check_config(settings: &Settings, words: ServerWords) -> Result<u8> {
    let shown = Config::new(settings, words)?.shown();
    let text = |value: &Value| match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let facts: Vec<(&str, String)> = shown
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, value)| (name.as_str(), text(value)))
        .collect();
    settings.output.one(&shown, &facts)?;
    Ok(0)
}

/// `stillpoint server reset-admin`
async fn reset_admin(settings: &Settings, words: ServerWords) -> Result<u8> {
    let config = Config::new(settings, words)?;
    let place = config.place();
    if config.state.is_none() && !Path::new(&place).exists() {
        let detail = format!("{place} does not exist");
        return Err(Error::new(Code::DataFolderEmpty, detail));
    }
    let made = control::reset_admin(&place, Arc::new(SystemClock), &SystemRandom).await?;
    let (user, password) = (made.principal.login, made.password);
    let shown = json!({"userName": user, "oneTimePassword": password});
    let facts = [("User", user), ("One-time password", password)];
    settings.output.one(&shown, &facts)?;
    Ok(0)
}

async fn serve(settings: &Settings, words: ServerWords) -> Result<u8> {
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o077));
    let config = Config::new(settings, words)?;
    let data = folder(&config.data)?;
    let _alone = alone(&data)?;
    let listener = TcpListener::bind(config.listen)
        .and_then(|l| l.set_nonblocking(true).map(|()| l))
        .map_err(|e| Error::io(format_args!("listening on {}", config.listen), e))?;
    let io = |e| Error::io("listening", e);
    let port = listener.local_addr().map_err(io)?.port();
    let url = public_url(config.public_url.as_deref(), port)?;
    let ca = data.join("ca.pem");
    let text = data.join("first-start.txt");
    let mut shown = None;
    let fixed = fixed_names(&url, &config.names);
    let start = Start {
        names: names(&fixed),
        host: short_name(&host_name()),
        connection: config.connect.clone(),
        data: data.clone(),
        pool: config.pool.clone(),
        state: config.state.clone(),
        clock: Arc::new(SystemClock),
        random: Arc::new(SystemRandom),
        plane: Arc::new(HostPlane::new(
            data.clone(),
            Arc::new(SystemClock),
            Arc::new(SystemRandom),
        )),
        options: config.options().await?,
    };
    let own = config.certificate.is_none();
    let keep = async |first: &FirstStart, authority: &str| {
        let what = first::page(first, url.as_str(), &ca, own, authority)?;
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
    let certificates = match config.certificate {
        Some((certificate, key)) => Certificates::Files { certificate, key },
        None => Certificates::Own(served, Box::new(move || names(&fixed))),
    };
    let token = settings.interrupt.token().clone();
    let work = [
        tokio::spawn(discover(Arc::clone(&control))),
        tokio::spawn(schedule(Arc::clone(&control))),
        tokio::spawn(maintain(Arc::clone(&control))),
        tokio::spawn(back_up(Arc::clone(&control))),
    ];
    let served = api::serve(app, listener, certificates, async move {
        token.cancelled().await;
    })
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
/// How often the server looks whether its own backup is due.
const OWN_BACKUP: Duration = Duration::from_secs(600);
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

/// Backs up the server's own records, for as long as it runs.
async fn back_up(control: Arc<Control>) {
    loop {
        match control.back_up_daily().await {
            Ok(None) => {}
            Ok(Some(file)) => tracing::info!("backed up to {}", file.display()),
            Err(e) => tracing::error!("the server's own backup: {e:?}"),
        }
        tokio::time::sleep(OWN_BACKUP).await;
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

/// The server's folder. What is in it is for its owner alone, but restored images may be opened
/// by whoever they are given to.
fn folder(path: &Path) -> Result<std::path::PathBuf> {
    let io = |e| Error::io(path.display(), e);
    match path.exists() {
        true => durable::sync_way(path)?,
        false => durable::make_passable_folder(path)?,
    }
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

/// Exports the authority's certificate, for clients.
fn write_authority(path: &Path, authority: &str) -> Result<()> {
    if std::fs::read(path).is_ok_and(|there| there == authority.as_bytes()) {
        return Ok(());
    }
    let io = |e| Error::io(path.display(), e);
    let new = path.with_extension("pem.new");
    std::fs::write(&new, authority).map_err(io)?;
    // It is for everybody's clients; all else in the folder is not.
    let open = std::os::unix::fs::PermissionsExt::from_mode(0o644);
    std::fs::set_permissions(&new, open).map_err(io)?;
    durable::sync(&new)?;
    std::fs::rename(&new, path).map_err(io)?;
    durable::sync_name(path)
}
