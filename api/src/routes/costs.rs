//! What protection costs, and what vaults take.

use super::{GROUP, SUBSCRIPTION};
use crate::costs::CLASSES;
use crate::openapi::schema::{
    about, choices, input, list, map, maybe, number, object, resource, text, text_about, time,
    whole, whole_or_text,
};
use crate::openapi::{Routes, op};
use crate::{costs, operations, vault_usages};

pub(super) fn routes() -> Routes {
    rates().merge(periods()).merge(estimates()).merge(usages())
}

fn rates() -> Routes {
    let one = format!("{SUBSCRIPTION}/providers/Stillpoint.Fabric/rates/default");
    let gb = "For a GB (2^30 bytes) and month in a vault, by its redundancy.";
    let fields = || {
        [
            ("currency", text_about("As ISO 4217 has it; XXX: none.")),
            (
                "protectedInstance",
                about(number(), "For an instance and month (PRICE-5)."),
            ),
            ("vaultGb", about(map(number()), gb)),
            ("snapshotGb", about(number(), "For a GB of snapshots.")),
        ]
    };
    Routes::new()
        .get(
            &one,
            costs::rates,
            op("Rates_Get", "The rates that costs are reckoned by.").is("Rates"),
        )
        .put(
            &one,
            costs::put_rates,
            op("Rates_CreateOrUpdate", "Sets the rates.")
                .takes("RatesInput")
                .is("Rates"),
        )
        .model(
            "Rates",
            resource("Stillpoint.Fabric/rates", object(fields())),
        )
        .model("RatesInput", {
            let mut asked = fields();
            asked[0].0 = "!currency";
            input([("!properties", input(asked))])
        })
}

fn periods() -> Routes {
    let rates_of = "Rates that one of its size costs: halves (PRICE-5, 12).";
    let item = object([
        ("id", text()),
        ("friendlyName", text()),
        ("days", about(whole(), "Days that are charged.")),
        (
            "dataBytes",
            about(whole(), "The data on its disks at its last good backup."),
        ),
        ("instances", about(number(), rates_of)),
        ("cost", number()),
    ]);
    let properties = object([
        ("from", text_about("The first day, in UTC.")),
        ("to", text_about("The last day; days to come cost nothing.")),
        ("currency", text()),
        ("redundancy", choices(&CLASSES)),
        ("vaultGbMonths", number()),
        ("snapshotGbMonths", number()),
        ("instancesCost", number()),
        ("vaultCost", number()),
        ("snapshotsCost", number()),
        ("cost", number()),
        ("items", list(item)),
    ]);
    Routes::new()
        .get(
            &format!("{SUBSCRIPTION}/providers/Stillpoint.Fabric/costs"),
            costs::list,
            op(
                "Costs_List",
                "What a period has cost, by vault, at today's rates; this month so far if none is named.",
            )
            .list_of("Cost")
            .filters(&["from", "to", "vaultName"]),
        )
        .model("Cost", resource("Stillpoint.Fabric/costs", properties))
}

fn estimates() -> Routes {
    let asked = input([
        (
            "!dataBytes",
            about(whole_or_text(), "On a machine's disks."),
        ),
        ("machines", about(whole_or_text(), "Of the kind; 1.")),
        ("!dailyChurnPercent", number()),
        (
            "excludedPercent",
            about(number(), "Of the data on disks that are left out."),
        ),
        ("days", whole_or_text()),
        ("weeks", whole_or_text()),
        ("months", whole_or_text()),
        ("years", whole_or_text()),
        ("snapshotDays", whole_or_text()),
        ("redundancy", choices(&CLASSES)),
    ]);
    let found = object([
        ("currency", text()),
        ("redundancy", choices(&CLASSES)),
        ("instances", number()),
        ("vaultBytes", whole()),
        ("snapshotBytes", whole()),
        ("instancesCost", number()),
        ("vaultCost", number()),
        ("snapshotsCost", number()),
        ("cost", number()),
    ]);
    Routes::new()
        .post(
            &format!("{SUBSCRIPTION}/providers/Stillpoint.Fabric/estimateCost"),
            costs::estimate,
            op(
                "Costs_Estimate",
                "A month of machines alike, once retention has filled up (PRICE-11).",
            )
            .takes("CostEstimateInput")
            .is("CostEstimate"),
        )
        .model("CostEstimateInput", input([("!properties", asked)]))
        .model("CostEstimate", object([("properties", found)]))
}

fn usages() -> Routes {
    let one = format!("{GROUP}/providers/Stillpoint.Fabric/vaultUsages/{{vault}}");
    let unique = || about(whole(), "Stored bytes that no other item uses, as counted.");
    let shared = || about(whole(), "Stored bytes that others use too, as counted.");
    let added = || about(whole(), "Bytes stored since it was counted.");
    let logical = || {
        let what = "The data that points show, each by itself.";
        about(whole(), what)
    };
    let store = object([
        ("name", text_about("`vault`, or a host with snapshots.")),
        ("countedAt", time()),
        ("uniqueBytes", unique()),
        ("sharedBytes", about(whole(), "The same, each once.")),
        (
            "storedBytes",
            about(whole(), "Of all that is in the store."),
        ),
        ("addedBytes", added()),
        (
            "expectedBytes",
            about(whole(), "What the records said when it was counted."),
        ),
        (
            "wrongSums",
            about(whole(), "Items whose sum was wrong: always 0."),
        ),
    ]);
    let of_item = object([
        ("name", text()),
        ("uniqueBytes", unique()),
        ("sharedBytes", shared()),
        ("addedBytes", added()),
    ]);
    let item = object([
        ("id", text()),
        ("friendlyName", text()),
        ("points", whole()),
        ("logicalBytes", logical()),
        (
            "dataBytes",
            maybe(about(whole(), "On its disks at its last good backup.")),
        ),
        ("stores", list(of_item)),
    ]);
    let properties = object([
        ("vaultId", text()),
        ("redundancy", text_about("What was asked for.")),
        ("copies", about(whole(), "How many there are of its data.")),
        (
            "pairedPool",
            maybe(text_about("Where another copy is; none is anywhere yet.")),
        ),
        ("points", whole()),
        ("logicalBytes", logical()),
        ("stores", list(store)),
        ("items", list(item)),
    ]);
    Routes::new()
        .get(
            &one,
            vault_usages::show,
            op("VaultUsages_Get", "What a vault and its items take.").is("VaultUsage"),
        )
        .post(
            &format!("{one}/count"),
            vault_usages::count,
            op("VaultUsages_Count", "Counts all stores of a vault.").accepted(),
        )
        .get(
            &format!("{one}/operationsStatus/{{operation}}"),
            operations::status,
            op("VaultUsages_GetStatus", "How a count goes on.").is("Operation"),
        )
        .get(
            &format!("{one}/operationResults/{{operation}}"),
            operations::result,
            op("VaultUsages_GetResult", "Whether a count has ended.")
                .nothing(202)
                .nothing(204),
        )
        .model(
            "VaultUsage",
            resource("Stillpoint.Fabric/vaultUsages", properties),
        )
}
