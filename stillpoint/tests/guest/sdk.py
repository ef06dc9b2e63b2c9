"""The life of a protected machine by Azure's SDK: `sdk.py PART URL TENANT CLIENT SECRET`.

Each part goes on from the one before and prints what the test needs to know, as JSON in its last
line. Whatever is not as it should be ends it with an error.
"""

import datetime
import json
import sys
import time
import urllib.request
import ssl
import os

from azure.core.exceptions import HttpResponseError
from azure.identity import ClientSecretCredential
from azure.mgmt.recoveryservices import RecoveryServicesClient
from azure.mgmt.recoveryservices import models as vault_models
from azure.mgmt.recoveryservicesbackup import RecoveryServicesBackupClient
from azure.mgmt.recoveryservicesbackup import models

GROUP, VAULT, MACHINE = "rg1", "v1", "web"
NAME = f"iaasvmcontainerv2;default;{MACHINE}"
ITEM = (VAULT, GROUP, "Azure", f"IaasVMContainer;{NAME}", f"VM;{NAME}")
OF_MACHINES = "backupManagementType eq 'AzureIaasVM'"

part, url, tenant, client, secret = sys.argv[1:]
credential = ClientSecretCredential(
    "adfs", client, secret, authority=url, disable_instance_discovery=True
)
scope = f"{url}/arm/.default"


def arm(method, path, body=None):
    """What the two packages have no word for: subscriptions and groups."""
    request = urllib.request.Request(
        f"{url}{path}?api-version=2022-12-01",
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={
            "Authorization": f"Bearer {credential.get_token(scope).token}",
            "Content-Type": "application/json",
        },
    )
    context = ssl.create_default_context(cafile=os.environ["REQUESTS_CA_BUNDLE"])
    with urllib.request.urlopen(request, context=context) as answer:
        text = answer.read()
        return json.loads(text) if text else None


subscription = arm("GET", "/subscriptions")["value"][0]["subscriptionId"]
options = {"base_url": url, "credential_scopes": [scope]}
services = RecoveryServicesClient(credential, subscription, **options)
vaults = services.vaults
backup = RecoveryServicesBackupClient(credential, subscription, **options)
IN_GROUP = f"/subscriptions/{subscription}/resourceGroups"
SOURCE = f"{IN_GROUP}/default/providers/Microsoft.Compute/virtualMachines/{MACHINE}"
VAULT_ID = f"{IN_GROUP}/{GROUP}/providers/Microsoft.RecoveryServices/vaults/{VAULT}"


def check(truth, *what):
    if not truth:
        raise SystemExit(f"{part}: {what}")


def refused(code, ask):
    """What an error says, which must have this code."""
    try:
        ask()
    except HttpResponseError as error:
        check(code in str(error), code, str(error))
        return str(error)
    raise SystemExit(f"{part}: not refused with {code}")


def headers(response, _, __):
    return response.http_response.headers


def job_of(answered):
    """The job behind a 202."""
    operation = answered["Azure-AsyncOperation"].split("?")[0].rsplit("/", 1)[1]
    while True:
        status = backup.backup_operation_statuses.get(VAULT, GROUP, operation)
        if status.status != "InProgress":
            check(status.status == "Succeeded", status.as_dict())
            return status.properties.job_id
        time.sleep(0.3)


def ended(name):
    """A job once it has ended."""
    until = time.monotonic() + 180
    while time.monotonic() < until:
        job = backup.job_details.get(VAULT, GROUP, name).properties
        if job.status not in ("InProgress", "Cancelling"):
            return job
        time.sleep(0.3)
    raise SystemExit(f"{part}: job {name} does not end")


def completed(name):
    job = ended(name)
    check(job.status == "Completed", job.as_dict())
    return job


def item():
    """The item, by the names of the wire: the SDK knows items only as their base class."""
    return backup.protected_items.get(*ITEM).properties


def put(**properties):
    """Changes the item, and waits for it as the SDK does."""
    wanted = models.AzureIaaSComputeVMProtectedItem(source_resource_id=SOURCE, **properties)
    wanted = models.ProtectedItemResource(properties=wanted)
    return backup.protected_items.begin_create_or_update(*ITEM, wanted).result().properties


