//! What was asked of a guest, what it got, and the document that says both.

use std::collections::BTreeMap;

use quantix_core::Finding;
use quantix_ova::{
    convert::Conversion,
    import::{Decision, Verdict},
};
use quantix_scheduler::PlaceAnswer;
use serde::Serialize;

use crate::ui::{BAD, BOLD, GOOD, Table, styled};

/// The answer of `quantix deploy`.
#[derive(Debug, Serialize)]
pub(crate) struct DeployReport {
    /// Name of the machine.
    pub(crate) vm: String,
    /// Its UUID.
    pub(crate) uuid: String,
    /// Where it runs; `null` where no node fits.
    pub(crate) node: Option<String>,
    /// `kvm` or `qemu`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) domain_type: Option<String>,
    /// Whether this run found the machine already deployed by the same request.
    pub(crate) already_deployed: bool,
    /// Why each other node was not chosen: the placement decision, as `quantix place` answers it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) placement: Option<PlaceAnswer>,
    /// What became of each part of the appliance, and why.
    pub(crate) decisions: Vec<Decision>,
    /// What the appliance's disks became, as `quantix ova convert` answers it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) conversion: Option<Conversion>,
    /// What the spec and the appliance ask for.
    pub(crate) asked: Guest,
    /// What the guest says that it has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) got: Option<Guest>,
    /// Whether everything asked for was got.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) matches: Option<bool>,
    /// Everything that this machine consists of on disk.
    pub(crate) files: Vec<String>,
    /// Whole seconds that the run took.
    pub(crate) seconds: u64,
    /// What was noticed about the appliance and the spec.
    pub(crate) findings: Vec<Finding>,
}

/// The state of a guest, as asked or as got.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Guest {
    /// Host name, without its domain.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) hostname: Option<String>,
    /// Host name with its domain, where one is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) fqdn: Option<String>,
    /// IANA time zone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) timezone: Option<String>,
    /// Users by name.
    pub(crate) users: BTreeMap<String, User>,
    /// Packages by name: `installed`, or what the package manager says instead.
    pub(crate) packages: BTreeMap<String, String>,
    /// Network interfaces by hardware address.
    pub(crate) interfaces: BTreeMap<String, Interface>,
    /// How the first boot ended: `done`, or its errors.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) first_boot: Option<String>,
}

/// A user of a guest.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct User {
    /// `set`, `locked`, or `other` for a hash that was not asked for; never the hash.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) password: Option<String>,
    /// Authorized keys as type and blob, sorted.
    pub(crate) ssh_keys: Vec<String>,
}

/// A network interface of a guest.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Interface {
    /// Its name in the guest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<String>,
    /// Addresses with prefix lengths; asked `dhcp` is met by any global address.
    pub(crate) addresses: Vec<String>,
}

/// One line of the table *asked / got*.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    what: String,
    asked: String,
    got: String,
    /// Whether what was got is what was asked.
    pub(crate) met: bool,
}

impl Row {
    fn new(what: impl Into<String>, asked: Option<&str>, got: Option<&str>) -> Option<Self> {
        let asked = asked?.to_owned();
        let met = got == Some(asked.as_str());
        Some(Self { what: what.into(), asked, got: got.unwrap_or("nothing").to_owned(), met })
    }
}

/// What was asked beside what was got, one row for each thing asked.
pub(crate) fn rows(asked: &Guest, got: &Guest) -> Vec<Row> {
    let mut rows = Vec::new();
    rows.extend(Row::new("first boot", asked.first_boot.as_deref(), got.first_boot.as_deref()));
    rows.extend(Row::new("hostname", asked.hostname.as_deref(), got.hostname.as_deref()));
    rows.extend(Row::new("full name", asked.fqdn.as_deref(), got.fqdn.as_deref()));
    rows.extend(Row::new("time zone", asked.timezone.as_deref(), got.timezone.as_deref()));
    for (name, user) in &asked.users {
        rows.extend(user_rows(name, user, got.users.get(name)));
    }
    for (name, state) in &asked.packages {
        let got = got.packages.get(name).map(String::as_str);
        rows.extend(Row::new(format!("package {name}"), Some(state), got));
    }
    for (mac, interface) in &asked.interfaces {
        rows.extend(interface_rows(mac, interface, got.interfaces.get(mac)));
    }
    rows
}

fn user_rows(name: &str, asked: &User, got: Option<&User>) -> Vec<Row> {
    let presence = got.map(|_| "present");
    let mut rows: Vec<Row> =
        Row::new(format!("user {name}"), Some("present"), presence).into_iter().collect();
    let password = got.and_then(|user| user.password.as_deref());
    rows.extend(Row::new(format!("password of {name}"), asked.password.as_deref(), password));
    for key in &asked.ssh_keys {
        let held = got.is_some_and(|user| user.ssh_keys.contains(key));
        let what = format!("key of {name}");
        let short = shorten(key);
        rows.extend(Row::new(what, Some(&short), held.then_some(short.as_str())));
    }
    rows
}

