//! ARM's paths, brought to one form (`docs/wire.md`, G3 to G5).
//!
//! A path is pairs: what it is, and its name. The first of a pair matches whatever its case,
//! the second is a name and keeps it. After `providers` comes a namespace instead of a name,
//! and the pairs go on behind it.

use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};

/// What a segment must not contain as it is.
const IN_SEGMENT: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'/')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'`')
    .add(b'{')
    .add(b'}');

/// The path with single slashes, no slash at its end, `%XX` decoded where that can be, and in
/// ARM's paths all but names in lower case. `None` if a name is no UTF-8.
#[must_use]
pub fn fold(path: &str) -> Option<String> {
    let mut folded = String::with_capacity(path.len());
    let mut next = None;
    for segment in path.split('/').filter(|s| !s.is_empty()) {
        let segment = percent_decode_str(segment).decode_utf8().ok()?;
        let lower = segment.to_ascii_lowercase();
        let place = match next {
            None if lower == "subscriptions" || lower == "providers" => Place::What,
            None => Place::Foreign,
            Some(place) => place,
        };
        next = Some(place.after(&lower));
        folded.push('/');
        match place {
            Place::What | Place::Namespace => push(&mut folded, &lower),
            Place::Name | Place::Foreign => push(&mut folded, &segment),
        }
    }
    if folded.is_empty() {
        folded.push('/');
    }
    Some(folded)
}

/// An id as it stands in a URL.
#[must_use]
pub fn encode(id: &str) -> String {
    let mut path = String::with_capacity(id.len());
    for segment in id.split('/').filter(|s| !s.is_empty()) {
        path.push('/');
        push(&mut path, segment);
    }
    path
}

fn push(path: &mut String, segment: &str) {
    path.extend(utf8_percent_encode(segment, IN_SEGMENT));
}

/// What a segment is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    What,
    Name,
    Namespace,
    /// Of a path that is none of ARM's.
    Foreign,
}

impl Place {
    fn after(self, segment: &str) -> Self {
        match self {
            Self::What if segment == "providers" => Self::Namespace,
            Self::What => Self::Name,
            Self::Name | Self::Namespace => Self::What,
            Self::Foreign => Self::Foreign,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is(path: &str, folded: &str) {
        assert_eq!(fold(path).as_deref(), Some(folded), "{path}");
    }

    #[test]
    fn g3_what_it_is_matches_in_any_case_and_names_keep_theirs() {
        is(
            "/Subscriptions/AbC/resourceGroups/RG1/providers/Microsoft.RecoveryServices/vaults/V1",
            "/subscriptions/AbC/resourcegroups/RG1/providers/microsoft.recoveryservices/vaults/V1",
        );
        is(
            "/subscriptions/s/providers/Microsoft.RecoveryServices/locations/Here/backupStatus",
            "/subscriptions/s/providers/microsoft.recoveryservices/locations/Here/backupstatus",
        );
        is(
            "/subscriptions/s/resourceGroups/Providers/providers/A.B/Locks/Providers",
            "/subscriptions/s/resourcegroups/Providers/providers/a.b/locks/Providers",
        );
    }

    #[test]
    fn g4_both_forms_of_a_semicolon_are_one() {
        let folded = "/subscriptions/s/protectioncontainers/IaasVMContainer;vm;Rg;A";
        for path in ["IaasVMContainer%3Bvm%3BRg%3BA", "IaasVMContainer;vm;Rg;A"] {
            is(
                &format!("/subscriptions/s/protectionContainers/{path}"),
                folded,
            );
        }
    }

    #[test]
    fn g5_slashes_are_single_and_none_stands_at_the_end() {
        is(
            "/subscriptions/s/resourcegroups/g/providers/Microsoft.Storage/storageAccounts//a/",
            "/subscriptions/s/resourcegroups/g/providers/microsoft.storage/storageaccounts/a",
        );
        is("//", "/");
        is("", "/");
    }

    #[test]
    fn a_slash_in_a_name_stays_in_it_and_what_is_no_text_is_refused() {
        is("/subscriptions/a%2Fb/x", "/subscriptions/a%2Fb/x");
        assert_eq!(fold("/subscriptions/%FF"), None);
    }

    #[test]
    fn other_paths_keep_their_case() {
        is("/adfs/oauth2/Token", "/adfs/oauth2/Token");
        is("/assets/Index-AbC.js", "/assets/Index-AbC.js");
    }

    #[test]
    fn folding_twice_is_folding_once() {
        for path in [
            "/Subscriptions/a%25b/ResourceGroups/%20x",
            "/PROVIDERS/X.Y/Z",
        ] {
            let once = fold(path).unwrap();
            assert_eq!(fold(&once).unwrap(), once);
        }
    }
}
