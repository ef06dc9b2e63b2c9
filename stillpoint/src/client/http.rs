//! Requests, and the token that they carry.

use std::path::PathBuf;
use std::time::Duration;

use base::{Code, Error, Result};
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE};
use reqwest::{Certificate, Method, StatusCode};
use serde_json::{Value, json};
use tokio::sync::Mutex;
use url::Url;

use super::failure::failure;
use super::login::{Login, Who};

/// The version that requests name; a server takes any.
const VERSION: &str = "2026-08-01";
/// What this client calls itself when a user logs in by it.
const CLIENT: &str = "stillpoint";

/// A server, and who is logged in there.
pub struct Client {
    http: reqwest::Client,
    path: PathBuf,
    login: Mutex<Login>,
    /// The id of the subscription: all resources are below it.
    pub scope: String,
}

/// An answer that is no refusal.
#[derive(Debug)]
pub struct Answered {
    /// The status.
    pub status: StatusCode,
    /// What to poll until the work is accepted or refused.
    pub operation: Option<String>,
    /// Where the result will be.
    pub location: Option<String>,
    /// The body, `Null` if there is none.
    pub body: Value,
}

impl Client {
    /// The server of the login that is kept.
    ///
    /// # Errors
    /// `NotLoggedIn`; those of the file.
    pub fn open() -> Result<Self> {
        let path = Login::path()?;
        let login = Login::read(&path)?;
        Self::new(login, path)
    }

    /// Logs in: asks for a token, by a user's password or else by what the login has, and for the
    /// subscription; and keeps all at `path`.
    ///
    /// # Errors
    /// `LoginFailed`, `PasswordWrong`, `PasswordChangeRequired`, `AccountLocked`,
    /// `ServerUnavailable`; those of the file.
    pub async fn log_in(login: Login, path: PathBuf, password: Option<&str>) -> Result<Self> {
        let mut client = Self::new(login, path)?;
        {
            let mut login = client.login.lock().await;
            let form = match (&login.who, password) {
                (Who::User { user, .. }, Some(password)) => vec![
                    ("grant_type", "password"),
                    ("client_id", CLIENT),
                    ("username", user),
                    ("password", password),
                ],
                (who, _) => renewal(who),
            };
            let form = written(&form)?;
            client.fetch(&mut login, form).await?;
        }
        let found = client.list("/subscriptions").await?;
        let id = found.first().and_then(|s| s["subscriptionId"].as_str());
        let none = || Error::new(Code::AuthorizationFailed, "no subscription is shown to it");
        let id = id.ok_or_else(none)?.to_owned();
        client.scope = format!("/subscriptions/{id}");
        let mut login = client.login.lock().await;
        login.subscription = id;
        login.write(&client.path)?;
        drop(login);
        Ok(client)
    }

    fn new(login: Login, path: PathBuf) -> Result<Self> {
        let mut builder = reqwest::Client::builder()
            .https_only(true)
            .connect_timeout(Duration::from_secs(10))
            .timeout(Duration::from_secs(60));
        if let Some(pem) = &login.ca {
            let wrong = |e| Error::new(Code::BadArgument, "the CA certificate").because(e);
            let trusted = Certificate::from_pem_bundle(pem.as_bytes()).map_err(wrong)?;
            builder = builder.tls_certs_only(trusted);
        }
        let http = builder
            .build()
            .map_err(|e| Error::new(Code::Internal, "making a client").because(e))?;
        Ok(Self {
            http,
            path,
            scope: format!("/subscriptions/{}", login.subscription),
            login: Mutex::new(login),
        })
    }

    /// Takes away what must be there: a DELETE of what is not is well for a server, but not for who
    /// mistyped.
    ///
    /// # Errors
    /// As [`Client::get`].
    pub async fn remove(&self, path: &str) -> Result<()> {
        self.get(path).await?;
        self.send(Method::DELETE, path, None).await.map(drop)
    }

    /// GET of one thing.
    ///
    /// # Errors
    /// Those of the server.
    pub async fn get(&self, path: &str) -> Result<Value> {
        Ok(self.send(Method::GET, path, None).await?.body)
    }

