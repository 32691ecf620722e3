//! Tables of what is given and refused, and the pool against a scan of all addresses.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::{Timestamp, Validate};

const AT: Timestamp = Timestamp::from_unix_ms(0);

fn pool(cidr: &str) -> AddressPool {
    let document = SubnetPool::new("p".parse().unwrap(), cidr.parse().unwrap());
    AddressPool::new(document).unwrap()
}

fn run(pool: &mut AddressPool, command: serde_json::Value) -> String {
    match pool.run(serde_json::from_value(command).unwrap()) {
        Ok(answer) => serde_json::to_string(&answer).unwrap(),
        Err(error) => format!("{}: {error}", error.code()),
    }
}

#[test]
fn what_is_given_and_what_is_refused() {
    let mut pool = pool("10.0.0.0/29");
    let at = "1970-01-01T00:00:00Z";
    let json = |text: &str| serde_json::from_str(text).unwrap();
    for (command, expected) in [
        (r#"{"op":"reserve","first":"10.0.0.1","last":"10.0.0.2"}"#, r#"{"allocated":0,"free":4,"#),
        (
            r#"{"op":"allocate","owner":"a","at":"AT"}"#,
            r#""address":"10.0.0.3","mac_address":"fa:16:3e:00:00:00""#,
        ),
        (r#"{"op":"allocate","owner":"a","address":"10.0.0.4","at":"AT"}"#, "other-address"),
        (
            r#"{"op":"allocate","owner":"b","address":"10.0.0.3","at":"AT"}"#,
            r#"address-taken: 10.0.0.3 belongs to "a""#,
        ),
        (
            r#"{"op":"allocate","owner":"b","address":"10.0.0.1","at":"AT"}"#,
            "reserved-address: 10.0.0.1 is reserved",
        ),
        (
            r#"{"op":"allocate","owner":"b","address":"10.0.0.0","at":"AT"}"#,
            "the network's own address",
        ),
        (
            r#"{"op":"allocate","owner":"b","address":"10.0.0.7","at":"AT"}"#,
            "the broadcast address",
        ),
        (r#"{"op":"allocate","owner":"b","address":"10.0.0.8","at":"AT"}"#, "outside-network"),
        (
            r#"{"op":"allocate","owner":"b","mac_address":"01:00:00:00:00:00","at":"AT"}"#,
            "bad-mac-address",
        ),
        (
            r#"{"op":"allocate","owner":"b","mac_address":"fa:16:3e:00:00:00","at":"AT"}"#,
            "mac-taken",
        ),
        (r#"{"op":"allocate","owner":"","at":"AT"}"#, "bad-owner"),
        (
            r#"{"op":"allocate","owner":"b","address":"10.0.0.4","mac_address":"52:54:00:00:00:01","at":"AT"}"#,
            r#""requested":true"#,
        ),
        (
            r#"{"op":"allocate","owner":"c","at":"AT"}"#,
            r#""address":"10.0.0.5","mac_address":"fa:16:3e:00:00:01""#,
        ),
        (r#"{"op":"allocate","owner":"d","at":"AT"}"#, r#""address":"10.0.0.6""#),
        (
            r#"{"op":"allocate","owner":"e","at":"AT"}"#,
            "pool-exhausted: no address of 10.0.0.0/29 is free",
        ),
        (r#"{"op":"release","owner":"e"}"#, "unknown-owner"),
        (r#"{"op":"release","owner":"a"}"#, r#""owner":"a""#),
        (
            r#"{"op":"allocate","owner":"e","at":"AT"}"#,
            r#""address":"10.0.0.3","mac_address":"fa:16:3e:00:00:00""#,
        ),
        (r#"{"op":"owner_of","address":"10.0.0.3"}"#, r#"{"owner":"e"}"#),
        (r#"{"op":"get","owner":"a"}"#, r#"{"allocation":null}"#),
        (r#"{"op":"unreserve","first":"10.0.0.1","last":"10.0.0.1"}"#, "not-reserved"),
        (r#"{"op":"reserve","first":"10.0.0.2","last":"10.0.0.1"}"#, "range-order"),
        (
            r#"{"op":"unreserve","first":"10.0.0.1","last":"10.0.0.2"}"#,
            r#"{"allocated":4,"free":2,"#,
        ),
    ] {
        let found = run(&mut pool, json(&command.replace("AT", at)));
        assert!(found.contains(expected), "{command}: {found}");
    }
    let document = pool.to_document();
    assert_eq!(document.findings(), []);
    assert_eq!(AddressPool::new(document).unwrap(), pool);
}

#[test]
fn networks_of_every_size() {
    for (cidr, first, free) in [
        ("10.0.0.0/24", Some("10.0.0.1"), 254),
        ("10.0.0.0/31", Some("10.0.0.0"), 2),
        ("10.0.0.9/32", Some("10.0.0.9"), 1),
        ("0.0.0.0/0", Some("0.0.0.1"), (1 << 32) - 2),
        ("2001:db8::/64", Some("2001:db8::1"), u64::MAX),
        ("2001:db8::/127", Some("2001:db8::"), 2),
        ("::/0", Some("::1"), u64::MAX),
    ] {
        let mut pool = pool(cidr);
        assert_eq!(pool.usage().free, free, "{cidr}");
        let given = pool.allocate(&AllocationRequest::new("a", AT)).ok();
        assert_eq!(given.map(|one| one.address.to_string()).as_deref(), first, "{cidr}");
    }
}

#[test]
fn every_fault_of_a_document_is_told() {
    let document: SubnetPool = serde_json::from_str(
        r#"{"id":"p","cidr":"10.0.0.0/24","gateway":"10.0.1.1","mac_base":"fa:16:3e:00:00:01",
            "range":{"first":"10.0.0.9","last":"10.0.0.8"},
            "reserved":[{"first":"::1","last":"10.0.0.2"}],
            "allocations":[
                {"owner":"a","address":"10.0.0.1","since":"2026-01-31T12:00:00Z"},
                {"owner":"a","address":"10.0.0.1","mac_address":"01:00:00:00:00:00","since":"2026-01-31T12:00:00Z"},
                {"owner":"\n","address":"10.9.0.1","since":"2026-01-31T12:00:00Z"}]}"#,
    )
    .unwrap();
    let found: Vec<_> = document
        .findings()
        .into_iter()
        .map(|finding| format!("{} {}", finding.path.unwrap_or_default(), finding.code))
        .collect();
    assert_eq!(
        found,
        [
            "gateway outside-network",
            "range.last range-order",
            "reserved[0].first outside-network",
            "reserved[0].last range-order",
            "mac_base bad-mac-address",
            "allocations[1].owner duplicate",
            "allocations[1].address duplicate",
            "allocations[1].mac_address bad-mac-address",
            "allocations[2].owner bad-owner",
            "allocations[2].address outside-network",
        ]
    );
    assert!(AddressPool::new(document).is_err());
    let mut many = SubnetPool::new("p".parse().unwrap(), "10.0.0.0/8".parse().unwrap());
    let range =
        AddressRange { first: "10.0.0.1".parse().unwrap(), last: "10.0.0.1".parse().unwrap() };
    many.reserved = vec![range; RESERVED_MAX + 1];
    assert_eq!(many.findings()[0].code, "too-many");
}

proptest! {
    /// The obvious way: look at every address from the first one.
    #[test]
    fn gives_what_a_scan_finds(ops in proptest::collection::vec((0u8..4, 0u8..14, 0u8..16), 0..60)) {
        let mut pool = pool("10.0.0.0/28");
        let mut oracle: BTreeMap<String, u8> = BTreeMap::new();
        let mut reserved: Vec<u8> = Vec::new();
        let address = |low: u8| std::net::IpAddr::from([10, 0, 0, low]);
        for (op, owner, low) in ops {
            let owner = owner.to_string();
            let free = |oracle: &BTreeMap<String, u8>, reserved: &[u8], low: u8| {
                (1..15).contains(&low) && !reserved.contains(&low) && !oracle.values().any(|has| *has == low)
            };
            match op {
                0 | 1 => {
                    let asked = (op == 1).then_some(low);
                    let mut request = AllocationRequest::new(owner.clone(), AT);
                    request.address = asked.map(address);
                    let expected = match (oracle.get(&owner).copied(), asked) {
                        (Some(has), None) => Some(has),
                        (Some(has), Some(asked)) => (has == asked).then_some(has),
                        (None, Some(asked)) => free(&oracle, &reserved, asked).then_some(asked),
                        (None, None) => (0..16).find(|low| free(&oracle, &reserved, *low)),
                    };
                    let given = pool.allocate(&request).ok().map(|one| one.address);
                    prop_assert_eq!(given, expected.map(address));
                    oracle.extend(expected.map(|low| (owner, low)));
                }
                2 => prop_assert_eq!(pool.release(&owner).is_ok(), oracle.remove(&owner).is_some()),
                _ => {
                    let range = AddressRange { first: address(low), last: address(low) };
                    if reserved.contains(&low) {
                        pool.unreserve(range).unwrap();
                        reserved.retain(|other| *other != low);
                    } else {
                        pool.reserve(range).unwrap();
                        reserved.push(low);
                    }
                }
            }
            prop_assert_eq!(&AddressPool::new(pool.to_document()).unwrap(), &pool);
        }
    }
}
