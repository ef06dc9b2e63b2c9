//! `stillpoint role …`

use base::{Code, Error, Result, SystemRandom};
use reqwest::Method;
use serde_json::{Value, json};

use super::{apps, last, text};
use crate::cli::RoleCommand;
use crate::client::Client;
use crate::settings::Settings;

const AUTHORIZATION: &str = "providers/Microsoft.Authorization";

/// What is meant: the group of -g, or all of the server.
pub(super) fn scope(settings: &Settings, client: &Client) -> String {
    match &settings.global.remote.group {
        Some(group) => format!("{}/resourceGroups/{group}", client.scope),
        None => client.scope.clone(),
    }
}

pub async fn run(settings: &Settings, command: RoleCommand) -> Result<u8> {
    let client = Client::open()?;
    let scope = scope(settings, &client);
    match command {
        RoleCommand::Definitions => {
            let all = definitions(&client).await?;
            let row = |d: &Value| {
                let of = |name: &str| text(d, &format!("/properties/{name}"));
                vec![of("roleName"), of("description")]
            };
            let rows = all.iter().map(row).collect();
            let headings = ["~ROLE", "~FOR"];
            settings.output.sheet(&json!(all), &headings, rows)?;
        }
        RoleCommand::Assignments => {
            let all = assignments(&client, &scope).await?;
            let roles = definitions(&client).await?;
            let names = names(&client).await?;
            let row = |a: &Value| {
                let of = |name: &str| text(a, &format!("/properties/{name}"));
                let id = of("principalId");
                let name = names.iter().find(|(known, _)| *known == id);
                let role = of("roleDefinitionId");
                let role = roles.iter().find(|r| same(&text(r, "/id"), &role));
                vec![
                    name.map_or(id.clone(), |(_, name)| name.clone()),
                    role.map(|r| text(r, "/properties/roleName"))
                        .unwrap_or_default(),
                    of("scope"),
                ]
            };
            let rows = all.iter().map(row).collect();
            let headings = ["~WHO", "~ROLE", "~WHERE"];
            settings.output.sheet(&json!(all), &headings, rows)?;
        }
        RoleCommand::Assign { who, role } => {
            let (kind, id) = principal(&client, &who).await?;
            let role = text(&definition(&client, &role).await?, "/id");
            let properties = json!({
                "roleDefinitionId": role, "principalId": id, "principalType": kind,
            });
            let name = uuid::Builder::from_random_bytes(<dyn base::Random>::bytes(&SystemRandom))
                .into_uuid();
            let path = format!("{scope}/{AUTHORIZATION}/roleAssignments/{name}");
            let body = json!({"properties": properties});
            let made = client.send(Method::PUT, &path, Some(&body)).await?.body;
            let facts = [
                ("Who", who),
                (
                    "Role",
                    text(
                        &definition(&client, last(&role)).await?,
                        "/properties/roleName",
                    ),
                ),
                ("Where", text(&made, "/properties/scope")),
            ];
            settings.output.one(&made, &facts)?;
        }
        RoleCommand::Remove { who, role } => {
            let (_, id) = principal(&client, &who).await?;
            let wanted = text(&definition(&client, &role).await?, "/id");
            let all = assignments(&client, &scope).await?;
            let is = |a: &&Value| {
                let of = |name: &str| text(a, &format!("/properties/{name}"));
                of("principalId") == id
                    && same(&of("roleDefinitionId"), &wanted)
                    && of("scope").eq_ignore_ascii_case(&scope)
            };
            let found = all.iter().find(is).ok_or_else(|| {
                let detail = format!("`{who}` does not have the role `{role}` at {scope}");
                Error::new(Code::ResourceNotFound, detail)
            })?;
            let path = text(found, "/id");
            client.send(Method::DELETE, &path, None).await?;
        }
    }
    Ok(0)
}

/// Whether two ids are of one role.
fn same(a: &str, b: &str) -> bool {
    last(a).eq_ignore_ascii_case(last(b))
}

async fn definitions(client: &Client) -> Result<Vec<Value>> {
    let path = format!("{}/{AUTHORIZATION}/roleDefinitions", client.scope);
    client.list(&path).await
}

async fn assignments(client: &Client, scope: &str) -> Result<Vec<Value>> {
    let path = format!("{scope}/{AUTHORIZATION}/roleAssignments");
    client.list(&path).await
}

/// The role of this name or id.
async fn definition(client: &Client, role: &str) -> Result<Value> {
    let all = definitions(client).await?;
    let is = |d: &Value| {
        let name = text(d, "/properties/roleName");
        name.eq_ignore_ascii_case(role) || text(d, "/name").eq_ignore_ascii_case(role)
    };
    all.into_iter().find(is).ok_or_else(|| {
        let detail = format!("there is no role `{role}`: see `stillpoint role definitions`");
        Error::new(Code::RoleNotFound, detail)
    })
}

/// Kind and object id of a user or an application.
async fn principal(client: &Client, who: &str) -> Result<(&'static str, String)> {
    let path = format!("{}/providers/Stillpoint.Fabric/users/{who}", client.scope);
    let (kind, found) = match client.get(&path).await {
        Ok(user) => ("User", user),
        Err(e) if e.code() == Code::ResourceNotFound => {
            ("ServicePrincipal", apps::find(client, who).await?)
        }
        Err(e) => return Err(e),
    };
    Ok((kind, text(&found, "/properties/objectId")))
}

/// Object ids, with names for people.
async fn names(client: &Client) -> Result<Vec<(String, String)>> {
    let fabric = format!("{}/providers/Stillpoint.Fabric", client.scope);
    let of = |value: &Value, name: &str| text(value, &format!("/properties/{name}"));
    let mut names = Vec::new();
    for user in client.list(&format!("{fabric}/users")).await? {
        names.push((of(&user, "objectId"), of(&user, "userName")));
    }
    for app in client.list(&format!("{fabric}/applications")).await? {
        names.push((of(&app, "objectId"), of(&app, "displayName")));
    }
    Ok(names)
}
