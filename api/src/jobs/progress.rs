//! `…/backupJobs/{job}/providers/Stillpoint.Fabric/progress`: a job while it goes on, as
//! server-sent events.

use std::convert::Infallible;
use std::time::{Duration, Instant};

use axum::extract::{Path, State};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use control::{JobWatch, ShownJob};
use futures::stream;

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

/// A stream in the making.
struct Following {
    app: App,
    vault: String,
    watch: JobWatch,
    begun: Instant,
    /// What comes next, if that is no job.
    last: Option<Last>,
}

/// The end of a stream.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Last {
    /// The job has ended, which is to be said.
    End,
    /// Nothing comes any more.
    Nothing,
}

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
        .watch_job(&names.group, &names.vault, names.id()?)
        .await?;
    let following = Following {
        app,
        vault,
        watch,
        begun: Instant::now(),
        last: None,
    };
    let events = stream::unfold(following, |mut following| async move {
        let event = following.next().await?;
        Some((Ok::<_, Infallible>(event), following))
    });
    let alive = KeepAlive::new().interval(ALIVE);
    Ok(Sse::new(events).keep_alive(alive).into_response())
}

impl Following {
    async fn next(&mut self) -> Option<Event> {
        match self.last {
            Some(Last::Nothing) => return None,
            Some(Last::End) => {
                self.last = Some(Last::Nothing);
                return Some(Event::default().event("end").data("{}"));
            }
            None => {}
        }
        let left = LASTS.checked_sub(self.begun.elapsed())?;
        match tokio::time::timeout(left, self.watch.next()).await {
            Ok(Ok(Some(job))) => Some(self.event(&job)),
            // A client that asks anew learns why, or goes on.
            Ok(Err(_)) | Err(_) | Ok(Ok(None)) => None,
        }
    }

    fn event(&mut self, shown: &ShownJob) -> Event {
        if shown.job.ended_at.is_some() {
            self.last = Some(Last::End);
        }
        let now = self.app.control.now();
        let job = shape::followed(&self.vault, shown, now);
        let event = Event::default().event("job").retry(AGAIN);
        event.data(job.to_string())
    }
}
