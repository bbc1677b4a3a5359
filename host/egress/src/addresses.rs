//! Which addresses nothing of ours may reach, and why. The one set of address rules of the host.
//!
//! From the IANA special-purpose registries (RFC 6890 and its updates). IPv6 is closed except for global unicast, so that a range which
//! is given a special meaning later is not open by default.

use ipnet::{Ipv4Net, Ipv6Net};
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Why an address is denied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Rule {
    /// This machine.
    Loopback,
    /// RFC 1918 and IPv6 unique-local.
    Private,
    /// Shared by a carrier's customers (RFC 6598).
    CarrierNat,
    /// Of one network segment.
    LinkLocal,
    /// Where clouds hand out credentials.
    Metadata,
    /// `0.0.0.0/8` and `::`, which reach this machine.
    Unspecified,
    /// Many receivers.
    Multicast,
    /// Everybody.
    Broadcast,
    /// For examples in documents.
    Documentation,
    /// For measuring network devices.
    Benchmarking,
    /// IPv4 inside IPv6, by a notation that hides it.
    Mapped,
    /// IPv4 behind a translator.
    Nat64,
    /// IPv4 behind a 6to4 relay.
    SixToFour,
    /// IPv4 behind a Teredo relay.
    Teredo,
    /// Assigned to protocols, or not assigned.
    Reserved,
}

impl Rule {
    /// For people: completes "it is …".
    #[must_use]
    pub fn describe(self) -> &'static str {
        match self {
            Self::Loopback => "a loopback address",
            Self::Private => "a private address",
            Self::CarrierNat => "a carrier-grade NAT address",
            Self::LinkLocal => "a link-local address",
            Self::Metadata => "a cloud metadata address",
            Self::Unspecified => "an unspecified address",
            Self::Multicast => "a multicast address",
            Self::Broadcast => "the broadcast address",
            Self::Documentation => "a documentation address",
            Self::Benchmarking => "a benchmarking address",
            Self::Mapped => "an IPv4 address written as IPv6",
            Self::Nat64 => "a NAT64 address",
            Self::SixToFour => "a 6to4 address",
            Self::Teredo => "a Teredo address",
            Self::Reserved => "a reserved address",
        }
    }

    /// Whether an operator who allows a host by its name also lifts this rule. The other ranges are not where anybody's service lives,
    /// so a name that suddenly points there is an attack; they need the address itself in the configuration.
    #[must_use]
    pub fn lifted_by_name(self) -> bool {
        matches!(self, Self::Loopback | Self::Private | Self::CarrierNat)
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.describe())
    }
}

const fn v4(a: u8, b: u8, c: u8, d: u8, prefix: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), prefix)
}

const fn v6(first: [u16; 4], last: [u16; 4], prefix: u8) -> Ipv6Net {
    let [a, b, c, d] = first;
    let [e, f, g, h] = last;
    Ipv6Net::new_assert(Ipv6Addr::new(a, b, c, d, e, f, g, h), prefix)
}

/// The first range that holds an address decides, so narrow ones stand before wide ones.
const DENIED_V4: &[(Ipv4Net, Rule)] = &[
    // EC2, GCP, Azure, OpenStack; ECS tasks; Alibaba; Oracle; Azure's host agent, which is in a public range.
    (v4(169, 254, 169, 254, 32), Rule::Metadata),
    (v4(169, 254, 170, 2, 32), Rule::Metadata),
    (v4(100, 100, 100, 200, 32), Rule::Metadata),
    (v4(192, 0, 0, 192, 32), Rule::Metadata),
    (v4(168, 63, 129, 16, 32), Rule::Metadata),
    (v4(0, 0, 0, 0, 8), Rule::Unspecified),
    (v4(10, 0, 0, 0, 8), Rule::Private),
    (v4(100, 64, 0, 0, 10), Rule::CarrierNat),
    (v4(127, 0, 0, 0, 8), Rule::Loopback),
    (v4(169, 254, 0, 0, 16), Rule::LinkLocal),
    (v4(172, 16, 0, 0, 12), Rule::Private),
    (v4(192, 0, 0, 0, 24), Rule::Reserved),
    (v4(192, 0, 2, 0, 24), Rule::Documentation),
    (v4(192, 31, 196, 0, 24), Rule::Reserved),
    (v4(192, 52, 193, 0, 24), Rule::Reserved),
    (v4(192, 88, 99, 0, 24), Rule::SixToFour),
    (v4(192, 168, 0, 0, 16), Rule::Private),
    (v4(192, 175, 48, 0, 24), Rule::Reserved),
    (v4(198, 18, 0, 0, 15), Rule::Benchmarking),
    (v4(198, 51, 100, 0, 24), Rule::Documentation),
    (v4(203, 0, 113, 0, 24), Rule::Documentation),
    (v4(224, 0, 0, 0, 4), Rule::Multicast),
    (v4(255, 255, 255, 255, 32), Rule::Broadcast),
    (v4(240, 0, 0, 0, 4), Rule::Reserved),
];

