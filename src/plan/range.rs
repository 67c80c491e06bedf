//! Address ranges that may only grow.

use std::net::IpAddr;

/// A range in CIDR notation, as its first address and how many bits of it are fixed, in IPv6's width.
struct Range {
    first: u128,
    fixed: u32,
    v6: bool,
}

impl Range {
    fn parse(text: &str) -> Option<Self> {
        let (address, bits) = text.trim().split_once('/')?;
        let (address, bits): (IpAddr, u32) = (address.parse().ok()?, bits.parse().ok()?);
        let (whole, v6, before) = match address {
            IpAddr::V4(v4) => (v4.to_ipv6_mapped().to_bits(), false, 96),
            IpAddr::V6(v6) => (v6.to_bits(), true, 0),
        };
        let fixed = before + bits;
        (fixed <= 128).then(|| Self { first: masked(whole, fixed), fixed, v6 })
    }
}

fn masked(address: u128, fixed: u32) -> u128 {
    if fixed == 0 { 0 } else { address & (u128::MAX << (128 - fixed)) }
}

/// Whether `new` holds all of `old` and more; `None` where one of them is no range.
pub(super) fn grows(old: &str, new: &str) -> Option<bool> {
    let (old, new) = (Range::parse(old)?, Range::parse(new)?);
    Some(old.v6 == new.v6 && new.fixed < old.fixed && masked(old.first, new.fixed) == new.first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_grows_when_it_holds_the_old_one() {
        for (old, new, expected) in [
            ("10.244.0.0/16", "10.240.0.0/12", Some(true)),
            ("10.244.0.0/16", "10.0.0.0/8", Some(true)),
            ("10.244.0.0/16", "10.244.0.0/17", Some(false)),
            ("10.244.0.0/16", "10.244.0.0/16", Some(false)),
            ("10.244.0.0/16", "10.0.0.0/13", Some(false)),
            ("10.244.0.0/16", "0.0.0.0/0", Some(true)),
            ("fd00::/64", "fd00::/56", Some(true)),
            ("10.244.0.0/16", "::/0", Some(false)),
            ("10.244.0.0", "10.0.0.0/8", None),
            ("10.244.0.0/16", "10.0.0.0/33", None),
        ] {
            assert_eq!(grows(old, new), expected, "{old} {new}");
        }
    }
}
