//! Whole files, compressed and sealed in age's format: `age -d | zstd -d` reads them too.

use std::io::{Read, Write};

use age::secrecy::ExposeSecret;
use base::{Code, Error, Result};
use zeroize::Zeroizing;

use super::escrow::{encryptor, identities};
use super::{EscrowIdentity, EscrowRecipient};

/// Little processor time, and records shrink to a tenth.
const LEVEL: i32 = 3;

/// Compresses all of `from` and seals it into `to`. A passphrase costs a second and 256 MiB: not
/// for an async thread.
///
/// # Errors
/// [`Code::BadArgument`] for a recipient that is none; those of both files.
pub fn seal_file(
    from: &mut dyn Read,
    to: &mut dyn Write,
    recipient: &EscrowRecipient,
) -> Result<()> {
    let encryptor = encryptor(recipient)?;
    let io = |e| Error::io("sealing", e);
    let sealed = encryptor.wrap_output(to).map_err(io)?;
    let mut packed = zstd::Encoder::new(sealed, LEVEL).map_err(io)?;
    std::io::copy(from, &mut packed).map_err(io)?;
    let sealed = packed.finish().map_err(io)?;
    sealed.finish().map_err(io)?.flush().map_err(io)
}

/// Opens all of a sealed file into `to`.
///
/// # Errors
/// [`Code::PassphraseWrong`] if the passphrase or identity does not open it;
/// [`Code::BadArgument`] if the identity text holds no identity; [`Code::SealedFileDamaged`] if
/// it is no such file, cut short or changed; those of both files.
pub fn open_file(from: &mut dyn Read, to: &mut dyn Write, identity: &EscrowIdentity) -> Result<()> {
    use age::DecryptError as E;
    let identities = identities(identity)?;
    let refused = |error: E| {
        let code = match error {
            E::NoMatchingKeys | E::DecryptionFailed | E::KeyDecryptionFailed => {
                Code::PassphraseWrong
            }
            _ => Code::SealedFileDamaged,
        };
        Error::new(code, error.to_string()).because(error)
    };
    let decryptor = age::Decryptor::new(from).map_err(refused)?;
    let sealed = decryptor
        .decrypt(identities.iter().map(|i| &**i as _))
        .map_err(refused)?;
    let damaged = |e: std::io::Error| match e.raw_os_error() {
        Some(_) => Error::io("opening a sealed file", e),
        None => Error::new(Code::SealedFileDamaged, "it is cut short or changed").because(e),
    };
    let mut packed = zstd::Decoder::new(sealed).map_err(damaged)?;
    std::io::copy(&mut packed, to).map_err(damaged)?;
    Ok(())
}

/// A new age identity (`AGE-SECRET-KEY-1…`), and the recipient (`age1…`) of what it opens. age
/// draws the randomness from the system.
#[must_use]
pub fn new_age_identity() -> (Zeroizing<String>, String) {
    let identity = age::x25519::Identity::generate();
    let recipient = identity.to_public().to_string();
    let text = identity.to_string().expose_secret().to_owned();
    (Zeroizing::new(text), recipient)
}

#[cfg(test)]
mod tests {
    use super::super::Passphrase;
    use super::*;

    #[test]
    fn a_file_comes_back_whole_by_its_identity_alone_and_not_when_it_was_changed() {
        let (identity, recipient) = new_age_identity();
        let plain = b"records\n".repeat(100_000);
        let mut sealed = Vec::new();
        let to = EscrowRecipient::Age(vec![recipient]);
        seal_file(&mut &plain[..], &mut sealed, &to).unwrap();
        assert!(sealed.len() < plain.len() / 10, "{}", sealed.len());
        let open = |bytes: &[u8], identity: &EscrowIdentity| {
            let mut out = Vec::new();
            open_file(&mut &*bytes, &mut out, identity).map(|()| out)
        };
        let own = EscrowIdentity::Age(identity);
        assert!(open(&sealed, &own).unwrap() == plain);
        let other = EscrowIdentity::Age(new_age_identity().0);
        let refused = open(&sealed, &other).unwrap_err();
        assert_eq!(refused.code(), Code::PassphraseWrong);
        for cut in [0, 10, sealed.len() / 2, sealed.len() - 1] {
            let refused = open(&sealed[..cut], &own).unwrap_err();
            assert_eq!(refused.code(), Code::SealedFileDamaged, "{cut}");
        }
        let last = sealed.len() - 1;
        sealed[last] ^= 1;
        let refused = open(&sealed, &own).unwrap_err();
        assert_eq!(refused.code(), Code::SealedFileDamaged);
    }

    #[test]
    fn a_passphrase_opens_what_it_sealed() {
        let pass = Passphrase::new("correct horse").unwrap();
        let mut sealed = Vec::new();
        let to = EscrowRecipient::Passphrase(pass.clone());
        seal_file(&mut &b"a"[..], &mut sealed, &to).unwrap();
        let mut out = Vec::new();
        open_file(
            &mut &sealed[..],
            &mut out,
            &EscrowIdentity::Passphrase(pass),
        )
        .unwrap();
        assert_eq!(out, b"a");
    }
}