def policy_id(name):
    return f"{VAULT_ID}/backupPolicies/{name}"


def back_up_now():
    until = datetime.datetime(2030, 12, 31, tzinfo=datetime.timezone.utc)
    asked = models.IaasVMBackupRequest(recovery_point_expiry_time_in_utc=until)
    asked = models.BackupRequestResource(properties=asked)
    return job_of(backup.backups.trigger(*ITEM, asked, cls=headers))


def points():
    return list(backup.recovery_points.list(*ITEM))


def set_up():
    group = arm("PUT", f"{IN_GROUP}/{GROUP}", {"location": "onprem", "tags": {"a": "b", "c": None}})
    check(group["tags"] == {"a": "b"}, group)
    refused("ResourceNotFound", lambda: vaults.get(GROUP, VAULT))
    asked = vault_models.Vault(
        location="onprem",
        tags={"who": "sdk"},
        sku=vault_models.Sku(name="Standard"),
        properties=vault_models.VaultProperties(),
    )
    made = vaults.begin_create_or_update(GROUP, VAULT, asked).result()
    check(made.properties.provisioning_state == "Succeeded", made.as_dict())
    patch = vault_models.PatchVault(tags={"who": "sdk", "n": "2"})
    changed = vaults.begin_update(GROUP, VAULT, patch).result()
    check(changed.tags == {"who": "sdk", "n": "2"}, changed.as_dict())
    check([v.name for v in vaults.list_by_subscription_id()] == [VAULT])
    check([v.name for v in vaults.list_by_resource_group(GROUP)] == [VAULT])

    redundancy = backup.backup_resource_storage_configs_non_crr
    local = models.BackupResourceConfig(storage_model_type="LocallyRedundant")
    local = models.BackupResourceConfigResource(properties=local)
    check(redundancy.update(VAULT, GROUP, local).properties.storage_type_state == "Unlocked")
    redundancy.patch(VAULT, GROUP, local)
    found = redundancy.get(VAULT, GROUP).properties
    check(found.storage_model_type == "LocallyRedundant", found.as_dict())
    config = backup.backup_resource_vault_configs.get(VAULT, GROUP).properties
    check(config.soft_delete_feature_state == "Enabled", config.as_dict())

    template = backup.protection_policies.get(VAULT, GROUP, "DefaultPolicy")
    daily = template.properties.retention_policy.daily_schedule
    daily.retention_duration.count = 45
    made = backup.protection_policies.create_or_update(VAULT, GROUP, "p1", template)
    check(made.properties.protected_items_count == 0, made.as_dict())
    made.properties.retention_policy.daily_schedule.retention_duration.count = 46
    changed = backup.protection_policies.create_or_update(VAULT, GROUP, "p1", made)
    daily = changed.properties.retention_policy.daily_schedule
    check(daily.retention_duration.count == 46, changed.as_dict())
    names = [p.name for p in backup.backup_policies.list(VAULT, GROUP, filter=OF_MACHINES)]
    check("p1" in names and "DefaultPolicy" in names, names)
    backup.protection_policies.create_or_update(VAULT, GROUP, "p2", template)
    backup.protection_policies.begin_delete(VAULT, GROUP, "p2").result()
    daily.retention_duration.count = 1
    refused(
        "BMSUserErrorInvalidPolicyInput",
        lambda: backup.protection_policies.create_or_update(VAULT, GROUP, "p1", changed),
    )

    answered = backup.protection_containers.refresh(
        VAULT, GROUP, "Azure", filter=OF_MACHINES, cls=headers
    )
    operation = answered["Location"].split("?")[0].rsplit("/", 1)[1]
    backup.protection_container_refresh_operation_results.get(VAULT, GROUP, "Azure", operation)
    found = list(backup.backup_protectable_items.list(VAULT, GROUP, filter=OF_MACHINES))
    check([f.properties["friendlyName"] for f in found] == [MACHINE])
    asked = models.BackupStatusRequest(resource_type="VM", resource_id=SOURCE)
    status = backup.backup_status.get("onprem", asked)
    check(status.protection_status == "NotProtected", status.as_dict())
    asked = models.PreValidateEnableBackupRequest(
        resource_type="VM", resource_id=SOURCE, vault_id=VAULT_ID, properties=""
    )
    valid = backup.protection_intent.validate("onprem", asked)
    check(valid.status == "Succeeded", valid.as_dict())

    protected = put(policy_id=policy_id("p1"))
    check(protected["protectionState"] == "IRPending", protected)
    check(backup.backup_status.get("onprem", models.BackupStatusRequest(
        resource_type="VM", resource_id=SOURCE)).vault_id.lower() == VAULT_ID.lower())
    check(redundancy.get(VAULT, GROUP).properties.storage_type_state == "Locked")
    geo = models.BackupResourceConfig(storage_model_type="GeoRedundant")
    geo = models.BackupResourceConfigResource(properties=geo)
    refused("CannotBeModified", lambda: redundancy.update(VAULT, GROUP, geo))
    return {}


