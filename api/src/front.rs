//! What stands at `/` where no portal was built in: a page that says what is here.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use crate::app::App;
use crate::html::{Page, plain};

/// `GET /`.
pub(crate) async fn page(State(app): State<App>) -> Response {
    let url = plain(&app.url);
    let body = format!(
        "<p>Here is the API of a Stillpoint server. This one was built without the portal.</p>\
         <p>In a checkout of its source, this builds it with the portal:</p>\
         <pre>cargo xtask portal\n\
         cargo build --release --package stillpoint --features portal</pre>\
         <p>Without the portal everything can be done by commands:</p>\
         <pre>stillpoint login --url {url} --ca FILE --user NAME</pre>"
    );
    Page {
        title: "Stillpoint",
        body,
        leads_to: "",
        status: StatusCode::OK,
    }
    .show(&app)
}
