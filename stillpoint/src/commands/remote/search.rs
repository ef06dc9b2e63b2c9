//! `stillpoint search`

use base::Result;
use serde_json::json;

use super::text;
use crate::client::Client;
use crate::settings::Settings;

/// Shows what has a text in its name.
pub async fn run(settings: &Settings, words: &str) -> Result<()> {
    settings.refuse(
        &["vault_name"],
        "is no use: all that you may see is searched",
    )?;
    let client = Client::open()?;
    let query: String = url::form_urlencoded::byte_serialize(words.as_bytes()).collect();
    let path = format!(
        "{}/providers/Stillpoint.Fabric/search?q={query}",
        client.scope
    );
    let all = client.list(&path).await?;
    let rows = all.iter().map(|one| {
        vec![
            text(one, "/kind"),
            text(one, "/name"),
            text(one, "/detail"),
            text(one, "/id"),
        ]
    });
    let rows = rows.collect();
    let headings = ["KIND", "~NAME", "~DETAIL", "~ID"];
    settings.output.sheet(&json!(all), &headings, rows)
}
