//! QEMU's block devices and nodes, read from its own descriptions.

use std::collections::HashMap;

use base::{Code, Error, Result};
use serde_json::{Value, json};

use crate::qmp::Qmp;

/// Drivers that pass everything through to their `file` child.
const FILTERS: [&str; 4] = ["copy-before-write", "throttle", "copy-on-read", "compress"];

/// A device of the guest that can hold a medium.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Device {
    /// The device in QEMU's object tree, as `/machine/peripheral/vd0/virtio-backend`.
    pub(super) qom: String,
    /// The name of a `-drive`; empty for `-blockdev`.
    pub(super) drive: String,
    /// Whether its medium can be taken out.
    pub(super) removable: bool,
    /// The node attached to it; `None` without a medium.
    pub(super) root: Option<String>,
    /// Whether the guest can't write.
    pub(super) read_only: bool,
}

/// A block node.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Node {
    /// The driver, as `qcow2`.
    pub(super) driver: String,
    /// The size it shows, in bytes.
    pub(super) size: u64,
    /// Its file name as QEMU tells it: a path, a URL or `json:{…}`.
    pub(super) file: String,
    /// Of a qcow2 node: whether it is version 3, which can store bitmaps.
    pub(super) version_3: bool,
    /// Its dirty bitmaps.
    pub(super) bitmaps: Vec<Bitmap>,
}

/// A dirty bitmap with a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Bitmap {
    pub(super) name: String,
    pub(super) recording: bool,
    pub(super) persistent: bool,
    pub(super) inconsistent: bool,
    pub(super) busy: bool,
}

/// What a QEMU has open.
#[derive(Clone, Debug, Default)]
pub(super) struct Graph {
    pub(super) devices: Vec<Device>,
    pub(super) nodes: HashMap<String, Node>,
    /// The children of a node: their role and name.
    children: HashMap<String, Vec<(String, String)>>,
}

impl Graph {
    /// Asks QEMU.
    pub(super) async fn read(qmp: &Qmp) -> Result<Self> {
        let answers = qmp
            .batch(&[
                ("query-block", Value::Null),
                ("query-named-block-nodes", json!({ "flat": true })),
                ("x-debug-query-block-graph", Value::Null),
            ])
            .await?;
        let mut answers = answers.into_iter();
        let mut next = || answers.next().unwrap_or(Ok(Value::Null));
        Self::parse(&next()?, &next()?, &next()?)
    }

    /// Reads the answers of `query-block`, `query-named-block-nodes` and
    /// `x-debug-query-block-graph`.
    pub(super) fn parse(block: &Value, nodes: &Value, graph: &Value) -> Result<Self> {
        let bad = |what| Error::new(Code::ProtocolError, format!("QEMU's {what} has no list"));
        let list = |v: &Value, what| v.as_array().cloned().ok_or_else(|| bad(what));
        let mut out = Self::default();
        for device in list(block, "query-block")? {
            // A device without `qdev` is a drive that no guest device uses.
            let Some(qdev) = device["qdev"].as_str() else {
                continue;
            };
            let inserted = &device["inserted"];
            out.devices.push(Device {
                qom: match qdev {
                    path if path.starts_with('/') => path.to_owned(),
                    id => format!("/machine/peripheral/{id}"),
                },
                drive: text(&device["device"]),
                removable: device["removable"] == true,
                root: inserted["node-name"].as_str().map(str::to_owned),
                read_only: inserted["ro"] == true,
            });
        }
        for node in list(nodes, "query-named-block-nodes")? {
            out.nodes
                .insert(text(&node["node-name"]), parse_node(&node));
        }
        let ids: HashMap<u64, String> = list(&graph["nodes"], "block graph")?
            .iter()
            .filter(|n| n["type"] == "block-driver")
            .filter_map(|n| Some((n["id"].as_u64()?, text(&n["name"]))))
            .collect();
        for edge in list(&graph["edges"], "block graph")? {
            let end = |k: &str| edge[k].as_u64().and_then(|id| ids.get(&id)).cloned();
            if let (Some(parent), Some(child)) = (end("parent"), end("child")) {
                out.children
                    .entry(parent)
                    .or_default()
                    .push((text(&edge["name"]), child));
            }
        }
        Ok(out)
    }

    /// A child of a node by its role.
    pub(super) fn child(&self, node: &str, role: &str) -> Option<&str> {
        let children = self.children.get(node)?;
        children
            .iter()
            .find(|(r, _)| r == role)
            .map(|(_, c)| c.as_str())
    }

    /// The node below all filters: the format node, which can hold bitmaps.
    pub(super) fn below_filters<'a>(&'a self, root: &'a str) -> &'a str {
        let mut at = root;
        // No path is longer than there are nodes, unless it goes in a circle.
        for _ in 0..self.nodes.len() {
            let filter = |n: &Node| FILTERS.contains(&n.driver.as_str());
            if !self.nodes.get(at).is_some_and(filter) {
                break;
            }
            let Some(child) = self.child(at, "file").or_else(|| self.child(at, "backing")) else {
                break;
            };
            at = child;
        }
        at
    }

