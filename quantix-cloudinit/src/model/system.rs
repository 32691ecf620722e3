//! Modules of the system itself.

use std::collections::BTreeMap;

use serde_json::{Number, Value as Json};

use super::{
    macros::model,
    shape::{BoolOr, BoolOrText, Either, NumberOrText, Open, TextOr},
};

model! {
    /// `merge_how[]`.
    struct MergeHowItem {
        name: MergeHowItemName = "name",
        settings: Vec<MergeHowItemSetting> = "settings",
    }
    /// `merge_how[].name`.
    enum MergeHowItemName {
        List = "list",
        Dict = "dict",
        Str = "str",
    }
    /// `merge_how[].settings[]`.
    enum MergeHowItemSetting {
        AllowDelete = "allow_delete",
        NoReplace = "no_replace",
        Replace = "replace",
        Append = "append",
        Prepend = "prepend",
        RecurseDict = "recurse_dict",
        RecurseList = "recurse_list",
        RecurseArray = "recurse_array",
        RecurseStr = "recurse_str",
    }
    /// `autoinstall`.
    struct Autoinstall {
        version: Number = "version",
    }
    /// `byobu_by_default`.
    enum ByobuByDefault {
        EnableSystem = "enable-system",
        EnableUser = "enable-user",
        DisableSystem = "disable-system",
        DisableUser = "disable-user",
        Enable = "enable",
        Disable = "disable",
        User = "user",
        System = "system",
    }
    /// `disk_setup.*`.
    struct DiskSetupItem {
        table_type: DiskSetupItemTableType = "table_type",
        layout: Either<BoolOrText, Vec<Either<Number, Vec<NumberOrText>>>> = "layout",
        overwrite: bool = "overwrite",
    }
    /// `disk_setup.*.table_type`.
    enum DiskSetupItemTableType {
        Mbr = "mbr",
        Gpt = "gpt",
    }
    /// `fs_setup[]`.
    struct FsSetupItem {
        label: String = "label",
        filesystem: String = "filesystem",
        device: String = "device",
        partition: NumberOrText = "partition",
        overwrite: bool = "overwrite",
        replace_fs: String = "replace_fs",
        extra_opts: TextOr<Vec<String>> = "extra_opts",
        cmd: TextOr<Vec<String>> = "cmd",
    }
    /// `growpart`.
    struct Growpart {
        mode: BoolOrText = "mode",
        devices: Vec<String> = "devices",
        ignore_growroot_disabled: bool = "ignore_growroot_disabled",
    }
    /// `grub_dpkg`.
    struct GrubDpkg {
        enabled: bool = "enabled",
        grub_pc_install_devices: String = "grub-pc/install_devices",
        grub_pc_install_devices_empty: BoolOrText = "grub-pc/install_devices_empty",
        grub_efi_install_devices: String = "grub-efi/install_devices",
    }
    /// `updates`.
    struct Updates {
        network: UpdatesNetwork = "network",
    }
    /// `updates.network`.
    struct UpdatesNetwork {
        when: Vec<UpdatesNetworkWhenItem> = "when",
    }
    /// `updates.network.when[]`.
    enum UpdatesNetworkWhenItem {
        BootNewInstance = "boot-new-instance",
        BootLegacy = "boot-legacy",
        Boot = "boot",
        Hotplug = "hotplug",
    }
    /// `keyboard`.
    struct Keyboard {
        layout: String = "layout",
        model: String = "model",
        variant: String = "variant",
        options: String = "options",
    }
    /// `swap`.
    struct Swap {
        filename: String = "filename",
        size: NumberOrText = "size",
        maxsize: NumberOrText = "maxsize",
    }
    /// `ntp`.
    struct Ntp {
        pools: Vec<String> = "pools",
        servers: Vec<String> = "servers",
        peers: Vec<String> = "peers",
        allow: Vec<String> = "allow",
        ntp_client: String = "ntp_client",
        enabled: bool = "enabled",
        config: NtpConfig = "config",
    }
    /// `ntp.config`.
    struct NtpConfig {
        confpath: String = "confpath",
        check_exe: String = "check_exe",
        packages: Vec<String> = "packages",
        service_name: String = "service_name",
        template: String = "template",
    }
    /// `phone_home`.
    struct PhoneHome {
        url: String = "url",
        post: TextOr<Vec<PhoneHomePostItem>> = "post",
        tries: Number = "tries",
    }
    /// `phone_home.post[]`.
    enum PhoneHomePostItem {
        PubKeyRsa = "pub_key_rsa",
        PubKeyEcdsa = "pub_key_ecdsa",
        PubKeyEd25519 = "pub_key_ed25519",
        InstanceId = "instance_id",
        Hostname = "hostname",
        Fqdn = "fqdn",
    }
    /// `power_state`.
    struct PowerState {
        delay: NumberOrText = "delay",
        mode: PowerStateMode = "mode",
        message: String = "message",
        timeout: Number = "timeout",
        condition: Either<BoolOrText, Vec<Json>> = "condition",
    }
    /// `power_state.mode`.
    enum PowerStateMode {
        Poweroff = "poweroff",
        Reboot = "reboot",
        Halt = "halt",
    }
    /// `rpi`.
    struct Rpi {
        interfaces: RpiInterfaces = "interfaces",
        enable_usb_gadget: bool = "enable_usb_gadget",
    }
    /// `rpi.interfaces`.
    struct RpiInterfaces {
        spi: bool = "spi",
        i2c: bool = "i2c",
        serial: BoolOr<RpiInterfacesSerial> = "serial",
        onewire: bool = "onewire",
    }
    /// `rpi.interfaces.serial`.
    struct RpiInterfacesSerial {
        console: bool = "console",
        hardware: bool = "hardware",
    }
    /// `resolv_conf`.
    struct ResolvConf {
        nameservers: Vec<Json> = "nameservers",
        searchdomains: Vec<Json> = "searchdomains",
        domain: String = "domain",
        sortlist: Vec<Json> = "sortlist",
        options: Open = "options",
    }
    /// `rsyslog`.
    struct Rsyslog {
        config_dir: String = "config_dir",
        config_filename: String = "config_filename",
        configs: Vec<TextOr<RsyslogConfig>> = "configs",
        remotes: Open = "remotes",
        service_reload_command: TextOr<Vec<String>> = "service_reload_command",
        install_rsyslog: bool = "install_rsyslog",
        check_exe: String = "check_exe",
        packages: Vec<String> = "packages",
    }
    /// `rsyslog.configs[]`.
    struct RsyslogConfig {
        filename: String = "filename",
        content: String = "content",
    }
    /// `vendor_data`.
    struct VendorData {
        enabled: BoolOrText = "enabled",
        prefix: TextOr<Vec<NumberOrText>> = "prefix",
    }
    /// `random_seed`.
    struct RandomSeed {
        file: String = "file",
        data: String = "data",
        encoding: RandomSeedEncoding = "encoding",
        command: Vec<String> = "command",
        command_required: bool = "command_required",
    }
    /// `random_seed.encoding`.
    enum RandomSeedEncoding {
        Raw = "raw",
        Base64 = "base64",
        B64 = "b64",
        Gzip = "gzip",
        Gz = "gz",
    }
    /// `wireguard`.
    struct Wireguard {
        interfaces: Vec<WireguardInterface> = "interfaces",
        readinessprobe: Vec<String> = "readinessprobe",
    }
    /// `wireguard.interfaces[]`.
    struct WireguardInterface {
        name: String = "name",
        config_path: String = "config_path",
        content: String = "content",
    }
    /// `write_files[]`.
    struct WriteFile {
        path: String = "path",
        content: String = "content",
        source: WriteFileSource = "source",
        owner: String = "owner",
        permissions: String = "permissions",
        encoding: WriteFileEncoding = "encoding",
        append: bool = "append",
        defer: bool = "defer",
    }
    /// `write_files[].source`.
    struct WriteFileSource {
        uri: String = "uri",
        headers: BTreeMap<String, String> = "headers",
    }
    /// `write_files[].encoding`.
    enum WriteFileEncoding {
        Gz = "gz",
        Gzip = "gzip",
        GzBase64 = "gz+base64",
        GzipBase64 = "gzip+base64",
        GzB64 = "gz+b64",
        GzipB64 = "gzip+b64",
        B64 = "b64",
        Base64 = "base64",
        TextPlain = "text/plain",
    }
    /// `reporting.*`.
    struct ReportingItem {
        kind: ReportingItemType = "type",
        level: ReportingItemLevel = "level",
        endpoint: String = "endpoint",
        consumer_key: String = "consumer_key",
        token_key: String = "token_key",
        token_secret: String = "token_secret",
        consumer_secret: String = "consumer_secret",
        timeout: Number = "timeout",
        retries: Number = "retries",
        kvp_file_path: String = "kvp_file_path",
        event_types: Vec<String> = "event_types",
    }
    /// `reporting.*.type`.
    enum ReportingItemType {
        Log = "log",
        Print = "print",
        Webhook = "webhook",
        Hyperv = "hyperv",
    }
    /// `reporting.*.level`.
    enum ReportingItemLevel {
        DEBUG = "DEBUG",
        INFO = "INFO",
        WARN = "WARN",
        ERROR = "ERROR",
        FATAL = "FATAL",
    }
    /// `output`.
    struct Output {
        all: TextOr<Either<Vec<String>, OutputAll>> = "all",
        init: TextOr<Either<Vec<String>, OutputAll>> = "init",
        config: TextOr<Either<Vec<String>, OutputAll>> = "config",
        at_final: TextOr<Either<Vec<String>, OutputAll>> = "final",
    }
    /// `output.all`.
    struct OutputAll {
        output: String = "output",
        error: String = "error",
    }
}
