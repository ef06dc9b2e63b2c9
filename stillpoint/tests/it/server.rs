//! The server, and the unmodified Azure command line as its client.

mod access;
mod browser;
mod flows;
mod nearest;
mod places;
mod policies;
mod protection_rules;
mod settings;
mod users;

use std::path::{Path, PathBuf};

use serde_json::Value;
use testkit::azure::Az;
use testkit::libvirt::Libvirtd;

use crate::serving::{Server, free_port, log_in, texts};

/// Of the machine that [`define`] makes.
pub const UUID: &str = "6d0ff19e-6d2f-4c6b-9d6e-5a8e8e6ac4b1";

/// Defines a machine that is off, with two disks.
pub fn define(libvirtd: &Libvirtd, name: &str) {
    let mut disks = String::new();
    for letter in ['a', 'b'] {
        let image = libvirtd.dir().join(format!("{letter}.img"));
        let file = std::fs::File::create(&image).unwrap();
        file.set_len(1 << 30).unwrap();
        disks.push_str(&format!(
            "<disk type='file' device='disk'><driver name='qemu' type='raw'/>\
             <source file='{}'/><target dev='vd{letter}' bus='virtio'/></disk>",
            image.display()
        ));
    }
    let xml = format!(
        "<domain type='qemu'><name>{name}</name><uuid>{UUID}</uuid><memory unit='MiB'>64</memory>\
         <os><type arch='x86_64' machine='q35'>hvm</type></os><devices>{disks}</devices></domain>"
    );
    let file = libvirtd.dir().join("machine.xml");
    std::fs::write(&file, xml).unwrap();
    let file = file.display().to_string();
    libvirtd.virsh(&["define", &file]).unwrap();
}

/// The folder can be passed through, so that a hypervisor's user reaches restored images in it.
fn only_the_ca_and_restored_images_are_for_others(data: &Path) {
    use std::os::unix::fs::PermissionsExt;
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(data) & 0o007, 0o001, "it is passed, and not listed");
    let mut open: Vec<String> = std::fs::read_dir(data)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| mode(path) & 0o077 != 0)
        .map(|path| path.file_name().unwrap().to_str().unwrap().to_owned())
        .collect();
    open.sort();
    assert_eq!(open, ["ca.pem", "restores"]);
}