    /// GET of a list, with all its pages.
    ///
    /// # Errors
    /// Those of the server.
    pub async fn list(&self, path: &str) -> Result<Vec<Value>> {
        let mut all = Vec::new();
        let mut next = Some(path.to_owned());
        while let Some(path) = next {
            let mut page = self.get(&path).await?;
            if let Value::Array(values) = page["value"].take() {
                all.extend(values);
            }
            next = page["nextLink"].as_str().map(str::to_owned);
        }
        Ok(all)
    }

    /// GET of what goes on for up to this time, unless it is refused.
    pub(super) async fn open_stream(
        &self,
        path: &str,
        lasts: Duration,
    ) -> Result<Option<reqwest::Response>> {
        let (base, mut token) = {
            let login = self.login.lock().await;
            (login.url.clone(), login.token.clone())
        };
        let url = address(&base, path)?;
        for _ in 0..2 {
            let request = self.http.get(url.clone()).timeout(lasts);
            let request = request.header(AUTHORIZATION, format!("Bearer {token}"));
            let answer = request.send().await.map_err(|e| away(&url, e))?;
            match answer.status() {
                StatusCode::OK => return Ok(Some(answer)),
                StatusCode::UNAUTHORIZED => token = self.renew(&token).await?,
                _ => return Ok(None),
            }
        }
        Ok(None)
    }