const DENIED_V6: &[(Ipv6Net, Rule)] = &[
    (v6([0xfd00, 0x0ec2, 0, 0], [0, 0, 0, 0x254], 128), Rule::Metadata),
    (v6([0xfd20, 0x00ce, 0, 0], [0, 0, 0, 0x254], 128), Rule::Metadata),
    (v6([0, 0, 0, 0], [0, 0, 0, 1], 128), Rule::Loopback),
    (v6([0, 0, 0, 0], [0, 0, 0, 0], 128), Rule::Unspecified),
    (v6([0, 0, 0, 0], [0, 0xffff, 0, 0], 96), Rule::Mapped),
    // IPv4-translated (RFC 2765) and the obsolete IPv4-compatible notation.
    (v6([0, 0, 0, 0], [0xffff, 0, 0, 0], 96), Rule::Mapped),
    (v6([0, 0, 0, 0], [0, 0, 0, 0], 96), Rule::Mapped),
    (v6([0x0064, 0xff9b, 0, 0], [0, 0, 0, 0], 96), Rule::Nat64),
    (v6([0x0064, 0xff9b, 1, 0], [0, 0, 0, 0], 48), Rule::Nat64),
    (v6([0x2001, 0, 0, 0], [0, 0, 0, 0], 32), Rule::Teredo),
    (v6([0x2001, 2, 0, 0], [0, 0, 0, 0], 48), Rule::Benchmarking),
    (v6([0x2001, 0, 0, 0], [0, 0, 0, 0], 23), Rule::Reserved),
    (v6([0x2001, 0x0db8, 0, 0], [0, 0, 0, 0], 32), Rule::Documentation),
    (v6([0x2002, 0, 0, 0], [0, 0, 0, 0], 16), Rule::SixToFour),
    (v6([0x3fff, 0, 0, 0], [0, 0, 0, 0], 20), Rule::Documentation),
    (v6([0xfc00, 0, 0, 0], [0, 0, 0, 0], 7), Rule::Private),
    (v6([0xfe80, 0, 0, 0], [0, 0, 0, 0], 10), Rule::LinkLocal),
    // Site-local, the predecessor of unique-local.
    (v6([0xfec0, 0, 0, 0], [0, 0, 0, 0], 10), Rule::Private),
    (v6([0xff00, 0, 0, 0], [0, 0, 0, 0], 8), Rule::Multicast),
];

/// All that IANA gives out for use on the internet.
const GLOBAL_V6: Ipv6Net = v6([0x2000, 0, 0, 0], [0, 0, 0, 0], 3);