fn interface_rows(mac: &str, asked: &Interface, got: Option<&Interface>) -> Vec<Row> {
    let name = got.and_then(|interface| interface.name.as_deref());
    let mut rows: Vec<Row> =
        Row::new(format!("name of {mac}"), asked.name.as_deref(), name).into_iter().collect();
    let held = got.map_or(&[][..], |interface| &interface.addresses);
    for address in &asked.addresses {
        let what = format!("address of {mac}");
        if address == "dhcp" {
            let got = if held.is_empty() { "nothing".to_owned() } else { held.join(", ") };
            rows.push(Row { what, asked: address.clone(), got, met: !held.is_empty() });
        } else {
            let found = held.contains(address).then_some(address.as_str());
            let shown = if held.is_empty() { None } else { Some(held.join(", ")) };
            rows.extend(Row::new(what, Some(address), found.or(shown.as_deref())));
        }
    }
    rows
}

/// A key as people recognise it: type and the end of the blob.
fn shorten(key: &str) -> String {
    match key.split_once(' ') {
        Some((kind, blob)) if blob.len() > 12 && blob.is_ascii() => {
            format!("{kind} …{}", &blob[blob.len() - 12..])
        }
        _ => key.to_owned(),
    }
}

/// What the machine has otherwise than the appliance says, and why.
pub(crate) fn changes(decisions: &[Decision]) -> String {
    let mut table = Table::new(["OF THE APPLIANCE", "WAS", "BECOMES", "BECAUSE"]);
    for decision in decisions.iter().filter(|decision| decision.verdict != Verdict::Kept) {
        let text = |value: &Option<String>, none: &str| value.as_deref().unwrap_or(none).to_owned();
        let (from, to) = (text(&decision.from, ""), text(&decision.to, "nothing"));
        table.row([decision.item.clone(), from, to, decision.reason.clone()]);
    }
    table.render()
}

/// The report for people: where, why not elsewhere, and the table.
pub(crate) fn human(report: &DeployReport) -> String {
    let mut text = format!(
        "{} runs on {}{}{}\n",
        styled(BOLD, &report.vm),
        report.node.as_deref().unwrap_or("no node"),
        report.domain_type.as_deref().map(|kind| format!(" ({kind})")).unwrap_or_default(),
        if report.already_deployed { ", as deployed before" } else { "" }
    );
    let Some(got) = &report.got else {
        text.push_str("not waited for: ask the guest later with the same command\n");
        return text;
    };
    let mut table = Table::new(["", "asked", "got", ""]);
    for row in rows(&report.asked, got) {
        let mark = if row.met { styled(GOOD, "ok") } else { styled(BAD, "differs") };
        table.row([row.what, row.asked, row.got, mark]);
    }
    text.push_str(&table.render());
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guest(address: &str, password: &str) -> Guest {
        let key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBs75MYBNXN0QDQEj7aglKlL".to_owned();
        let user = User { password: Some(password.to_owned()), ssh_keys: vec![key] };
        let interface =
            Interface { name: Some("lan0".to_owned()), addresses: vec![address.to_owned()] };
        Guest {
            hostname: Some("web-1".to_owned()),
            fqdn: Some("web-1.example.test".to_owned()),
            timezone: Some("UTC".to_owned()),
            users: [("ops".to_owned(), user)].into(),
            packages: [("tree".to_owned(), "installed".to_owned())].into(),
            interfaces: [("52:54:00:00:00:01".to_owned(), interface)].into(),
            first_boot: Some("done".to_owned()),
        }
    }

    fn unmet(asked: &Guest, got: &Guest) -> Vec<String> {
        rows(asked, got).into_iter().filter(|row| !row.met).map(|row| row.what).collect()
    }

    #[test]
    fn everything_asked_is_compared_and_nothing_else() {
        let asked = guest("dhcp", "set");
        assert!(unmet(&asked, &guest("10.0.2.15/24", "set")).is_empty());
        assert!(rows(&Guest::default(), &asked).is_empty(), "what was not asked is no row");

        let mut got = guest("10.0.2.15/24", "other");
        got.hostname = Some("localhost".to_owned());
        got.packages.clear();
        let expected = ["hostname", "password of ops", "package tree"];
        assert_eq!(unmet(&asked, &got), expected);

        assert_eq!(unmet(&asked, &Guest::default()).len(), rows(&asked, &asked).len());
    }

    #[test]
    fn static_addresses_must_be_the_ones_asked_for() {
        let asked = guest("192.0.2.7/24", "set");
        assert!(unmet(&asked, &asked).is_empty());
        let differs = rows(&asked, &guest("10.0.2.15/24", "set"));
        let row = differs.iter().find(|row| !row.met).unwrap();
        assert_eq!((row.asked.as_str(), row.got.as_str()), ("192.0.2.7/24", "10.0.2.15/24"));
    }
}