def back_up():
    job = completed(back_up_now())
    tasks = [(t.task_id, t.status) for t in job.extended_info.tasks_list]
    expected = [("Take Snapshot", "Completed"), ("Transfer data to vault", "Completed")]
    check(tasks == expected, tasks)
    check(item()["protectionState"] == "Protected", item())
    (point,) = points()
    same = backup.recovery_points.get(*ITEM, point.name).properties
    check(same.recovery_point_time == point.properties.recovery_point_time)
    kept = point.properties.recovery_point_properties.expiry_time
    check(kept == "2030-12-31T00:00:00Z", kept)
    jobs = list(backup.backup_jobs.list(VAULT, GROUP, filter="operation eq 'Backup'"))
    check(len(jobs) == 1 and jobs[0].properties.status == "Completed", jobs)
    return {"consistency": point.properties.recovery_point_type}


def restored(point, **properties):
    """The job of a restore, once it is completed."""
    asked = models.IaasVMRestoreRequest(
        recovery_point_id=point,
        source_resource_id=SOURCE,
        region="onprem",
        create_new_cloud_service=False,
        storage_account_id=f"{IN_GROUP}/default/providers/Microsoft.Storage/storageAccounts/restores",
        **properties,
    )
    asked = models.RestoreRequestResource(properties=asked)
    before = {j.name for j in restores()}
    backup.restores.begin_trigger(*ITEM, point, asked).result()
    (name,) = {j.name for j in restores()} - before
    return completed(name)


def images(point, **properties):
    """The images of disks that are restored, the root disk's first."""
    job = restored(
        point,
        recovery_type="RestoreDisks",
        target_resource_group_id=f"{IN_GROUP}/default",
        **properties,
    )
    bag = job.extended_info.property_bag
    return [bag[name] for name in sorted(bag) if name.startswith("Restored disk ")]


def restores():
    return backup.backup_jobs.list(VAULT, GROUP, filter="operation eq 'Restore'")


def restore_disks():
    (point,) = points()
    return {"images": images(point.name)}


def new_machine():
    (point,) = points()
    arm("PUT", f"{IN_GROUP}/lab", {"location": "onprem"})
    network = f"{IN_GROUP}/default/providers/Microsoft.Network/virtualNetworks/user"
    machines = "providers/Microsoft.Compute/virtualMachines"
    restored(
        point.name,
        recovery_type="AlternateLocation",
        target_resource_group_id=f"{IN_GROUP}/lab",
        target_virtual_machine_id=f"{IN_GROUP}/lab/{machines}/beside",
        virtual_network_id=network,
        subnet_id=f"{network}/subnets/default",
    )
    check(arm("GET", f"{IN_GROUP}/lab/{machines}/beside")["name"] == "beside")
    return {}


def in_place():
    """Over the disks of the machine, which is off: what was there has a point of its own."""
    (point,) = points()
    job = restored(point.name, recovery_type="OriginalLocation")
    completed(job.extended_info.property_bag["Backup before the restore"])
    newest, oldest = points()
    check(oldest.name == point.name, newest.name)
    # That of the operating system alone, and with one more.
    return {
        "system": images(newest.name, restore_disk_lun_list=[]),
        "chosen": images(newest.name, restore_disk_lun_list=[1]),
    }


