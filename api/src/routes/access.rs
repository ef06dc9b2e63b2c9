//! Locks, roles, and the log of what was done.

use super::{GROUP, SUBSCRIPTION};
use crate::activity;
use crate::authorization::{locks, permissions, roles};
use crate::openapi::schema::{
    about, any_object, choices, guid, input, list, localized, map, maybe, model, object, one_of,
    only, resource, text, text_about, time,
};
use crate::openapi::{Routes, op};

pub(super) fn routes() -> Routes {
    let resource = format!("{GROUP}/providers/{{namespace}}/{{kind}}/{{resource}}");
    let mut routes = models(Routes::new()).get(
        &format!("{SUBSCRIPTION}/providers/Microsoft.Insights/eventtypes/management/values"),
        activity::list,
        op(
            "ActivityLogs_List",
            "Every change of 90 days that was asked for.",
        )
        .pages_of("Event")
        .filters(&["eventTimestamp", "resourceGroupName", "resourceUri"]),
    );
    for (scope, at) in [
        (SUBSCRIPTION, "AtSubscription"),
        (GROUP, "AtGroup"),
        (&resource, "AtResource"),
    ] {
        routes = routes.merge(locks_at(scope, at)).merge(roles_at(scope, at));
        routes = routes.get(
            &format!("{scope}/providers/Microsoft.Authorization/permissions"),
            permissions::list,
            op("Permissions_List", "What the caller may do at the scope.")
                .at(at)
                .list_of("Permission"),
        );
    }
    routes
}

fn locks_at(scope: &str, at: &'static str) -> Routes {
    let all = format!("{scope}/providers/Microsoft.Authorization/locks");
    let one = format!("{all}/{{name}}");
    let list = op(
        "ManagementLocks_List",
        "Locks at the scope, above it and below it.",
    );
    let put = op("ManagementLocks_CreateOrUpdate", "Makes or changes a lock.");
    let delete = op("ManagementLocks_Delete", "Takes a lock away.");
    Routes::new()
        .get(&all, locks::list, list.at(at).list_of("Lock"))
        .get(
            &one,
            locks::show,
            op("ManagementLocks_Get", "A lock at the scope.")
                .at(at)
                .is("Lock"),
        )
        .put(&one, locks::put, put.at(at).puts("LockInput", "Lock"))
        .delete(&one, locks::delete, delete.at(at).nothing(200).nothing(204))
}

fn roles_at(scope: &str, at: &'static str) -> Routes {
    let of = |what: &str| format!("{scope}/providers/Microsoft.Authorization/{what}");
    let (definitions, assignments) = (of("roleDefinitions"), of("roleAssignments"));
    let one = format!("{assignments}/{{name}}");
    let list = op(
        "RoleAssignments_List",
        "Who has which role at the scope and below.",
    );
    let put = op("RoleAssignments_Create", "Gives a principal a role.");
    let delete = op("RoleAssignments_Delete", "Takes a role away.");
    Routes::new()
        .get(
            &definitions,
            roles::definitions,
            op("RoleDefinitions_List", "The roles that there are.")
                .at(at)
                .list_of("RoleDefinition")
                .filters(&["roleName"]),
        )
        .get(
            &format!("{definitions}/{{name}}"),
            roles::show_definition,
            op("RoleDefinitions_Get", "A role and what it allows.")
                .at(at)
                .is("RoleDefinition"),
        )
        .get(
            &assignments,
            roles::list,
            list.at(at).list_of("RoleAssignment").filters(&[
                "atScope()",
                "principalId",
                "assignedTo",
            ]),
        )
        .get(
            &one,
            roles::show,
            op("RoleAssignments_Get", "A role that somebody has.")
                .at(at)
                .is("RoleAssignment"),
        )
        .put(
            &one,
            roles::put,
            put.at(at).puts("RoleAssignmentInput", "RoleAssignment"),
        )
        .delete(
            &one,
            roles::delete,
            delete.at(at).is("RoleAssignment").nothing(204),
        )
}

fn models(routes: Routes) -> Routes {
    let allowed = || {
        object([
            ("actions", list(text())),
            ("notActions", list(text())),
            ("dataActions", list(text())),
            ("notDataActions", list(text())),
        ])
    };
    let routes = routes.model("Permission", allowed());
    let allowed = allowed();
    routes
        .model(
            "Lock",
            resource(
                "Microsoft.Authorization/locks",
                object([("level", choices(&locks::LEVELS)), ("notes", maybe(text()))]),
            ),
        )
        .model(
            "LockInput",
            input([(
                "!properties",
                input([("!level", choices(&locks::LEVELS)), ("notes", text())]),
            )]),
        )
        .model(
            "RoleDefinition",
            resource(
                "Microsoft.Authorization/roleDefinitions",
                object([
                    ("roleName", text()),
                    ("type", only("BuiltInRole")),
                    ("description", text()),
                    ("assignableScopes", list(text())),
                    ("permissions", list(allowed)),
                ]),
            ),
        )
        .model(
            "RoleAssignment",
            resource(
                "Microsoft.Authorization/roleAssignments",
                object([
                    ("roleDefinitionId", text()),
                    ("principalId", guid()),
                    ("principalType", one_of(["User", "ServicePrincipal"])),
                    ("scope", text()),
                    ("description", maybe(text())),
                    ("createdOn", time()),
                    ("updatedOn", time()),
                ]),
            ),
        )
        .model(
            "RoleAssignmentInput",
            input([(
                "!properties",
                input([
                    ("!roleDefinitionId", text_about("A role's id, or its GUID.")),
                    ("!principalId", guid()),
                    ("description", text()),
                ]),
            )]),
        )
        .model("LocalizedText", localized())
        .model("Event", event())
}

fn event() -> serde_json::Value {
    let said = || model("LocalizedText");
    object([
        ("id", text()),
        ("eventDataId", guid()),
        ("eventTimestamp", time()),
        ("submissionTimestamp", time()),
        ("subscriptionId", guid()),
        ("tenantId", guid()),
        ("resourceGroupName", text()),
        ("resourceId", text()),
        ("caller", text()),
        (
            "?claims",
            about(
                object([("appid", maybe(text())), ("oid", guid())]),
                "Absent where it was the server itself.",
            ),
        ),
        ("?properties", any_object()),
        ("operationName", said()),
        ("status", said()),
        ("subStatus", said()),
        ("category", said()),
        ("eventName", said()),
        ("channels", text()),
        ("level", one_of(["Informational", "Warning"])),
        (
            "authorization",
            object([("action", text()), ("scope", text())]),
        ),
        ("correlationId", text()),
        ("?properties", map(text())),
    ])
}