    /// Any request to `path`, which may have a query, or to a link that the server gave.
    ///
    /// # Errors
    /// Those of the server; `ServerUnavailable`.
    pub async fn send(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Answered> {
        let (base, token) = {
            let login = self.login.lock().await;
            (login.url.clone(), login.token.clone())
        };
        let url = address(&base, path)?;
        let first = self.once(&method, &url, body, &token).await?;
        let answer = match first.status() {
            StatusCode::UNAUTHORIZED => {
                let token = self.renew(&token).await?;
                self.once(&method, &url, body, &token).await?
            }
            _ => first,
        };
        let status = answer.status();
        let header = |name: &str| {
            let value = answer.headers().get(name)?.to_str().ok()?;
            Some(value.to_owned())
        };
        let (operation, location) = (header("azure-asyncoperation"), header("location"));
        let body = read(answer).await?;
        if !status.is_success() {
            return Err(failure(status.as_u16(), &body));
        }
        Ok(Answered {
            status,
            operation,
            location,
            body,
        })
    }

    async fn once(
        &self,
        method: &Method,
        url: &Url,
        body: Option<&Value>,
        token: &str,
    ) -> Result<reqwest::Response> {
        let mut request = self.http.request(method.clone(), url.clone());
        request = request.header(AUTHORIZATION, format!("Bearer {token}"));
        if let Some(body) = body {
            request = request.header(CONTENT_TYPE, "application/json");
            request = request.body(body.to_string());
        }
        request.send().await.map_err(|e| away(url, e))
    }

    /// A new token in place of `stale`, unless another request has fetched one meanwhile; kept.
    async fn renew(&self, stale: &str) -> Result<String> {
        let mut login = self.login.lock().await;
        if login.token != stale {
            return Ok(login.token.clone());
        }
        let form = written(&renewal(&login.who))?;
        self.fetch(&mut login, form).await?;
        login.write(&self.path)?;
        Ok(login.token.clone())
    }

    /// A token for what a form says.
    async fn fetch(&self, login: &mut Login, form: String) -> Result<()> {
        let endpoints = self.open_get(address(&login.url, "/metadata/endpoints")?);
        let endpoints = endpoints.await?;
        let authority = word(&endpoints["authentication"], "loginEndpoint")?;
        let known = format!("{authority}/.well-known/openid-configuration");
        let known = self.open_get(address(&login.url, &known)?).await?;
        let url = address(&login.url, word(&known, "token_endpoint")?)?;
        let request = self.http.post(url.clone());
        let request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        let answer = request.body(form).send().await.map_err(|e| away(&url, e))?;
        let status = answer.status();
        let body = read(answer).await?;
        if !status.is_success() {
            return Err(failure(status.as_u16(), &body));
        }
        login.token = word(&body, "access_token")?.to_owned();
        if let Who::User { refresh_token, .. } = &mut login.who {
            *refresh_token = word(&body, "refresh_token")?.to_owned();
        }
        Ok(())
    }

    /// Gives a user a password of its own in place of `current`. Needs no login.
    ///
    /// # Errors
    /// `PasswordInvalid`, `PasswordWrong`, `AccountLocked`, `ServerUnavailable`.
    pub async fn change_password(login: Login, current: &str, new: &str) -> Result<()> {
        let Who::User { user, .. } = &login.who else {
            let detail = "an application has no password, but secrets";
            return Err(Error::new(Code::BadArgument, detail));
        };
        let body = json!({"properties": {
            "userName": user, "currentPassword": current, "newPassword": new,
        }});
        let url = address(&login.url, "/providers/Stillpoint.Fabric/changePassword")?;
        let client = Self::new(login, PathBuf::new())?;
        let answer = client.once(&Method::POST, &url, Some(&body), "").await?;
        let status = answer.status();
        match status.is_success() {
            true => Ok(()),
            false => Err(failure(status.as_u16(), &read(answer).await?)),
        }
    }

    /// GET of what needs no token.
    async fn open_get(&self, url: Url) -> Result<Value> {
        let answer = self.http.get(url.clone()).send().await;
        let answer = answer.map_err(|e| away(&url, e))?;
        let status = answer.status();
        let body = read(answer).await?;
        match status.is_success() {
            true => Ok(body),
            false => Err(failure(status.as_u16(), &body)),
        }
    }
}

/// The form that renews a login's token.
fn renewal(who: &Who) -> Vec<(&str, &str)> {
    match who {
        Who::Application { client_id, secret } => vec![
            ("grant_type", "client_credentials"),
            ("client_id", client_id),
            ("client_secret", secret),
        ],
        Who::User { refresh_token, .. } => vec![
            ("grant_type", "refresh_token"),
            ("client_id", CLIENT),
            ("refresh_token", refresh_token),
        ],
    }
}

fn written(form: &[(&str, &str)]) -> Result<String> {
    serde_urlencoded::to_string(form)
        .map_err(|e| Error::new(Code::Internal, "writing a form").because(e))
}

/// The address of a path, or of a link, with the version that it must name.
fn address(base: &str, path: &str) -> Result<Url> {
    let wrong = |e| Error::new(Code::BadArgument, format!("the address {base}{path}")).because(e);
    let mut url = Url::parse(base).map_err(wrong)?;
    match path.starts_with("https:") {
        true => url = Url::parse(path).map_err(wrong)?,
        false => {
            let (path, query) = path.split_once('?').unwrap_or((path, ""));
            url.set_path(path);
            url.set_query(Some(query).filter(|q| !q.is_empty()));
        }
    }
    if !url.query_pairs().any(|(name, _)| name == "api-version") {
        let query = match url.query() {
            Some(query) => format!("{query}&api-version={VERSION}"),
            None => format!("api-version={VERSION}"),
        };
        url.set_query(Some(&query));
    }
    Ok(url)
}

async fn read(answer: reqwest::Response) -> Result<Value> {
    let url = answer.url().clone();
    let bytes = answer.bytes().await.map_err(|e| away(&url, e))?;
    if bytes.is_empty() {
        return Ok(Value::Null);
    }
    serde_json::from_slice(&bytes).map_err(|e| {
        let detail = format!("{} answered with what is no JSON", url.path());
        Error::new(Code::ServerUnavailable, detail).because(e)
    })
}

fn word<'a>(value: &'a Value, name: &str) -> Result<&'a str> {
    value[name].as_str().ok_or_else(|| {
        let detail = format!("the server's answer to the log-in lacks {name}");
        Error::new(Code::ServerUnavailable, detail)
    })
}

fn away(url: &Url, e: reqwest::Error) -> Error {
    let host = url.host_str().unwrap_or("the server");
    let port = url.port_or_known_default().unwrap_or(443);
    let detail = format!("{host}:{port}");
    Error::new(Code::ServerUnavailable, detail).because(e.without_url())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_name_a_version_once_and_keep_their_query() {
        let of = |path| address("https://h:1", path).unwrap().to_string();
        assert_eq!(of("/a b"), "https://h:1/a%20b?api-version=2026-08-01");
        assert_eq!(
            of("/a?$filter=name eq 'x'"),
            "https://h:1/a?$filter=name%20eq%20%27x%27&api-version=2026-08-01"
        );
        let link = "https://h:1/a?api-version=1&b=2";
        assert_eq!(of(link), link);
    }
}
