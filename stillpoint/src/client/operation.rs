//! Work that a server accepts and does later.

use std::time::Duration;

use base::{Code, Error, Result};
use reqwest::{Method, StatusCode};
use serde_json::Value;

use super::failure::failure;
use super::http::{Answered, Client};

/// How often an operation is asked for.
const TURN: Duration = Duration::from_millis(300);

impl Client {
    /// A request whose work becomes a job: gives the job's id.
    ///
    /// # Errors
    /// Why the server refused it, at once or while it looked.
    pub async fn start(&self, method: Method, path: &str, body: Option<&Value>) -> Result<String> {
        let answer = self.send(method, path, body).await?;
        let link = answer.operation.ok_or_else(|| unclear(path))?;
        loop {
            let status = self.get(&link).await?;
            let job = status["properties"]["jobId"].as_str();
            match (status["status"].as_str(), job) {
                (Some("Succeeded" | "InProgress"), Some(job)) => return Ok(job.to_owned()),
                (Some("InProgress"), None) => tokio::time::sleep(TURN).await,
                (Some("Succeeded"), None) => return Err(unclear(path)),
                _ => return Err(failure(400, &status)),
            }
        }
    }

    /// A request whose work ends without a job: waits for it.
    ///
    /// # Errors
    /// Why the server refused it, and why the work failed.
    pub async fn finish_well(&self, method: Method, path: &str) -> Result<()> {
        let answer = self.send(method, path, None).await?;
        let link = answer.operation.ok_or_else(|| unclear(path))?;
        loop {
            let status = self.get(&link).await?;
            match status["status"].as_str() {
                Some("InProgress") => tokio::time::sleep(TURN).await,
                Some("Succeeded") => return Ok(()),
                _ => return Err(failure(400, &status)),
            }
        }
    }

    /// A request whose work only ends: waits for it.
    ///
    /// # Errors
    /// Those of the server.
    pub async fn finish(&self, method: Method, path: &str) -> Result<()> {
        let Answered {
            mut status,
            location,
            ..
        } = self.send(method, path, None).await?;
        while let (StatusCode::ACCEPTED, Some(link)) = (status, &location) {
            status = self.send(Method::GET, link, None).await?.status;
            if status == StatusCode::ACCEPTED {
                tokio::time::sleep(TURN).await;
            }
        }
        Ok(())
    }
}

fn unclear(path: &str) -> Error {
    let detail = format!("{path}: the server accepted it and names no work");
    Error::new(Code::ServerUnavailable, detail)
}
