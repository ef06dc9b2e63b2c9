//! The portal's folder as the build script found it (feature `portal`).

use std::sync::Arc;

use super::Portal;

#[cfg(feature = "portal")]
pub(super) fn portal() -> Option<Arc<Portal>> {
    use std::sync::LazyLock;

    use axum::body::Bytes;

    const FILES: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/portal.rs"));
    static PORTAL: LazyLock<Option<Arc<Portal>>> = LazyLock::new(|| {
        let files = FILES.iter();
        let files = files.map(|(path, bytes)| ((*path).to_owned(), Bytes::from_static(bytes)));
        Portal::of(files).map(Arc::new)
    });
    PORTAL.clone()
}

#[cfg(not(feature = "portal"))]
pub(super) fn portal() -> Option<Arc<Portal>> {
    None
}
