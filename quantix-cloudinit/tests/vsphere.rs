//! Customization specs of vSphere, in and out.
#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use proptest::prelude::*;
use quantix_cloudinit::vsphere::{Format, Imported, VSPHERE_BYTES_MAX, export, import};
use quantix_core::{CustomizationSpec, Finding};
use serde_json::{Value, json};

/// As the vSphere client exports a spec for Linux.
const LINUX_XML: &str = r#"<ConfigRoot>
  <_type>vim.CustomizationSpecItem</_type>
  <info>
    <_type>vim.CustomizationSpecInfo</_type>
    <changeVersion>1700000000</changeVersion>
    <description>web &amp; more</description>
    <lastUpdateTime>2026-01-02T03:04:05Z</lastUpdateTime>
    <name>web</name>
    <type>Linux</type>
  </info>
  <spec>
    <_type>vim.vm.customization.Specification</_type>
    <globalIPSettings>
      <_type>vim.vm.customization.GlobalIPSettings</_type>
      <dnsServerList><_length>2</_length><_type>string[]</_type><e id="0">10.0.0.2</e><e id="1">10.0.0.3</e></dnsServerList>
      <dnsSuffixList><_length>1</_length><_type>string[]</_type><e id="0">example.com</e></dnsSuffixList>
    </globalIPSettings>
    <identity>
      <_type>vim.vm.customization.LinuxPrep</_type>
      <domain>example.com</domain>
      <hostName><_type>vim.vm.customization.PrefixNameGenerator</_type><base>web</base></hostName>
      <hwClockUTC>true</hwClockUTC>
      <scriptText>#!/bin/sh
echo $1
</scriptText>
      <timeZone>Europe/Berlin</timeZone>
    </identity>
    <nicSettingMap>
      <_length>2</_length>
      <_type>vim.vm.customization.AdapterMapping[]</_type>
      <e id="0">
        <_type>vim.vm.customization.AdapterMapping</_type>
        <adapter>
          <_type>vim.vm.customization.IPSettings</_type>
          <gateway><_length>1</_length><_type>string[]</_type><e id="0">10.0.0.1</e></gateway>
          <ip><_type>vim.vm.customization.FixedIp</_type><ipAddress>10.0.0.5</ipAddress></ip>
          <ipV6Spec>
            <ip><_length>1</_length><e id="0"><_type>vim.vm.customization.FixedIpV6</_type><ipAddress>2001:db8::5</ipAddress><subnetMask>64</subnetMask></e></ip>
          </ipV6Spec>
          <subnetMask>255.255.255.0</subnetMask>
        </adapter>
        <macAddress>52:54:00:12:34:56</macAddress>
      </e>
      <e id="1">
        <_type>vim.vm.customization.AdapterMapping</_type>
        <adapter><_type>vim.vm.customization.IPSettings</_type><ip><_type>vim.vm.customization.DhcpIpGenerator</_type></ip></adapter>
      </e>
    </nicSettingMap>
    <options><_type>vim.vm.customization.LinuxOptions</_type></options>
  </spec>
</ConfigRoot>"#;

/// SOAP, as PowerCLI and its kin send it.
const WINDOWS_SOAP: &str = r#"<returnval xmlns="urn:vim25" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
  <info><name>desktop</name><description/><type>Windows</type></info>
  <spec>
    <options xsi:type="CustomizationWinOptions"><changeSID>true</changeSID><reboot>shutdown</reboot></options>
    <identity xsi:type="CustomizationSysprep">
      <guiUnattended>
        <password><value>c2VjcmV0</value><plainText>false</plainText></password>
        <timeZone>4</timeZone><autoLogon>true</autoLogon><autoLogonCount>3</autoLogonCount>
      </guiUnattended>
      <userData>
        <fullName>Ops</fullName><orgName>Example</orgName>
        <computerName xsi:type="CustomizationFixedName"><name>WIN-01</name></computerName>
        <productId>AAAAA-BBBBB-CCCCC-DDDDD-EEEEE</productId>
      </userData>
      <guiRunOnce><commandList>cmd /c one</commandList><commandList>cmd /c two</commandList></guiRunOnce>
      <identification><joinWorkgroup>LAB</joinWorkgroup></identification>
    </identity>
    <globalIPSettings/>
    <nicSettingMap><adapter>
      <ip xsi:type="CustomizationUnknownIpGenerator"/>
      <dnsServerList>10.0.0.2</dnsServerList><dnsServerList>10.0.0.3</dnsServerList>
      <dnsDomain>example.com</dnsDomain><primaryWINS>10.0.0.9</primaryWINS>
    </adapter></nicSettingMap>
  </spec>