#[test]
fn az_logs_in_as_the_first_start_says_and_makes_groups_and_vaults() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let port = free_port();
    let libvirtd = Libvirtd::start().unwrap();
    define(&libvirtd, "Web 1");
    let server = Server::start(&data, port, &libvirtd.uri());
    let az = log_in(&server, folder.path(), &data);
    assert!(
        std::fs::read_to_string(data.join("first-start.txt"))
            .unwrap()
            .contains("az login")
    );
    only_the_ca_and_restored_images_are_for_others(&data);
    let account = az.json("account show").unwrap();
    assert_eq!(account["state"], "Enabled");
    let locations = az.json("account list-locations").unwrap();
    assert_eq!(texts(&locations, "name"), ["onprem"]);
    let accounts = az.json("account list").unwrap();
    assert_eq!(texts(&accounts, "id"), [account["id"].as_str().unwrap()]);
    let token = az.json("account get-access-token").unwrap();
    assert_eq!(token["tokenType"], "Bearer");
    assert_eq!(token["subscription"], account["id"]);
    // A signed one, whose middle part is readable.
    let parts = token["accessToken"].as_str().unwrap().split('.').count();
    assert_eq!(parts, 3);

    // Groups.
    let group = az
        .json("group create -n rg1 -l onprem --tags who=me")
        .unwrap();
    assert_eq!(group["tags"]["who"], "me");
    let again = az
        .json("group create -n RG1 -l onprem --tags who=you")
        .unwrap();
    assert_eq!(again["tags"]["who"], "you");
    assert_eq!(az.json("group show -n rG1").unwrap(), again);
    assert_eq!(again["name"], "rg1");
    assert_eq!(az.json("group exists -n RG1").unwrap(), Value::Bool(true));
    assert_eq!(az.json("group exists -n rg2").unwrap(), Value::Bool(false));
    assert_eq!(
        texts(&az.json("group list").unwrap(), "name"),
        ["default", "rg1"]
    );
    let missing = az.refused("group show -n rg2").unwrap();
    assert_eq!(missing.code, 3, "{}", missing.err);
    assert!(
        missing.err.contains("ResourceGroupNotFound"),
        "{}",
        missing.err
    );
    let elsewhere = az.refused("group create -n rg1 -l moon").unwrap();
    assert!(
        elsewhere.err.contains("LocationNotAvailable"),
        "{}",
        elsewhere.err
    );

    // VAULT-2, 3, 15; SOFT-6: the client always asks for AlwaysOn.
    let vault = az
        .json("backup vault create -g rg1 -n Vault-1 -l onprem")
        .unwrap();
    assert_eq!(vault["properties"]["provisioningState"], "Succeeded");
    assert_eq!(vault["sku"]["name"], "Standard");
    let soft_delete = &vault["properties"]["securitySettings"]["softDeleteSettings"];
    assert_eq!(soft_delete["softDeleteState"], "Enabled", "{vault}");
    let taken = az
        .refused("backup vault create -g default -n vault-1 -l onprem")
        .unwrap();
    assert!(taken.err.contains("ResourceNameTaken"), "{}", taken.err);
    let wrong = az
        .refused("backup vault create -g rg1 -n 1vault -l onprem")
        .unwrap();
    assert!(wrong.err.contains("InvalidResourceName"), "{}", wrong.err);
    assert_eq!(
        texts(&az.json("backup vault list").unwrap(), "name"),
        ["Vault-1"]
    );
    assert_eq!(
        texts(&az.json("backup vault list -g rg1").unwrap(), "name"),
        ["Vault-1"]
    );
    let empty = az.json("backup vault list -g default").unwrap();
    assert_eq!(empty, Value::Array(Vec::new()));
    az.json("backup vault update -g rg1 -n vault-1 --backup-storage-redundancy LocallyRedundant")
        .unwrap();
    let properties = az
        .json("backup vault backup-properties show -g rg1 -n vault-1")
        .unwrap();
    assert!(
        properties.to_string().contains("LocallyRedundant"),
        "{properties}"
    );
    settings_of_a_vault(&az);
    let full = az.refused("group delete -n rg1 --yes").unwrap();
    assert!(full.err.contains("Vault-1"), "{}", full.err);

    // DISC-2: what is on the host.
    let machines = az.json("vm list -g default").unwrap();
    assert_eq!(texts(&machines, "name"), ["Web-1"]);
    assert_eq!(az.json("vm list").unwrap(), machines);
    let machine = az.json("vm show -g DEFAULT -n web-1").unwrap();
    assert_eq!(machine["vmId"], UUID);
    assert_eq!(machine["storageProfile"]["osDisk"]["diskSizeGB"], 1);
    assert_eq!(machine["storageProfile"]["dataDisks"][0]["lun"], 0);
    let missing = az.refused("vm show -g default -n web-2").unwrap();
    assert_eq!(missing.code, 3, "{}", missing.err);
    let all = az.json("resource list -g default").unwrap();
    let (names, kinds) = (texts(&all, "name"), texts(&all, "type"));
    assert!(names.contains(&"restores".to_owned()), "{all}");
    assert!(
        kinds.contains(&"Microsoft.Network/virtualNetworks".to_owned()),
        "{all}"
    );
    let vaults = az
        .json("resource list --resource-type Microsoft.RecoveryServices/vaults")
        .unwrap();
    assert_eq!(texts(&vaults, "name"), ["Vault-1"]);

    // A vault that a record names is a real one.
    let stores: Vec<PathBuf> = std::fs::read_dir(data.join("pool"))
        .unwrap()
        .map(|e| e.unwrap().path())
        .filter(|p| !p.ends_with("server-backups"))
        .collect();
    assert_eq!(stores.len(), 1, "{stores:?}");
    assert!(stores[0].join("vault").is_file());

    // What was acknowledged is there after a kill, and so is the login.
    server.kill();
    let server = Server::start(&data, port, &libvirtd.uri());
    assert!(
        !server.said.contains("-p "),
        "secrets are shown once: {}",
        server.said
    );
    assert_eq!(server.said, format!("Serving {}/\n", server.url));
    let vault = az.json("backup vault show -g rg1 -n VAULT-1").unwrap();
    assert_eq!(vault["name"], "Vault-1");
    az.json("backup vault delete -g rg1 -n Vault-1 --yes")
        .unwrap();
    az.json("group delete -n rg1 --yes").unwrap();
    assert_eq!(texts(&az.json("group list").unwrap(), "name"), ["default"]);
}

/// What `az` reads and sets of the vault `Vault-1`, whose redundancy was set to be local.
fn settings_of_a_vault(az: &Az) {
    // Once more it is no other vault: what it asks for is changed, the rest stays.
    let again = az
        .json("backup vault create -g rg1 -n vault-1 -l onprem --tags a=b")
        .unwrap();
    assert_eq!(again["name"], "Vault-1");
    assert_eq!(again["tags"]["a"], "b");
    let redundancy = "/properties/redundancySettings/standardTierStorageRedundancy";
    assert_eq!(
        again.pointer(redundancy).unwrap(),
        "LocallyRedundant",
        "{again}"
    );
    assert_eq!(
        texts(&az.json("backup vault list").unwrap(), "name"),
        ["Vault-1"]
    );

    let properties = |words: &str| az.json(&format!("backup vault {words} -g rg1 -n Vault-1"));
    let set = properties("backup-properties set --backup-storage-redundancy ZoneRedundant");
    let set = set.unwrap();
    assert_eq!(set.pointer(redundancy).unwrap(), "ZoneRedundant", "{set}");
    let set = properties(
        "backup-properties set --soft-delete-feature-state Enable --soft-delete-duration 30",
    );
    let set = set.unwrap();
    assert_eq!(set["properties"]["softDeleteRetentionPeriodInDays"], 30);
    let shown = properties("backup-properties show").unwrap();
    assert_eq!(shown[0]["properties"]["storageModelType"], "ZoneRedundant");
    assert_eq!(
        shown[1]["properties"]["softDeleteRetentionPeriodInDays"], 30,
        "{shown}"
    );

    let encryption = properties("encryption show").unwrap();
    let kind = &encryption["properties"]["encryptionAtRestType"];
    assert_eq!(kind, "MicrosoftManaged", "{encryption}");
    let deleted = az.json("backup deleted-vault list --location onprem");
    assert_eq!(deleted.unwrap(), Value::Array(Vec::new()));
}