/// The rule that denies the address; none when it is a public one.
#[must_use]
pub fn denied(address: IpAddr) -> Option<Rule> {
    match address {
        IpAddr::V4(address) => {
            DENIED_V4.iter().find(|(range, _)| range.contains(&address)).map(|(_, rule)| *rule)
        }
        IpAddr::V6(address) => {
            let named = DENIED_V6.iter().find(|(range, _)| range.contains(&address)).map(|(_, rule)| *rule);
            named.or_else(|| (!GLOBAL_V6.contains(&address)).then_some(Rule::Reserved))
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn special_addresses_are_denied_at_both_ends_of_their_range_and_their_neighbours_are_not() {
        use Rule::*;
        for (address, rule) in [
            ("0.0.0.0", Some(Unspecified)),
            ("0.255.255.255", Some(Unspecified)),
            ("1.0.0.0", None),
            ("9.255.255.255", None),
            ("10.0.0.0", Some(Private)),
            ("10.255.255.255", Some(Private)),
            ("11.0.0.0", None),
            ("100.63.255.255", None),
            ("100.64.0.0", Some(CarrierNat)),
            ("100.100.100.200", Some(Metadata)),
            ("100.127.255.255", Some(CarrierNat)),
            ("100.128.0.0", None),
            ("126.255.255.255", None),
            ("127.0.0.1", Some(Loopback)),
            ("127.255.255.255", Some(Loopback)),
            ("128.0.0.0", None),
            ("168.63.129.16", Some(Metadata)),
            ("169.253.255.255", None),
            ("169.254.0.0", Some(LinkLocal)),
            ("169.254.169.254", Some(Metadata)),
            ("169.254.170.2", Some(Metadata)),
            ("169.254.255.255", Some(LinkLocal)),
            ("169.255.0.0", None),
            ("172.15.255.255", None),
            ("172.16.0.0", Some(Private)),
            ("172.31.255.255", Some(Private)),
            ("172.32.0.0", None),
            ("192.0.0.8", Some(Reserved)),
            ("192.0.0.192", Some(Metadata)),
            ("192.0.1.0", None),
            ("192.0.2.255", Some(Documentation)),
            ("192.88.99.1", Some(SixToFour)),
            ("192.167.255.255", None),
            ("192.168.0.0", Some(Private)),
            ("192.168.255.255", Some(Private)),
            ("192.169.0.0", None),
            ("198.17.255.255", None),
            ("198.18.0.0", Some(Benchmarking)),
            ("198.19.255.255", Some(Benchmarking)),
            ("198.20.0.0", None),
            ("198.51.100.7", Some(Documentation)),
            ("203.0.113.7", Some(Documentation)),
            ("223.255.255.255", None),
            ("224.0.0.0", Some(Multicast)),
            ("239.255.255.255", Some(Multicast)),
            ("240.0.0.0", Some(Reserved)),
            ("255.255.255.254", Some(Reserved)),
            ("255.255.255.255", Some(Broadcast)),
            ("8.8.8.8", None),
            ("::", Some(Unspecified)),
            ("::1", Some(Loopback)),
            ("::7f00:1", Some(Mapped)),
            ("::ffff:127.0.0.1", Some(Mapped)),
            ("::ffff:8.8.8.8", Some(Mapped)),
            ("::ffff:0:127.0.0.1", Some(Mapped)),
            ("64:ff9b::7f00:1", Some(Nat64)),
            ("64:ff9b:1::a9fe:a9fe", Some(Nat64)),
            ("100::1", Some(Reserved)),
            ("2001::1", Some(Teredo)),
            ("2001:2::1", Some(Benchmarking)),
            ("2001:20::1", Some(Reserved)),
            ("2001:200::1", None),
            ("2001:db8::1", Some(Documentation)),
            ("2001:db9::1", None),
            ("2001:4860:4860::8888", None),
            ("2002:7f00:1::", Some(SixToFour)),
            ("2003::1", None),
            ("3ffe:ffff::1", None),
            ("3fff::1", Some(Documentation)),
            ("4000::1", Some(Reserved)),
            ("5f00::1", Some(Reserved)),
            ("fc00::1", Some(Private)),
            ("fd00:ec2::254", Some(Metadata)),
            ("fdff::1", Some(Private)),
            ("fe80::1", Some(LinkLocal)),
            ("fec0::1", Some(Private)),
            ("ff02::1", Some(Multicast)),
        ] {
            assert_eq!(denied(address.parse().unwrap()), rule, "{address}");
        }
    }
}