</returnval>"#;

fn codes(findings: &[Finding]) -> Vec<String> {
    findings.iter().map(|f| format!("{} {}", f.path.as_deref().unwrap_or(""), f.code)).collect()
}

fn value(imported: &Imported) -> Value {
    serde_json::to_value(&imported.spec).unwrap()
}

#[test]
fn an_exported_file_of_the_client_is_read() {
    let imported = import(LINUX_XML).unwrap();
    assert_eq!(
        value(&imported),
        json!({
            "name": "web", "description": "web & more", "os_family": "Linux",
            "project_id": "00000000-0000-0000-0000-000000000001",
            "timezone": "Europe/Berlin", "hostname": "web-{{.Random}}",
            "updated_at": "2026-01-02T03:04:05Z",
            "linux": {
                "domain": "example.com",
                "write_files": [{"path": "/usr/local/sbin/vsphere-customization-script",
                                 "content": "#!/bin/sh\necho $1\n", "permissions": "0700"}],
                "run_commands": [
                    ["/usr/local/sbin/vsphere-customization-script", "precustomization"],
                    ["/usr/local/sbin/vsphere-customization-script", "postcustomization"]],
            },
            "network": {
                "nics": [
                    {"mac": "52:54:00:12:34:56", "addresses": ["10.0.0.5/24", "2001:db8::5/64"],
                     "gateway4": "10.0.0.1"},
                    {"dhcp4": true}],
                "nameservers": ["10.0.0.2", "10.0.0.3"], "search": ["example.com"],
            },
        })
    );
    assert!(imported.spec.validate().is_empty(), "{:?}", imported.spec.validate());
}

#[test]
fn soap_is_read_and_what_is_lost_is_told() {
    let imported = import(WINDOWS_SOAP).unwrap();
    let spec = value(&imported);
    assert_eq!(spec["timezone"], "America/Los_Angeles");
    assert_eq!(spec["hostname"], "WIN-01");
    let windows = imported.spec.windows.as_ref().unwrap();
    assert_eq!(windows.run_once, ["cmd /c one", "cmd /c two"]);
    assert_eq!((windows.workgroup.as_deref(), windows.auto_logon_count), (Some("LAB"), 3));
    assert_eq!(windows.product_key.as_ref().unwrap().expose(), "AAAAA-BBBBB-CCCCC-DDDDD-EEEEE");
    let nic = &imported.spec.network.as_ref().unwrap().nics[0];
    assert_eq!(nic.nameservers, ["10.0.0.2", "10.0.0.3"]);
    assert_eq!(
        codes(&imported.findings),
        [
            "windows dropped-setting",
            "admin_password dropped-secret",
            "network.nics[0] address-is-asked-for",
            "network.nics[0] dropped-setting",
        ]
    );
}

