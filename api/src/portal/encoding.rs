//! In which form a file is sent: `Accept-Encoding` (RFC 9110, section 12.5.3).

use axum::http::{HeaderMap, header};

/// A form of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    /// As it is.
    Plain,
    /// Brotli (RFC 7932).
    Brotli,
    /// Gzip (RFC 1952).
    Gzip,
}

impl Encoding {
    /// All of them.
    pub(super) const ALL: [Self; 3] = [Self::Plain, Self::Brotli, Self::Gzip];
    /// The packed ones, the one that packs best first.
    pub(super) const PACKED: [Self; 2] = [Self::Brotli, Self::Gzip];

    /// What the name of a file in this form ends with, beside its own.
    pub(super) fn ending(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::Brotli => ".br",
            Self::Gzip => ".gz",
        }
    }

    /// Its name in HTTP; of the plain form there is none.
    pub(super) fn name(self) -> Option<&'static str> {
        match self {
            Self::Plain => None,
            Self::Brotli => Some("br"),
            Self::Gzip => Some("gzip"),
        }
    }
}

/// The form that the client wants most among those that there are; of equals the smallest. Where
/// it wants none of them, it gets the plain one.
pub(super) fn choose(asked: &HeaderMap, there: &[Encoding]) -> Encoding {
    let mut best = (Encoding::Plain, weight(asked, Encoding::Plain));
    // The best of equals comes last.
    for packed in Encoding::PACKED.into_iter().rev() {
        let wanted = weight(asked, packed);
        if there.contains(&packed) && wanted > 0.0 && wanted >= best.1 {
            best = (packed, wanted);
        }
    }
    best.0
}

/// How much the client wants a form, from 0 (not at all) to 1.
fn weight(asked: &HeaderMap, encoding: Encoding) -> f32 {
    let name = encoding.name().unwrap_or("identity");
    let mut of_any = None;
    let given = asked.get_all(header::ACCEPT_ENCODING).iter();
    let given = given.filter_map(|g| g.to_str().ok());
    for part in given.flat_map(|g| g.split(',')) {
        let (coding, rest) = part.split_once(';').unwrap_or((part, ""));
        let coding = coding.trim();
        if coding.eq_ignore_ascii_case(name) {
            return quality(rest);
        }
        if coding == "*" {
            of_any = Some(quality(rest));
        }
    }
    match encoding {
        // What nobody speaks of may be sent plain, rather than not at all.
        Encoding::Plain => of_any.unwrap_or(f32::MIN_POSITIVE),
        _ => of_any.unwrap_or(0.0),
    }
}

/// What `;q=` says (RFC 9110, section 12.4.2); a word that can't be read is a no.
fn quality(rest: &str) -> f32 {
    let rest = rest.trim();
    if rest.is_empty() {
        return 1.0;
    }
    let number = rest.strip_prefix("q=").or(rest.strip_prefix("Q="));
    let number = number.and_then(|n| n.trim().parse::<f32>().ok());
    number.filter(|n| (0.0..=1.0).contains(n)).unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_is_the_one_that_the_client_wants_most() {
        use Encoding::{Brotli, Gzip, Plain};
        let all = &Encoding::ALL[..];
        for (asked, there, chosen) in [
            (None, all, Plain),
            (Some(""), all, Plain),
            (Some("gzip, deflate, br, zstd"), all, Brotli),
            (Some("gzip, deflate, br"), &[Plain, Gzip], Gzip),
            (Some("gzip, br"), &[Plain], Plain),
            (Some("br;q=0.5, gzip"), all, Gzip),
            (Some("br;q=0.5,gzip ; q=0.8"), all, Gzip),
            (Some("BR;Q=1.0"), all, Brotli),
            (Some("br;q=0, gzip;q=0"), all, Plain),
            (Some("br;q=none"), all, Plain),
            (Some("identity, br;q=0.5"), all, Plain),
            (Some("*"), all, Brotli),
            (Some("*;q=0.1, br;q=0"), all, Gzip),
            (Some("*;q=0"), all, Plain),
            (Some("identity;q=0"), all, Plain),
            (Some("identity;q=0, gzip"), all, Gzip),
            (Some("zstd"), all, Plain),
        ] {
            let mut headers = HeaderMap::new();
            if let Some(asked) = asked {
                headers.insert(header::ACCEPT_ENCODING, asked.parse().unwrap());
            }
            assert_eq!(choose(&headers, there), chosen, "{asked:?} {there:?}");
        }
    }
}
