//! `quantix ova edit`: options, files of edits, messages, and what is left behind.

mod common;

use std::{fs, path::Path};

use common::{names_in, pack, quantix};

const OVF: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<Envelope xmlns="http://schemas.dmtf.org/ovf/envelope/1" xmlns:ovf="http://schemas.dmtf.org/ovf/envelope/1"
  xmlns:rasd="http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_ResourceAllocationSettingData">
  <References/>
  <NetworkSection><Info>Networks</Info><Network ovf:name="VM Network"/></NetworkSection>
  <VirtualSystem ovf:id="vm"><Info>A machine</Info><Name>old</Name>
    <VirtualHardwareSection><Info>Hardware</Info>
      <Item><rasd:ElementName>CPU</rasd:ElementName><rasd:InstanceID>1</rasd:InstanceID><rasd:ResourceType>3</rasd:ResourceType><rasd:VirtualQuantity>1</rasd:VirtualQuantity></Item>
      <Item><rasd:AllocationUnits>byte * 2^20</rasd:AllocationUnits><rasd:ElementName>Memory</rasd:ElementName><rasd:InstanceID>2</rasd:InstanceID><rasd:ResourceType>4</rasd:ResourceType><rasd:VirtualQuantity>512</rasd:VirtualQuantity></Item>
      <Item><rasd:Connection>VM Network</rasd:Connection><rasd:ElementName>Network</rasd:ElementName><rasd:InstanceID>3</rasd:InstanceID><rasd:ResourceType>10</rasd:ResourceType></Item>
    </VirtualHardwareSection>
  </VirtualSystem>
</Envelope>"#;

fn path(work: &Path, name: &str) -> String {
    work.join(name).to_str().expect("test paths are UTF-8").to_owned()
}

#[test]
fn a_machine_is_resized_and_renamed_and_the_rest_stays() {
    let work = tempfile::tempdir().expect("a folder");
    let (ova, to) = (path(work.path(), "a.ova"), path(work.path(), "b.ova"));
    fs::write(&ova, pack(&[("a.ovf", OVF.as_bytes())])).expect("room for the test");
    let list = path(work.path(), "edits.yaml");
    fs::write(&list, "- {edit: add_nic, network: backup, model: E1000}\n").expect("room");
    let flags =
        ["--name", "new", "--cpus", "4", "--memory-mib", "2048", "--network", "VM Network=lan"];
    let args =
        [&["ova", "edit", "--json", &ova, "--to", &to, "--edits", &list], &flags[..]].concat();
    let answer = quantix(args).expect(0).json();
    assert_eq!(answer["path"], to.as_str());
    let seen = quantix(["ova", "inspect", "--json", &to]).expect(0).json();
    let system = &seen["systems"][0];
    assert_eq!(system["name"], "new");
    assert_eq!((&system["cpus"], &system["memory_mib"]), (&4.into(), &2048.into()));
    assert_eq!(system["nics"][0]["network"], "lan");
    assert_eq!(system["nics"][1]["network"], "backup");
    quantix(["ova", "verify", &to]).expect(0);
}

#[test]
fn what_cannot_be_edited_is_one_message_and_no_file() {
    let work = tempfile::tempdir().expect("a folder");
    let (ova, to) = (path(work.path(), "a.ova"), path(work.path(), "b.ova"));
    fs::write(&ova, pack(&[("a.ovf", OVF.as_bytes())])).expect("room for the test");
    let list = path(work.path(), "edits.json");
    fs::write(&list, r#"[{"edit":"set_colour"}]"#).expect("room");
    for (flags, part) in [
        (&["--cpus", "0"][..], "edit 1 (set_cpus): 0 CPUs"),
        (&["--network", "no=x"], "no network `no`"),
        (&[], "nothing to edit"),
        (&["--edits", &list], "unknown variant `set_colour`"),
        (&["--system", "vm2", "--name", "x"], "no system `vm2`; there is `vm`"),
    ] {
        let args = [&["ova", "edit", &ova, "--to", &to], flags].concat();
        let run = quantix(args).expect(2);
        assert!(run.stderr().contains(part), "{flags:?}: {}", run.stderr());
        assert_eq!(names_in(work.path()), ["a.ova", "edits.json"]);
    }
}
