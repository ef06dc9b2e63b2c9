//! What a client asks before it has a token (`docs/wire.md`).

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use crate::app::App;

/// `GET /metadata/endpoints`: all that `az cloud register` needs to know.
pub(crate) async fn endpoints(State(app): State<App>) -> Json<Value> {
    let url = &*app.url;
    Json(json!({
        "name": "Stillpoint",
        "portal": format!("{url}/"),
        "resourceManager": url,
        "authentication": {
            "loginEndpoint": app.authority(),
            "audiences": [app.audience()],
            "tenant": "adfs",
            "identityProvider": "ADFS",
        },
        "graphAudience": format!("{url}/graph"),
        "gallery": format!("{url}/gallery"),
        "suffixes": {"storage": "storage.local", "keyVaultDns": "vault.local"},
    }))
}

/// `GET /adfs/.well-known/openid-configuration`: where tokens are had.
pub(crate) async fn openid(State(app): State<App>) -> Json<Value> {
    let authority = app.authority();
    Json(json!({
        "issuer": authority,
        "authorization_endpoint": format!("{authority}/oauth2/authorize"),
        "token_endpoint": app.token_endpoint(),
        "jwks_uri": format!("{authority}/discovery/keys"),
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["HS256"],
        "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt"],
        "device_authorization_endpoint": format!("{authority}/oauth2/devicecode"),
        "code_challenge_methods_supported": ["S256"],
        "grant_types_supported": [
            "authorization_code",
            "client_credentials",
            "password",
            "refresh_token",
            "urn:ietf:params:oauth:grant-type:device_code",
        ],
    }))
}

/// The odd place where `az login --tenant adfs` looks; the issuer's path names the tenant.
pub(crate) async fn openid_of_tenant(State(app): State<App>) -> Json<Value> {
    let Json(mut found) = openid(State(app.clone())).await;
    found["issuer"] = format!("{}/{}/v2.0", app.url, app.control.tenant()).into();
    Json(found)
}

/// `GET /adfs/discovery/keys`: tokens are opaque to clients, so there are none.
pub(crate) async fn keys() -> Json<Value> {
    Json(json!({"keys": []}))
}
