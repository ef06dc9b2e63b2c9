//! What others left in a guest's QEMU.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::Guest;

impl Guest {
    /// The names of the dirty bitmaps of each node that has any.
    ///
    /// # Errors
    /// When the guest is off.
    pub fn bitmaps(&self) -> Result<BTreeMap<String, Vec<String>>> {
        let mut found = BTreeMap::new();
        for node in self.all_of("query-named-block-nodes")? {
            let bitmaps = node["dirty-bitmaps"].as_array().into_iter().flatten();
            let names: Vec<String> = bitmaps
                .filter_map(|b| b["name"].as_str().map(str::to_owned))
                .collect();
            if let (Some(node), false) = (node["node-name"].as_str(), names.is_empty()) {
                found.insert(node.to_owned(), names);
            }
        }
        Ok(found)
    }

    /// Nodes, exports and jobs whose names begin with `prefix`.
    ///
    /// # Errors
    /// When the guest is off.
    pub fn named(&self, prefix: &str) -> Result<Vec<String>> {
        let mut found = Vec::new();
        for command in [
            "query-named-block-nodes",
            "query-block-exports",
            "query-jobs",
        ] {
            for item in self.all_of(command)? {
                let names = [&item["node-name"], &item["id"]].map(Value::as_str);
                let ours = names
                    .into_iter()
                    .flatten()
                    .filter(|n| n.starts_with(prefix));
                found.extend(ours.map(|name| format!("{command}: {name}")));
            }
        }
        Ok(found)
    }

    fn all_of(&self, command: &str) -> Result<Vec<Value>> {
        let arguments = match command {
            "query-named-block-nodes" => json!({ "flat": true }),
            _ => Value::Null,
        };
        match self.qmp(command, arguments)? {
            Value::Array(all) => Ok(all),
            other => None.with_context(|| format!("{command}: {other}")),
        }
    }
}