#[test]
fn json_of_the_rest_api_is_read_bare_and_as_returned() {
    let inner = json!({
        "configuration_spec": {"windows_config": {"reboot": "REBOOT", "sysprep": {
            "gui_run_once_commands": [], "user_data": {
                "computer_name": {"type": "USER_INPUT_REQUIRED"}, "full_name": "a",
                "organization": "b", "product_key": ""},
            "domain": {"type": "DOMAIN", "domain": "corp", "domain_username": "joiner",
                       "domain_password": "pw", "domain_OU": "OU=x"},
            "gui_unattended": {"auto_logon": false, "auto_logon_count": 0, "password": "admin",
                               "time_zone": 110}}}},
        "global_dns_settings": {}, "interfaces": [],
    });
    let bare = import(&json!({"name": "w", "spec": inner}).to_string()).unwrap();
    assert_eq!(codes(&bare.findings), ["hostname name-is-asked-for"]);
    assert_eq!(bare.spec.timezone.as_deref(), Some("Europe/Berlin"));
    let join = bare.spec.windows.as_ref().unwrap().domain_join.as_ref().unwrap();
    assert_eq!((join.password.expose(), join.ou.as_deref()), ("pw", Some("OU=x")));
    let returned = json!({"last_modified": "2026-01-02T03:04:05.000Z",
        "spec": {"fingerprint": "1", "name": "w", "description": "d", "spec": inner}});
    let returned = import(&returned.to_string()).unwrap();
    assert_eq!((returned.spec.name.as_str(), returned.spec.description.as_str()), ("w", "d"));
    assert!(returned.spec.admin_password.is_none(), "it is encrypted");
    assert_eq!(
        codes(&returned.findings),
        [
            "hostname name-is-asked-for",
            "admin_password dropped-secret",
            "windows.domain_join.password dropped-secret",
            "windows.domain_join dropped-setting",
        ]
    );
}

#[test]
fn cloud_init_specs_keep_their_documents() {
    let metadata = "instance-id: x\nlocal-hostname: db-1\nnetwork:\n  version: 2\nrack: r7\n";
    let json = json!({"name": "c", "spec": {"configuration_spec": {"cloud_config": {
        "type": "CLOUDINIT", "cloudinit": {"metadata": metadata, "userdata": "#cloud-config\n"}}},
        "interfaces": []}});
    let imported = import(&json.to_string()).unwrap();
    let spec = value(&imported);
    assert_eq!(spec["hostname"], "db-1");
    assert_eq!(spec["network_config"], json!({"version": 2}));
    assert_eq!(spec["meta_data"], json!({"rack": "r7"}));
    assert_eq!(spec["user_data"], json!({"text": "#cloud-config\n"}));
    assert_eq!(codes(&imported.findings), ["meta_data dropped-setting"]);
}

#[test]
fn what_is_exported_is_read_back() {
    let specs = [
        json!({"name": "l", "os_family": "Linux", "hostname": "{{.VMName}}", "timezone": "UTC",
               "linux": {"domain": "example.com"},
               "network": {"nics": [{"addresses": ["10.0.0.5/24", "2001:db8::5/64"],
                   "gateway4": "10.0.0.1", "gateway6": "2001:db8::1"}, {"dhcp4": true, "dhcp6": true}],
                   "nameservers": ["10.0.0.2"], "search": ["example.com"]}}),
        json!({"name": "w <&>", "description": "d", "os_family": "Windows", "hostname": "WIN-{{.Random}}",
               "timezone": "Europe/Berlin", "admin_password": {"plain": "p <&> \"w\""},
               "windows": {"full_name": "Ops", "organization": "A & B", "auto_logon_count": 1,
                   "product_key": "AAAAA-BBBBB-CCCCC-DDDDD-EEEEE", "run_once": ["cmd /c \"a\" > b"],
                   "domain_join": {"domain": "corp", "user": "j", "password": "pw", "ou": "OU=x"}},
               "network": {"nics": [{"mac": "52:54:00:12:34:56", "dhcp4": true,
                   "nameservers": ["10.0.0.2"], "search": ["corp"]}]}}),
    ];
    for spec in specs {
        let spec: CustomizationSpec = serde_json::from_value(spec).unwrap();
        for format in [Format::Json, Format::Xml] {
            let exported = export(&spec, format).unwrap();
            assert_eq!(codes(&exported.findings), Vec::<String>::new());
            let imported = import(&exported.text).unwrap();
            assert_eq!(imported.spec, spec, "{format:?}\n{}", exported.text);
        }
    }
}

#[test]
fn what_cannot_be_exported_is_told() {
    let spec = json!({"name": "l", "os_family": "Linux", "hostname": "{{.Folder}}-{{.Index}}",
        "ssh_keys": ["k"], "user_data": "#cloud-config\n", "install_agent": true,
        "linux": {"packages": ["git"], "users": [{"name": "a"}]},
        "network": {"nics": [{"name": "lan0", "mtu": 1400}]}});
    let exported = export(&serde_json::from_value(spec).unwrap(), Format::Json).unwrap();
    assert_eq!(
        codes(&exported.findings),
        [
            "hostname name-is-asked-for",
            "linux.users dropped-setting",
            "linux.packages dropped-setting",
            "user_data dropped-setting",
            "ssh_keys dropped-setting",
            "install_agent dropped-setting",
            "network.nics[0].name dropped-setting",
            "network.nics[0].mtu dropped-setting",
        ]
    );
}

