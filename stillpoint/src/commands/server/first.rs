//! What the first start shows once.

use std::path::Path;

use base::Result;
use control::FirstStart;

/// The page; `ca` is the certificate that clients must be told to trust, if any.
pub fn page(
    first: &FirstStart,
    url: &str,
    ca: &Path,
    own: bool,
    authority: &str,
) -> Result<String> {
    let url = url.trim_end_matches('/');
    let ca = ca.display();
    // With a certificate that was given clients trust it by themselves, or know whom to trust.
    let trusted = if own {
        format!(" --ca {ca}")
    } else {
        String::new()
    };
    let bundle = if own {
        format!("  export REQUESTS_CA_BUNDLE={ca}\n")
    } else {
        String::new()
    };
    let portal = match cfg!(feature = "portal") {
        true => "\n  In a browser       {url}/",
        false => "",
    };
    let portal = portal.replace("{url}", url);
    Ok(format!(
        "\
Stillpoint starts for the first time. This is shown once:

  Address            {url}{portal}
  CA certificate     {ca}
  SHA-256            {fingerprint}
  Tenant             {tenant}
  User               {user} (one-time password: {password})
  Service principal  {client} (client id)
  Recovery key       {recovery}

User and service principal are both Owner. The recovery key opens the server's daily backups: keep
it in another place, as a file for `stillpoint server restore --identity`. Without it they are of
no use.

To log in as a person, here or on a machine that has a copy of the CA certificate; the password is
asked for, and then one of your own:

  stillpoint login --url {url}{trusted} --user {user}

As a script:

  export STILLPOINT_SECRET={secret}
  stillpoint login --url {url}{trusted} --client-id {client}

By the Azure command line; the user may log in there too once it has a password of its own, with
-u {user} -p PASSWORD in place of the last line:

{bundle}  az cloud register -n Stillpoint --endpoint-resource-manager {url}
  az cloud set -n Stillpoint
  az login --service-principal --tenant {tenant} \\
    -u {client} \\
    -p {secret}

",
        fingerprint = control::fingerprint(authority)?,
        tenant = first.tenant,
        client = first.client_id,
        secret = first.secret,
        recovery = first.recovery_key,
        user = first.user,
        password = first.password,
    ))
}