def counts():
    usages = {u.name.value: u.current_value for u in services.usages.list_by_vaults(GROUP, VAULT)}
    check(usages["ProtectedItems"] == 1 and usages["BackupPolicies"] == 3, usages)
    check(list(services.replication_usages.list(GROUP, VAULT)) == [])
    for kind in ("BackupProtectedItemCountSummary", "BackupProtectionContainerCountSummary"):
        summaries = backup.backup_usage_summaries
        counted = list(summaries.list(VAULT, GROUP, filter=f"type eq '{kind}'"))
        check([c.current_value for c in counted] == [1], kind, counted)
    check(list(services.deleted_vaults.list_by_subscription_id("onprem")) == [])
    # Into which blob, nobody could say.
    refused("InvalidResourceType", lambda: backup.jobs.export(VAULT, GROUP))
    return {}


def cancel():
    """Cancels a backup that waits for the guest: it is in its snapshot."""
    name = back_up_now()
    backup.job_cancellations.trigger(VAULT, GROUP, name)
    job = backup.job_details.get(VAULT, GROUP, name).properties
    check(job.status in ("Cancelling", "Cancelled"), job.as_dict())
    return {}


def cancelled():
    """What was cancelled in its snapshot leaves no point."""
    name = next(iter(backup.backup_jobs.list(VAULT, GROUP, filter="operation eq 'Backup'"))).name
    job = ended(name)
    check(job.status == "Cancelled", job.as_dict())
    tasks = [(t.task_id, t.status) for t in job.extended_info.tasks_list]
    expected = [("Take Snapshot", "Cancelled"), ("Transfer data to vault", "NotStarted")]
    check(tasks == expected, tasks)
    check(len(points()) == 2)
    return {}


def stop_and_resume():
    stopped = put(protection_state="ProtectionStopped")
    check(stopped["protectionState"] == "ProtectionStopped", stopped)
    refused("UserErrorBcmDatasourceNotPresent", back_up_now)
    resumed = put(policy_id=policy_id("DefaultPolicy"))
    check(resumed["protectionState"] == "Protected", resumed)
    check(resumed["policyName"] == "DefaultPolicy", resumed)
    suspended = put(protection_state="BackupsSuspended")
    check(suspended["protectionState"] == "BackupsSuspended", suspended)
    check(len(points()) == 2)
    refused("UserErrorBcmDatasourceNotPresent", back_up_now)
    resumed = put(policy_id=policy_id("p1"))
    check(resumed["protectionState"] == "Protected", resumed)
    (one,) = backup.backup_protected_items.list(VAULT, GROUP, filter=OF_MACHINES)
    check(one.properties["friendlyName"] == MACHINE, one.as_dict())
    return {}


def delete_everything():
    before = len(points())
    refused(
        "existing resources within the vault",
        lambda: vaults.begin_delete(GROUP, VAULT).result(),
    )
    backup.protected_items.delete(*ITEM)
    until = time.monotonic() + 60
    while not item()["isScheduledForDeferredDelete"]:
        check(time.monotonic() < until, "it is not deleted")
        time.sleep(0.3)
    refused("soft-deleted", lambda: vaults.begin_delete(GROUP, VAULT).result())
    back = put(protection_state="ProtectionStopped", is_rehydrate=True)
    check(not back["isScheduledForDeferredDelete"], back)
    check(len(points()) == before)

    off = models.BackupResourceVaultConfig(soft_delete_feature_state="Disabled")
    off = models.BackupResourceVaultConfigResource(properties=off)
    done = backup.backup_resource_vault_configs.update(VAULT, GROUP, off).properties
    check(done.soft_delete_feature_state == "Disabled", done.as_dict())
    completed(job_of(backup.protected_items.delete(*ITEM, cls=headers)))
    check(list(backup.backup_protected_items.list(VAULT, GROUP)) == [])
    refused("NotFound", item)
    vaults.begin_delete(GROUP, VAULT).result()
    check(list(vaults.list_by_subscription_id()) == [])
    arm("DELETE", f"{IN_GROUP}/{GROUP}")
    return {}


parts = [
    set_up,
    back_up,
    counts,
    restore_disks,
    new_machine,
    in_place,
    cancel,
    cancelled,
    stop_and_resume,
    delete_everything,
]
print(json.dumps({p.__name__: p for p in parts}[part]()))