#[test]
fn other_texts_are_refused_without_panic() {
    let too_large = "x".repeat(VSPHERE_BYTES_MAX + 1);
    for bad in [
        "",
        "plain",
        "{",
        "{}",
        "[]",
        "<",
        "<a/>",
        r#"{"spec": 1}"#,
        r#"{"spec": {"spec": {}}}"#,
        r#"{"spec": {"configuration_spec": {}}}"#,
        "<a><identity/></a>",
        &too_large,
    ] {
        assert!(import(bad).is_err(), "{bad:.40}");
    }
    let twice = r#"{"configuration_spec": {"linux_config": {"hostname": 1}}}"#;
    assert!(import(twice).is_err());
    for end in (0..LINUX_XML.len()).step_by(7) {
        let _ = import(&LINUX_XML[..end]);
    }
}

/// A text that XML can carry and that is not empty.
fn words() -> impl Strategy<Value = String> {
    "[a-zA-Z<>&\"'é☃ #:]{0,8}[a-z]"
}

/// A spec for Linux that vSphere has a place for.
fn any_linux() -> impl Strategy<Value = Value> {
    let nic = (any::<bool>(), 1..255_u8, 8..=30_u8, any::<bool>(), any::<u8>()).prop_map(
        |(dhcp, host, prefix, gateway, last)| {
            if dhcp {
                return json!({"dhcp4": true});
            }
            let mut nic = json!({"mac": format!("52:54:00:00:00:{last:02x}"),
                                 "addresses": [format!("10.1.2.{host}/{prefix}")]});
            if gateway {
                nic["gateway4"] = "10.1.2.3".into();
            }
            nic
        },
    );
    let name = prop_oneof![
        Just("{{.VMName}}".to_owned()),
        "[a-z]{1,9}".prop_map(|prefix| format!("{prefix}-{{{{.Random}}}}")),
        "[a-z][a-z0-9]{0,9}",
    ];
    let zone = prop::sample::select(vec!["UTC", "Europe/Berlin", "Asia/Kolkata"]);
    let network = (
        prop::collection::vec(nic, 1..4),
        prop::collection::vec((1..255_u8).prop_map(|host| format!("10.0.0.{host}")), 0..3),
        prop::collection::vec("[a-z]{1,8}\\.example", 0..3),
    );
    (words(), words(), name, zone, network, "[a-z]{1,8}\\.test").prop_map(
        |(name, description, hostname, timezone, (nics, servers, search), domain)| {
            json!({"name": name, "description": description, "os_family": "Linux",
                   "hostname": hostname, "timezone": timezone, "linux": {"domain": domain},
                   "network": {"nics": nics, "nameservers": servers, "search": search}})
        },
    )
}

/// A spec for Windows that vSphere has a place for.
fn any_windows() -> impl Strategy<Value = Value> {
    (words(), words(), words(), words(), "[ -~]{1,12}", prop::collection::vec(words(), 0..3))
        .prop_map(|(name, owner, organization, workgroup, password, commands)| {
            json!({"name": name, "os_family": "Windows", "hostname": "{{.VMName}}",
                   "timezone": "Europe/Berlin", "admin_password": {"plain": password},
                   "windows": {"full_name": owner, "organization": organization,
                               "workgroup": workgroup, "run_once": commands}})
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn what_vsphere_can_say_comes_back(spec in prop_oneof![any_linux(), any_windows()]) {
        let spec: CustomizationSpec = serde_json::from_value(spec).unwrap();
        for format in [Format::Json, Format::Xml] {
            let exported = export(&spec, format).unwrap();
            prop_assert!(exported.findings.is_empty(), "{:?}", exported.findings);
            let back = import(&exported.text).unwrap();
            prop_assert_eq!(&back.spec, &spec, "{}", exported.text);
        }
    }
}
