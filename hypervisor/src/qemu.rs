//! Bare QEMU: machines known by the sockets of their monitor and guest agent.

/// The stable UUID of a machine that has none of its own: made from its name.
pub(crate) fn uuid_of_name(name: &str) -> String {
    let digest = blake3::derive_key("stillpoint 1 machine uuid of a name", name.as_bytes());
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    uuid::Builder::from_custom_bytes(bytes)
        .into_uuid()
        .to_string()
}
