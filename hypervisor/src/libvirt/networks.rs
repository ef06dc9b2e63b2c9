//! The networks that libvirt knows.

use std::net::Ipv4Addr;

use base::Result;
use tracing::warn;

use super::ffi::number;
use super::link::{Link, SHORT, is};
use super::xml::{self, Element};

/// A network of libvirt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Network {
    /// Its name.
    pub name: String,
    /// Its addresses, such as `192.168.122.0/24`, where libvirt gives them out; of several the
    /// first that are of IPv4.
    pub addresses: Option<String>,
}

/// All networks, by name; none where libvirt was built without them.
pub(super) async fn list(link: &Link) -> Result<Vec<Network>> {
    let texts = link.call(SHORT, |conn| match conn.networks() {
        Err(e) if is(&e, number::NO_SUPPORT) => Ok(Vec::new()),
        all => Ok(all?),
    });
    let mut networks = Vec::new();
    for text in texts.await? {
        match text.map_err(Into::into).and_then(|text| network(&text)) {
            Ok(network) => networks.extend(network),
            Err(e) => warn!("a network is left out: {e}"),
        }
    }
    networks.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(networks)
}

/// A network by its description; `None` without a name.
fn network(text: &str) -> Result<Option<Network>> {
    let root = xml::parse(text)?;
    let name = root.child("name").map(Element::text).unwrap_or_default();
    Ok((!name.is_empty()).then(|| Network {
        name,
        addresses: root.all("ip").find_map(addresses),
    }))
}

/// Of an `ip` element the network's address and the length of its prefix.
fn addresses(ip: &Element) -> Option<String> {
    let own = ip.attribute("address")?.parse::<Ipv4Addr>().ok()?;
    let mask = |text: &str| text.parse::<Ipv4Addr>().ok().map(|m| m.to_bits());
    let prefix = match (ip.attribute("prefix"), ip.attribute("netmask")) {
        (Some(prefix), _) => prefix.parse().ok().filter(|p| *p <= 32)?,
        (None, Some(netmask)) => mask(netmask)?.leading_ones(),
        (None, None) => return None,
    };
    let mask = u32::MAX.checked_shl(32 - prefix).unwrap_or(0);
    let first = Ipv4Addr::from_bits(own.to_bits() & mask);
    Some(format!("{first}/{prefix}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addresses_of(inside: &str) -> Option<String> {
        let text = format!("<network><name>a</name>{inside}</network>");
        network(&text).unwrap().unwrap().addresses
    }

    #[test]
    fn addresses_are_those_of_the_network_and_of_ipv4() {
        for (inside, expected) in [
            (
                "<ip family='ipv6' address='fd00::1' prefix='64'/>\
                 <ip address='192.168.122.1' netmask='255.255.255.0'><dhcp/></ip>",
                Some("192.168.122.0/24"),
            ),
            ("<ip address='10.1.2.3' prefix='12'/>", Some("10.0.0.0/12")),
            ("<ip address='10.1.2.3' prefix='0'/>", Some("0.0.0.0/0")),
            ("<ip address='10.1.2.3' prefix='32'/>", Some("10.1.2.3/32")),
            ("<ip address='10.1.2.3' prefix='33'/>", None),
            ("<ip address='10.1.2.3'/>", None),
            ("<ip address='here' prefix='8'/>", None),
            ("<forward mode='bridge'/><bridge name='br0'/>", None),
        ] {
            assert_eq!(addresses_of(inside).as_deref(), expected, "{inside}");
        }
    }

    #[test]
    fn a_network_without_a_name_is_none_and_what_is_no_xml_an_error() {
        assert_eq!(network("<network/>").unwrap(), None);
        assert!(network("<network>").is_err());
    }
}
