//! `…/backupJobs/{job}/providers/Stillpoint.Fabric/progress`: a job while it goes on, as
//! server-sent events.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::{Path, State};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use control::JobWatch;
use futures::{StreamExt, stream};
use tokio::sync::mpsc;

use super::{Names, shape};
use crate::app::App;
use crate::caller::Caller;
use crate::error::Answer;

/// For how long a stream goes on: then clients ask anew, with the rights that they have by then.
const LASTS: Duration = Duration::from_secs(600);
/// After how long a client whose stream has ended is to ask anew.
const AGAIN: Duration = Duration::from_secs(1);
/// How often something is sent, at the least.
const ALIVE: Duration = Duration::from_secs(15);

/// `GET …/backupJobs/{job}/providers/Stillpoint.Fabric/progress`: an event `job` when something
/// has changed, and `end` once the job has ended.
pub(crate) async fn follow(
    State(app): State<App>,
    Path(names): Path<Names>,
    caller: Caller,
) -> Answer<Response> {
    let vault = names.allow(&app, &caller, "backupJobs/read").await?;
    let watch = app
        .control
        .watch_job(caller.principal(), &names.group, &names.vault, names.id()?)
        .await?;
    let (told, mut events) = mpsc::channel(1);
    tokio::spawn(async move {
        // Whatever the client does with what it is sent, its place is free after that time.
        let _ = tokio::time::timeout(LASTS, tell(&app, &vault, watch, told)).await;
    });
    let events = stream::poll_fn(move |context| events.poll_recv(context));
    let alive = KeepAlive::new().interval(ALIVE);
    let events = events.map(Ok::<_, Infallible>);
    Ok(Sse::new(events).keep_alive(alive).into_response())
}

/// Tells all that is new, until the job has ended or the client has gone.
async fn tell(app: &App, vault: &str, mut watch: JobWatch, to: mpsc::Sender<Event>) {
    loop {
        let next = tokio::select! {
            next = watch.next() => next,
            () = to.closed() => return,
        };
        // After an error a client that asks anew learns why, or goes on.
        let Ok(Some(shown)) = next else { return };
        let job = shape::followed(vault, &shown, app.control.now());
        let event = Event::default().event("job").retry(AGAIN);
        let gone = to.send(event.data(job.to_string())).await.is_err();
        if gone || shown.job.ended_at.is_some() {
            break;
        }
    }
    let _ = to.send(Event::default().event("end").data("{}")).await;
}
