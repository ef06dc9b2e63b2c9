//! Vaults in S3 and Azure Blob Storage.

use testkit::stores;

use crate::command::{Place, image};

fn a_vault_in(place: &mut Place, address: &str) {
    place.set("STILLPOINT_VAULT", address);
    place.set("STILLPOINT_SNAPSHOTS", &place.text("snapshots"));
    place.make_vault();
    let pass = place.text("pass");
    let e = place.fails(&["vault", "create", "--passphrase-file", &pass], 7);
    assert_eq!(e["code"], "VaultExists");
    image(&place.at("a.raw"), 8 << 20, &[(0, 1 << 20)]);
    let job = place.json(&["backup", "now", "--image", "a.raw"]);
    assert_eq!(job["status"], "Completed", "{job}");
    place.set("STILLPOINT_SNAPSHOTS", "none");
    assert_eq!(place.json(&["point", "list"])[0]["tiers"], "Vault");
    place.ok(&["verify", "--level", "full"]);
    place.ok(&["restore", "disks", "latest", "--to", "out"]);
    let read = |name: &str| std::fs::read(place.at(name)).unwrap();
    assert!(read("a.raw") == read("out/a.raw-disk.raw"));
}

#[test]
fn a_vault_in_s3_takes_points_and_gives_them_back() {
    let server = stores::s3().unwrap();
    let mut place = Place::new();
    for (name, value) in [
        ("AWS_ACCESS_KEY_ID", server.access_key.as_str()),
        ("AWS_SECRET_ACCESS_KEY", &server.secret_key),
        ("AWS_REGION", &server.region),
        ("AWS_ENDPOINT", &server.endpoint),
        ("AWS_ALLOW_HTTP", "true"),
    ] {
        place.set(name, value);
    }
    a_vault_in(&mut place, &format!("s3://{}/some/prefix", server.bucket));
}

#[test]
fn a_vault_in_azure_blob_storage_takes_points_and_gives_them_back() {
    let server = stores::azure().unwrap();
    let mut place = Place::new();
    for (name, value) in [
        ("AZURE_STORAGE_ACCOUNT_NAME", server.account.as_str()),
        ("AZURE_STORAGE_ACCOUNT_KEY", &server.key),
        ("AZURE_STORAGE_ENDPOINT", &server.endpoint),
        ("AZURE_ALLOW_HTTP", "true"),
    ] {
        place.set(name, value);
    }
    a_vault_in(&mut place, &format!("az://{}/vault1", server.container));
}

#[test]
fn a_bucket_that_does_not_answer_is_unavailable() {
    let mut place = Place::new();
    place.set("AWS_ENDPOINT", "http://127.0.0.1:9");
    for (name, value) in [
        ("AWS_ACCESS_KEY_ID", "x"),
        ("AWS_SECRET_ACCESS_KEY", "x"),
        ("AWS_REGION", "x"),
        ("AWS_ALLOW_HTTP", "true"),
        ("STILLPOINT_VAULT", "s3://none/there"),
    ] {
        place.set(name, value);
    }
    let e = place.fails(&["vault", "show"], 9);
    assert_eq!(e["code"], "StoreUnavailable");
}
