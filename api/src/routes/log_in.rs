//! What a client asks before it has a token.

use crate::openapi::schema::{input, list, map, object, one_of, only, text, whole};
use crate::openapi::{Routes, op};
use crate::{metadata, oauth};

pub(super) fn routes() -> Routes {
    let openid = "/adfs/.well-known/openid-configuration";
    let of_tenant = "/adfs/adfs/v2.0/.well-known/openid-configuration";
    Routes::new()
        .get(
            "/metadata/endpoints",
            metadata::endpoints,
            op("Metadata_Endpoints", "Where everything is.")
                .is("Endpoints")
                .open(),
        )
        .get(
            openid,
            metadata::openid,
            op("Metadata_OpenId", "Where tokens are had.")
                .is("OpenId")
                .open(),
        )
        .get(
            of_tenant,
            metadata::openid_of_tenant,
            op(
                "Metadata_OpenIdOfTenant",
                "Where tokens of the tenant are had.",
            )
            .is("OpenId")
            .open(),
        )
        .get(
            "/adfs/discovery/keys",
            metadata::keys,
            op(
                "Metadata_Keys",
                "Keys that clients check tokens with: none.",
            )
            .is("Keys")
            .open(),
        )
        .post(
            "/adfs/oauth2/token",
            oauth::token,
            op(
                "Token_Get",
                "A token for a client's secret or signed assertion, a user's password, or a refresh token.",
            )
                .takes_form("TokenRequest")
                .is("Token")
                .gives(400, "TokenError")
                .gives(401, "TokenError")
                .open(),
        )
        .post(
            "/adfs/oauth2/devicecode",
            oauth::device::begin,
            op("DeviceCode_Get", "Begins a login in another browser (RFC 8628).")
                .takes_form("DeviceCodeRequest")
                .is("DeviceCode")
                .gives(400, "TokenError")
                .gives(429, "TokenError")
                .open(),
        )
        .model(
            "DeviceCodeRequest",
            input([("!client_id", text()), ("scope", text())]),
        )
        .model(
            "DeviceCode",
            object([
                ("device_code", text()),
                ("user_code", text()),
                ("verification_uri", text()),
                ("verification_uri_complete", text()),
                ("expires_in", whole()),
                ("interval", whole()),
                ("message", text()),
            ]),
        )
        .model(
            "Endpoints",
            object([
                ("name", text()),
                ("portal", text()),
                ("resourceManager", text()),
                (
                    "authentication",
                    object([
                        ("loginEndpoint", text()),
                        ("audiences", list(text())),
                        ("tenant", text()),
                        ("identityProvider", text()),
                    ]),
                ),
                ("graphAudience", text()),
                ("gallery", text()),
                ("suffixes", map(text())),
            ]),
        )
        .model(
            "OpenId",
            object([
                ("issuer", text()),
                ("authorization_endpoint", text()),
                ("token_endpoint", text()),
                ("device_authorization_endpoint", text()),
                ("code_challenge_methods_supported", list(text())),
                ("jwks_uri", text()),
                ("response_types_supported", list(text())),
                ("subject_types_supported", list(text())),
                ("id_token_signing_alg_values_supported", list(text())),
                ("token_endpoint_auth_methods_supported", list(text())),
                ("grant_types_supported", list(text())),
            ]),
        )
        .model("Keys", object([("keys", list(object([])))]))
        .model(
            "TokenRequest",
            input([
                (
                    "!grant_type",
                    one_of([
                        "authorization_code",
                        "client_credentials",
                        "device_code",
                        "password",
                        "refresh_token",
                        "urn:ietf:params:oauth:grant-type:device_code",
                    ]),
                ),
                ("client_id", text()),
                ("client_secret", text()),
                ("client_assertion", text()),
                ("username", text()),
                ("password", text()),
                ("refresh_token", text()),
                ("device_code", text()),
                ("code", text()),
                ("redirect_uri", text()),
                ("code_verifier", text()),
                ("scope", text()),
            ]),
        )
        .model(
            "Token",
            object([
                ("token_type", only("Bearer")),
                ("expires_in", whole()),
                ("ext_expires_in", whole()),
                ("access_token", text()),
                ("?refresh_token", text()),
                ("?refresh_token_expires_in", whole()),
                ("?id_token", text()),
            ]),
        )
        .model(
            "TokenError",
            object([
                (
                    "error",
                    one_of([
                        "authorization_pending",
                        "invalid_request",
                        "invalid_client",
                        "invalid_grant",
                        "unsupported_grant_type",
                        "temporarily_unavailable",
                    ]),
                ),
                (
                    "?suberror",
                    one_of(["UserAccountLocked", "UserPasswordChangeRequired"]),
                ),
                ("error_description", text()),
            ]),
        )
}
