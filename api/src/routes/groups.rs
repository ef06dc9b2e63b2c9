//! Subscriptions, their locations, and resource groups.

use super::{GROUP, SUBSCRIPTION};
use crate::openapi::schema::{
    about, and, guid, input, list, map, maybe, object, only, read_only, succeeded, text,
    text_about, tracked,
};
use crate::openapi::{Routes, op};
use crate::{groups, inventory, moves, subscriptions};

pub(super) fn routes() -> Routes {
    let at = |rest: &str| format!("{SUBSCRIPTION}{rest}");
    Routes::new()
        .get(
            "/subscriptions",
            subscriptions::list,
            op("Subscriptions_List", "The subscriptions.").list_of("Subscription"),
        )
        .get(
            SUBSCRIPTION,
            subscriptions::show,
            op("Subscriptions_Get", "A subscription.").is("Subscription"),
        )
        .get(
            &at("/locations"),
            subscriptions::locations,
            op("Subscriptions_ListLocations", "Its locations.").list_of("Location"),
        )
        .get(
            &at("/resources"),
            inventory::list,
            op("Resources_List", "Resources of every type.")
                .pages_of("Listed")
                .filters(&["resourceGroup", "resourceType"]),
        )
        .get(
            &at("/resourceGroups"),
            groups::list,
            op("ResourceGroups_List", "The resource groups.").pages_of("ResourceGroup"),
        )
        .post(
            &format!("{GROUP}/moveResources"),
            moves::move_resources,
            op(
                "Resources_MoveResources",
                "Moves vaults of the group to another one, all or none.",
            )
            .takes("MoveInput")
            .nothing(204),
        )
        .model(
            "MoveInput",
            input([
                ("!resources", about(list(text()), "The ids of vaults.")),
                (
                    "!targetResourceGroup",
                    text_about("The id of the group that they go to."),
                ),
            ]),
        )
        .get(
            GROUP,
            groups::show,
            op("ResourceGroups_Get", "A resource group.").is("ResourceGroup"),
        )
        .head(
            GROUP,
            groups::exists,
            op(
                "ResourceGroups_CheckExistence",
                "Whether the group is there.",
            )
            .nothing(204)
            .nothing(404),
        )
        .put(
            GROUP,
            groups::put,
            op("ResourceGroups_CreateOrUpdate", "Makes or changes a group.")
                .puts("ResourceGroupInput", "ResourceGroup"),
        )
        .delete(
            GROUP,
            groups::delete,
            op("ResourceGroups_Delete", "Deletes a group that is empty.").nothing(200),
        )
        .model(
            "Subscription",
            object([
                ("id", text()),
                ("subscriptionId", guid()),
                ("tenantId", guid()),
                ("displayName", text()),
                ("state", only("Enabled")),
                (
                    "subscriptionPolicies",
                    object([("spendingLimit", only("Off"))]),
                ),
                ("authorizationSource", only("RoleBased")),
                ("managedByTenants", list(text())),
            ]),
        )
        .model(
            "Location",
            object([
                ("id", text()),
                ("subscriptionId", guid()),
                ("name", text()),
                ("displayName", text()),
                ("regionalDisplayName", text()),
                ("type", only("Region")),
                (
                    "metadata",
                    object([
                        ("regionType", only("Physical")),
                        ("regionCategory", only("Recommended")),
                        (
                            "pairedRegion",
                            list(object([
                                ("name", text()),
                                ("id", text()),
                                ("subscriptionId", guid()),
                            ])),
                        ),
                    ]),
                ),
            ]),
        )
        .model(
            "Listed",
            object([
                ("id", text()),
                ("name", text()),
                ("type", text()),
                ("location", text()),
                ("tags", maybe(map(text()))),
            ]),
        )
        .model("ResourceGroup", {
            let kind = "Microsoft.Resources/resourceGroups";
            let group = tracked(kind, object([("provisioningState", succeeded())]));
            and(group, object([("managedBy", read_only(maybe(text())))]))
        })
        .model(
            "ResourceGroupInput",
            input([("!location", text()), ("tags", map(text()))]),
        )
}
