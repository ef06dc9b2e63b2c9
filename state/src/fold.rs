//! Ids of resources: Azure's paths, which are one name in any case.

/// The id as records are found by: in lower case. The case that was given first is kept beside.
#[must_use]
pub fn fold(id: &str) -> String {
    id.to_lowercase()
}

/// The bounds of all folded ids below `id`: after the first, before the second.
pub(crate) fn below(id: &str) -> (String, String) {
    let id = fold(id);
    // The slash's neighbour in the byte order.
    (format!("{id}/"), format!("{id}0"))
}

/// The last segment of an id.
pub(crate) fn last_segment(id: &str) -> &str {
    id.rsplit('/').next().unwrap_or(id)
}