    /// The path of the image file or block device that holds the node's data; `None` if it
    /// is not on this host.
    pub(super) fn path<'a>(&'a self, node: &'a str) -> Option<&'a str> {
        let mut at = node;
        for _ in 0..self.nodes.len() {
            let info = self.nodes.get(at)?;
            if matches!(info.driver.as_str(), "file" | "host_device") {
                return Some(info.file.as_str());
            }
            at = self.child(at, "file")?;
        }
        None
    }
}

fn text(v: &Value) -> String {
    v.as_str().unwrap_or_default().to_owned()
}

fn parse_node(node: &Value) -> Node {
    let image = &node["image"];
    let bitmaps = node["dirty-bitmaps"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    Node {
        driver: text(&node["drv"]),
        size: image["virtual-size"].as_u64().unwrap_or(0),
        file: text(&node["file"]),
        version_3: image["format-specific"]["data"]["compat"]
            .as_str()
            .is_some_and(|c| c != "0.10"),
        bitmaps: bitmaps
            .iter()
            .filter_map(|b| {
                Some(Bitmap {
                    // Those without a name are QEMU's own.
                    name: b["name"].as_str()?.to_owned(),
                    recording: b["recording"] == true,
                    persistent: b["persistent"] == true,
                    inconsistent: b["inconsistent"] == true,
                    busy: b["busy"] == true,
                })
            })
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn graph() -> Graph {
        let block = json!([
            {"device": "", "qdev": "/machine/peripheral/vd0/virtio-backend", "removable": false,
             "inserted": {"node-name": "stillpoint-0-cbw", "ro": false}},
            {"device": "ide1-cd0", "qdev": "/machine/unattached/device[20]", "removable": true},
            {"device": "unused", "removable": false},
        ]);
        let nodes = json!([
            {"node-name": "stillpoint-0-cbw", "drv": "copy-before-write", "image": {}},
            {"node-name": "disk0", "drv": "qcow2", "file": "/i/a.qcow2", "new-field": {},
             "image": {"virtual-size": 4096, "format-specific": {"data": {"compat": "1.1"}}},
             "dirty-bitmaps": [{"name": "b", "recording": true, "persistent": true,
                                "inconsistent": true}, {"recording": true}]},
            {"node-name": "f", "drv": "file", "file": "/i/a.qcow2", "image": {}},
        ]);
        let graph = json!({
            "nodes": [{"id": 1, "type": "block-driver", "name": "stillpoint-0-cbw"},
                      {"id": 2, "type": "block-driver", "name": "disk0"},
                      {"id": 3, "type": "block-driver", "name": "f"},
                      {"id": 4, "type": "block-backend", "name": "x"}],
            "edges": [{"parent": 4, "child": 1, "name": "root"},
                      {"parent": 1, "child": 2, "name": "file"},
                      {"parent": 2, "child": 3, "name": "file"}],
        });
        Graph::parse(&block, &nodes, &graph).unwrap()
    }

    #[test]
    fn the_format_node_and_its_file_are_found_below_a_filter() {
        let graph = graph();
        assert_eq!(
            graph.devices.len(),
            2,
            "a drive without a device is no disk"
        );
        let root = graph.devices[0].root.as_deref().unwrap();
        assert_eq!(graph.below_filters(root), "disk0");
        assert_eq!(graph.path("disk0"), Some("/i/a.qcow2"));
        assert_eq!(graph.path("nowhere"), None);
        assert_eq!(graph.devices[1].root, None);
    }

    #[test]
    fn a_graph_that_goes_in_a_circle_is_left() {
        let node = |name: &str, drv: &str| json!({"node-name": name, "drv": drv});
        let nodes = json!([
            node("a", "throttle"),
            node("b", "throttle"),
            node("c", "qcow2")
        ]);
        let graph = json!({
            "nodes": [{"id": 1, "type": "block-driver", "name": "a"},
                      {"id": 2, "type": "block-driver", "name": "b"},
                      {"id": 3, "type": "block-driver", "name": "c"}],
            "edges": [{"parent": 1, "child": 2, "name": "file"},
                      {"parent": 2, "child": 1, "name": "backing"},
                      {"parent": 3, "child": 3, "name": "file"}],
        });
        let graph = Graph::parse(&json!([]), &nodes, &graph).unwrap();
        assert!(["a", "b"].contains(&graph.below_filters("a")));
        assert_eq!(graph.path("c"), None);
    }

    #[test]
    fn bitmaps_without_a_name_are_qemus_own() {
        let node = &graph().nodes["disk0"];
        assert!(node.version_3);
        assert_eq!(node.bitmaps.len(), 1);
        assert!(node.bitmaps[0].inconsistent);
    }

    #[test]
    fn an_answer_without_lists_is_refused() {
        let error = Graph::parse(&json!({}), &json!([]), &json!({})).unwrap_err();
        assert_eq!(error.code(), Code::ProtocolError);
    }
}
