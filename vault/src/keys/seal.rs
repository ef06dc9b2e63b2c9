//! Sealing and opening one record.
//!
//! Each record has its own AES-256-GCM key and a nonce made from what is sealed:
//!
//! ```text
//! record key = keyed BLAKE3 (derived "record key",   id)                       32 bytes
//! nonce      = keyed BLAKE3 (derived "record nonce", id ‖ len(aad) ‖ aad ‖ payload), first 12 bytes
//! sealed     = AES-256-GCM(record key, nonce, aad, payload) ‖ 16-byte tag
//! ```
//!
//! `len(aad)` is a little-endian u64. Different bytes under one id meet the same nonce only
//! by a collision of 96 bits, and different ids never share a key: no randomness is drawn
//! that could repeat (a restored host, a cloned machine). The price is that the same bytes
//! sealed twice give the same sealed bytes, which their equal id shows anyway.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use base::{Code, Error, Result};
use zeroize::Zeroize;

use super::DataKey;

/// Bytes of a record's nonce, which is stored beside the record.
pub const NONCE_LEN: usize = 12;
/// Bytes by which a sealed payload is longer than the payload.
pub const TAG_LEN: usize = 16;

/// Seals `payload` in place and appends the [`TAG_LEN`]-byte tag.
///
/// `id` is the record's 32-byte id; `aad` is bound to the payload but not stored (the
/// record's header). Returns the nonce, which must be stored. Deterministic: the same
/// input gives the same nonce and bytes. Costs about one hash and one encryption of the
/// payload; reserve [`TAG_LEN`] spare bytes in `payload` to avoid a reallocation.
pub fn seal(key: &DataKey, id: &[u8; 32], aad: &[u8], payload: &mut Vec<u8>) -> [u8; NONCE_LEN] {
    let nonce = nonce(key, id, aad, payload);
    let tag = cipher(key, id)
        .seal_in_place_separate_tag(
            Nonce::assume_unique_for_key(nonce),
            Aad::from(aad),
            payload.as_mut_slice(),
        )
        .expect("a payload in memory is far below the 64 GiB that one nonce may seal");
    payload.extend_from_slice(tag.as_ref());
    nonce
}

/// Opens in place what [`seal`] made and cuts the tag off.
///
/// # Errors
/// [`Code::VaultDamaged`] if the key, id, nonce, associated data or bytes are not those of
/// the sealing. `sealed` is then empty: nothing unauthenticated is left in it.
pub fn open(
    key: &DataKey,
    id: &[u8; 32],
    nonce: &[u8; NONCE_LEN],
    aad: &[u8],
    sealed: &mut Vec<u8>,
) -> Result<()> {
    let opened = cipher(key, id)
        .open_in_place(
            Nonce::assume_unique_for_key(*nonce),
            Aad::from(aad),
            sealed.as_mut_slice(),
        )
        .map(|payload| payload.len());
    match opened {
        Ok(length) => {
            sealed.truncate(length);
            Ok(())
        }
        Err(_) => {
            sealed.zeroize();
            let id = hex::encode(&id[..8]);
            Err(Error::new(
                Code::VaultDamaged,
                format!(
                    "record {id}… does not open: its bytes, header or data key are not those it was sealed with"
                ),
            ))
        }
    }
}

fn cipher(key: &DataKey, id: &[u8; 32]) -> LessSafeKey {
    let mut record_key: [u8; 32] = blake3::keyed_hash(key.record_base(), id).into();
    let unbound = UnboundKey::new(&AES_256_GCM, &record_key).expect("the key has 32 bytes");
    record_key.zeroize();
    LessSafeKey::new(unbound)
}

fn nonce(key: &DataKey, id: &[u8; 32], aad: &[u8], payload: &[u8]) -> [u8; NONCE_LEN] {
    let mut hasher = blake3::Hasher::new_keyed(key.nonce_base());
    hasher.update(id);
    hasher.update(&(aad.len() as u64).to_le_bytes());
    hasher.update(aad);
    hasher.update(payload);
    let mut nonce = [0; NONCE_LEN];
    hasher.finalize_xof().fill(&mut nonce);
    nonce
}
