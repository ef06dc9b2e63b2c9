//! Host names and addresses that a server is reached by.

use dns_lookup::{AddrInfoHints, getaddrinfo};
use url::{Host, Url};

/// getaddrinfo's flag that asks for a name with its domain.
const CANONICAL: i32 = libc::AI_CANONNAME;

/// The names to serve under: of the public URL, of this host with and without its domain, those
/// that were set, and `localhost`. May wait for the network's names.
pub fn fixed_names(url: &Url, further: &[String]) -> Vec<String> {
    let host = url.host().map(|host| match host {
        Host::Domain(name) => name.to_owned(),
        Host::Ipv4(address) => address.to_string(),
        Host::Ipv6(address) => address.to_string(),
    });
    let mut all: Vec<String> = host.into_iter().collect();
    all.push(host_name());
    all.extend(full_name(&host_name()));
    all.extend(further.iter().cloned());
    all.extend(["localhost", "127.0.0.1", "::1"].map(str::to_owned));
    once_each(all)
}

/// The same with the addresses that this host's interfaces have by now.
pub fn names(fixed: &[String]) -> Vec<String> {
    let mut addresses = addresses();
    addresses.sort();
    once_each(fixed.iter().cloned().chain(addresses))
}

fn once_each(all: impl IntoIterator<Item = String>) -> Vec<String> {
    let mut names = Vec::new();
    for name in all {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

/// This host's name.
pub fn host_name() -> String {
    let system = rustix::system::uname();
    let name = system.nodename().to_string_lossy().to_lowercase();
    if name.is_empty() {
        "localhost".to_owned()
    } else {
        name
    }
}

/// A host's name without its domain, in what a resource's name may have.
pub fn short_name(name: &str) -> String {
    let first = name.split('.').next().unwrap_or(name);
    let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
    first.chars().map(plain).collect()
}

/// A name with its domain, if the system knows one.
fn full_name(name: &str) -> Option<String> {
    let hints = AddrInfoHints {
        flags: CANONICAL,
        ..AddrInfoHints::default()
    };
    let mut found = getaddrinfo(Some(name), None, Some(hints)).ok()?;
    let full = found.find_map(|a| a.ok()?.canonname)?.to_lowercase();
    let full = full.trim_end_matches('.').to_owned();
    (full.contains('.') && full.parse::<std::net::IpAddr>().is_err()).then_some(full)
}

/// Addresses of this host's interfaces that others can reach.
fn addresses() -> Vec<String> {
    let all = if_addrs::get_if_addrs().unwrap_or_default();
    let others = all.iter().filter(|i| !i.is_link_local());
    others.map(|i| i.ip().to_string()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_name_is_there_once_and_that_of_the_url_is_first() {
        let url = Url::parse("https://localhost:1").unwrap();
        let further = ["backup.example".to_owned(), "::1".to_owned()];
        let names = names(&fixed_names(&url, &further));
        assert_eq!(names[0], "localhost");
        for name in ["backup.example", "127.0.0.1", "::1", &host_name()] {
            let times = names.iter().filter(|n| *n == name).count();
            assert_eq!(times, 1, "{name}: {names:?}");
        }
        assert!(names.iter().all(|n| !n.contains('%')), "{names:?}");
    }
}
