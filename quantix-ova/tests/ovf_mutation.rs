//! Spoilt descriptors: nothing panics, whatever is asked of them.

use proptest::prelude::*;
use quantix_ova::{
    import::{Choices, import},
    ovf::{Descriptor, Inspect, diff},
    package::Packing,
};

const WRITTEN: &str = include_str!("ovf_written.ovf");

const ODD: &str = r#"<Envelope xmlns="http://schemas.dmtf.org/ovf/envelope/1" xmlns:ovf="http://schemas.dmtf.org/ovf/envelope/1"><References><File ovf:id="f" ovf:href="a" ovf:chunkSize="5" ovf:compression="gzip"/></References>
<DiskSection><Info/><Disk ovf:diskId="d" ovf:capacity="${c.size}" ovf:capacityAllocationUnits="byte * 2^20" ovf:parentRef="e"/><Disk ovf:diskId="e" ovf:fileRef="f" ovf:capacity="1" ovf:parentRef="d"/></DiskSection>
<DeploymentOptionSection><Info/><Configuration ovf:id="s"/><Configuration ovf:id="l" ovf:default="true"/></DeploymentOptionSection>
<VirtualSystemCollection ovf:id="g"><Info/><StartupSection><Info/><Item ovf:id="v" ovf:order="1"/></StartupSection>
<VirtualSystem ovf:id="v"><Info/><ProductSection ovf:class="c"><Info/><Property ovf:key="size" ovf:type="uint8" ovf:value="${a}"><Value ovf:configuration="s" ovf:value="9"/></Property><Property ovf:key="a" ovf:type="string" ovf:value="${c.size}${c.size}" ovf:qualifiers="MaxLen(3)"/></ProductSection>
<VirtualHardwareSection><Info/><Item ovf:configuration="s l"><InstanceID>1</InstanceID><ResourceType>3</ResourceType><VirtualQuantity>3</VirtualQuantity><CoresPerSocket>2</CoresPerSocket></Item>
<Item ovf:bound="min"><InstanceID>2</InstanceID><ResourceType>4</ResourceType><VirtualQuantity>1.5</VirtualQuantity><AllocationUnits>byte * 2^30 / 3</AllocationUnits></Item>
<Item><InstanceID>3</InstanceID><ResourceType>17</ResourceType><HostResource>ovf:/disk/d</HostResource><Parent>3</Parent><AddressOnParent>-1</AddressOnParent></Item></VirtualHardwareSection></VirtualSystem></VirtualSystemCollection></Envelope>"#;

/// Text to put where it does not belong.
const PIECES: &[&str] = &[
    "",
    "0",
    "-1",
    "99999999999999999999999",
    "1.5",
    "${",
    "${x}",
    "}",
    "byte * 2^127",
    "\u{e9}",
    " ",
    "ovf:/disk/",
    "ovf:/file/f",
    "/",
    "true",
    "17",
    "4",
    "3",
    "20",
    "<x/>",
    "&amp;",
    "\n",
];

/// Replaces the values between some quotes or tags by other texts.
fn spoilt() -> impl Strategy<Value = String> {
    let seed = prop::sample::select(&[WRITTEN, ODD][..]);
    let edits = prop::collection::vec(
        (any::<prop::sample::Index>(), prop::sample::select(PIECES), 0u8..3),
        1..8,
    );
    (seed, edits).prop_map(|(seed, edits)| {
        let mut text = seed.to_owned();
        for (at, piece, kind) in edits {
            let places: Vec<usize> = match kind {
                0 => text.match_indices("=\"").map(|(at, _)| at + 2).collect(),
                1 => text.match_indices('>').map(|(at, _)| at + 1).collect(),
                _ => text.char_indices().map(|(at, _)| at).collect(),
            };
            if places.is_empty() {
                continue;
            }
            let start = *at.get::<usize>(&places);
            let stop = if kind == 0 { '"' } else { '<' };
            let end = match kind {
                2 => start,
                _ => text[start..].find(stop).map_or(start, |len| start + len),
            };
            text.replace_range(start..end, piece);
        }
        text
    })
}

fn ask_everything(descriptor: &Descriptor) {
    let inspect = Inspect::new(Packing::Ovf, descriptor);
    assert!(diff(&inspect, &inspect).equal);
    let json = serde_json::to_string(&inspect).expect("it can always be shown");
    let read: Inspect = serde_json::from_str(&json).expect("and read back");
    assert_eq!(read, inspect);
    let options: Vec<_> = descriptor.options.iter().map(|option| Some(option.id.clone())).collect();
    for system in descriptor.systems() {
        for option in options.iter().cloned().chain([None]) {
            let _ = descriptor.machine(system, option.as_deref());
            let system = Some(system.id.clone());
            let choices = Choices { system, option, ..Choices::default() };
            if let Ok(import) = import(descriptor, &choices) {
                assert_eq!(import.vm.disks.len(), import.sources.len());
            }
        }
    }
}

proptest! {
    #[test]
    fn spoilt_descriptors_never_panic(source in spoilt()) {
        match Descriptor::parse(&source) {
            Ok(descriptor) => {
                prop_assert_eq!(descriptor.document().to_text(), source.as_str());
                for finding in descriptor.findings() {
                    prop_assert!(finding.line.is_some() || finding.code == "more-findings");
                }
                ask_everything(&descriptor);
            }
            Err(error) => prop_assert!(error.finding().line.is_some()),
        }
    }
}

#[test]
fn every_prefix_is_refused_or_read() {
    for end in (0..WRITTEN.len()).filter(|&end| WRITTEN.is_char_boundary(end)).step_by(7) {
        let _ = Descriptor::parse(&WRITTEN[..end]);
    }
}
