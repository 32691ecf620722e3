"""Every document of the platform as a typed class, made from the JSON Schemas of ``quantix-core``.

Written by ``model_classes.py``; do not edit.

>>> from quantix.model import CpuSpec, MemorySpec, VmSpec
>>> spec = VmSpec(cpu=CpuSpec(cores=4), memory=MemorySpec(size_mib="8GiB"))
>>> spec.check().valid
True
>>> spec.memory.size_mib = "0"
>>> [(fault["path"], fault["code"]) for fault in spec.check().faults]
[('memory.size_mib', 'out-of-range')]
>>> VmSpec.parse('{"cpu": {"cores": 2}, "memory": {"size_mib": 512}}').cpu.cores
2

What is ``None`` is left out of the document, and what the document leaves out is ``None``. A number
with a unit may be given as text (``"8GiB"``); ``parse`` gives back the number.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal, TypeAlias

from quantix._model import DocumentModel, Model

__all__ = [
    "AddressRange",
    "AdmissionAction",
    "AdmissionControl",
    "AdmissionControlDedicatedHosts",
    "AdmissionControlDisabled",
    "AdmissionControlHostFailures",
    "AdmissionControlPercentage",
    "AdmissionLimits",
    "AdmissionOperation",
    "AdmissionPolicy",
    "AdmissionRequirements",
    "AdmissionRule",
    "AgentSpec",
    "Alert",
    "AlertCondition",
    "AlertConditionAbove",
    "AlertConditionAbsent",
    "AlertConditionBelow",
    "AlertConditionState",
    "AlertRule",
    "AlertRules",
    "AlertSeverity",
    "AlertState",
    "Allocation",
    "BackingImage",
    "Binding",
    "BootMedia",
    "BootMediaCloudImage",
    "BootMediaIso",
    "BootMediaNone",
    "BootMediaOvaTemplate",
    "CacheMode",
    "Checksum",
    "ChecksumAlgorithm",
    "Cluster",
    "ClusterDocument",
    "ClusterDocumentHugePages",
    "ClusterDocumentNode",
    "Condition",
    "ConditionStatus",
    "CpuPin",
    "CpuSpec",
    "CustomizationSpec",
    "DesiredPower",
    "DhcpSettings",
    "Direction",
    "Disk",
    "DiskBus",
    "DiskFormat",
    "DiskSpec",
    "DomainJoin",
    "DrsMode",
    "DrsSettings",
    "Firmware",
    "Folder",
    "FolderKind",
    "FolderPolicy",
    "FolderRecord",
    "FolderTree",
    "GpuDemand",
    "GuestOs",
    "HaPolicy",
    "HaSettings",
    "HugePages",
    "Image",
    "ImageFormat",
    "ImagePhase",
    "Inventory",
    "IoLimits",
    "IsolationResponse",
    "LinuxSpec",
    "Member",
    "MemberTemplate",
    "MemberVm",
    "MemorySpec",
    "Network",
    "NetworkSpec",
    "NetworkTransport",
    "NetworkTransportExternal",
    "NetworkTransportOverlay",
    "NetworkTransportVlan",
    "NicModel",
    "NicSpec",
    "Node",
    "NodeCapacity",
    "NodeMode",
    "NodeState",
    "ObjectKind",
    "OvaDisk",
    "OvaHardware",
    "OvaMetadata",
    "OvaOption",
    "OvaProperty",
    "PasswordHashing",
    "PlacedVm",
    "PlacementPolicy",
    "Pool",
    "PoolKind",
    "PoolPhase",
    "PortGroup",
    "PortRange",
    "PortVlan",
    "PortVlanAccess",
    "PortVlanTrunk",
    "PortVlanUntagged",
    "PowerState",
    "Preference",
    "Progress",
    "Protocol",
    "Quota",
    "Remote",
    "RemoteAny",
    "RemoteGroup",
    "RemoteNetwork",
    "RestartCondition",
    "RouteSpec",
    "Rule",
    "RuleAction",
    "RuleKind",
    "ScriptWhen",
    "SecurityGroup",
    "SecurityRule",
    "Silence",
    "SpecFile",
    "SpecScript",
    "SpecUser",
    "StoragePool",
    "Subject",
    "SubjectGroup",
    "SubjectServiceAccount",
    "SubjectUser",
    "SubnetPool",
    "Switch",
    "Teaming",
    "Toleration",
    "Topology",
    "TpmModel",
    "TpmSpec",
    "TpmVersion",
    "Uplink",
    "Vm",
    "VmOrigin",
    "VmSpec",
    "VmSpecNicSpec",
    "Volume",
    "VolumePhase",
    "WindowsLicense",
    "WindowsScript",
    "WindowsSpec",
]

AdmissionAction: TypeAlias = Literal['deny', 'warn']
"""What happens when a rule is broken."""


@dataclass(kw_only=True)
class AdmissionLimits(Model):
    """The most that a machine may have; what is not given is not limited."""

    cpus: int | None = None
    """Virtual CPUs."""
    disk_bytes: int | str | None = None
    """The size of each disk."""
    disks: int | None = None
    """Disks."""
    memory_mib: int | str | None = None
    """Memory."""
    network_interfaces: int | None = None
    """Network interfaces."""
    total_disk_bytes: int | str | None = None
    """The size of all disks together."""


AdmissionOperation: TypeAlias = Literal['create', 'change', 'clone', 'import']
"""What is asked for."""


GuestOs: TypeAlias = Literal[
    'other',
    'debian',
    'ubuntu',
    'rhel',
    'fedora',
    'suse',
    'arch',
    'linux',
    'bsd',
    'windows',
    'windows11',
]
"""The family of a guest operating system."""


@dataclass(kw_only=True)
class AdmissionRequirements(Model):
    """What a machine must have or may only have; an empty list asks for nothing."""

    customization_spec: bool | None = None
    """Whether it is set up by a customization spec."""
    guest_os: list[GuestOs] | None = None
    """The families of guests that it is one of."""
    labels: list[str] | None = None
    """The keys of labels that it has, with any value."""
    name_prefix: str | None = None
    """How its name begins."""
    networks: list[str] | None = None
    """The networks that all its interfaces are on."""
    secure_boot: bool | None = None
    """Whether its firmware starts signed loaders only."""
    storage_pools: list[str] | None = None
    """The pools that all its disks lie in."""
    tpm: bool | None = None
    """Whether it has a TPM."""


@dataclass(kw_only=True)
class AdmissionRule(Model):
    """A rule."""

    READS: ClassVar[dict[str, str]] = {
        'limits': 'AdmissionLimits',
        'requires': 'AdmissionRequirements',
    }

    name: str
    """Its name, once per policy."""
    action: AdmissionAction | None = None
    """What happens when it is broken."""
    description: str | None = None
    """Why it is there; told to who breaks it."""
    disabled: bool | None = None
    """Whether it is not looked at."""
    folder: str | None = None
    """The folder in which, and below which, the machines lie, by the case rule of folders."""
    limits: AdmissionLimits | None = None
    """The most that they may have."""
    operations: list[AdmissionOperation] | None = None
    """The operations that it judges; all of them when empty."""
    project_id: str | None = None
    """The project whose machines it judges; those of all projects without one."""
    requires: AdmissionRequirements | None = None
    """What they must have."""
    selector: dict[str, str] | None = None
    """Labels of the machines that it judges."""


@dataclass(kw_only=True)
class AdmissionPolicy(DocumentModel):
    """Rules for machines."""

    KIND = "admission_policy"

    READS: ClassVar[dict[str, str]] = {
        'rules': 'AdmissionRule',
    }

    rules: list[AdmissionRule] | None = None
    """The rules; each holds on its own."""
    schema_version: int | None = None
    """The version of this form."""


ObjectKind: TypeAlias = Literal[
    'vm',
    'node',
    'cluster',
    'storage_pool',
    'volume',
    'network',
    'image',
    'platform',
]
"""What kind of object an alert is about."""


AlertSeverity: TypeAlias = Literal['info', 'warning', 'critical']
"""How bad it is."""


AlertState: TypeAlias = Literal['firing', 'acknowledged', 'resolved']
"""Whether it goes on."""


@dataclass(kw_only=True)
class Alert(DocumentModel):
    """Something that somebody should know."""

    KIND = "alert"

    id: str
    """Its id."""
    message: str
    """What is the matter, for people."""
    object_kind: ObjectKind
    """What kind of object it is about."""
    rule: str
    """The name of the rule that raised it: a word such as `node_lost`."""
    severity: AlertSeverity
    """How bad it is."""
    started_at: str
    """When it began."""
    state: AlertState
    """Whether it goes on."""
    acknowledged_at: str | None = None
    """When somebody said that they see to it."""
    acknowledged_by: str | None = None
    """Who."""
    labels: dict[str, str] | None = None
    """Labels."""
    object_id: str | None = None
    """The id of the object; none for the platform."""
    resolved_at: str | None = None
    """When it ended."""


@dataclass(kw_only=True)
class AlertConditionAbove(Model):
    """A measured value is above another."""

    kind: Literal['above'] = 'above'

    metric: str
    """The name of the value, such as `cpu_percent`."""
    value: float
    """The value that it must exceed."""
    clear: float | None = None
    """Once raised, the alert lasts until the value is at most this; `value` when left out."""


@dataclass(kw_only=True)
class AlertConditionBelow(Model):
    """A measured value is below another."""

    kind: Literal['below'] = 'below'

    metric: str
    """The name of the value."""
    value: float
    """The value that it must fall short of."""
    clear: float | None = None
    """Once raised, the alert lasts until the value is at least this; `value` when left out."""


@dataclass(kw_only=True)
class AlertConditionState(Model):
    """A state is one of several words."""

    any_of: list[str]
    """The words."""
    kind: Literal['state'] = 'state'

    state: str
    """The name of the state, such as `power_state`."""


@dataclass(kw_only=True)
class AlertConditionAbsent(Model):
    """Nothing was observed of an object that was observed before."""

    kind: Literal['absent'] = 'absent'

    seconds: int
    """For how long, in seconds."""


AlertCondition: TypeAlias = (
    AlertConditionAbove
    | AlertConditionBelow
    | AlertConditionState
    | AlertConditionAbsent
)
"""What is worth an alert."""


@dataclass(kw_only=True)
class AlertRule(Model):
    """A rule."""

    READS: ClassVar[dict[str, str]] = {
        'condition': 'AlertCondition',
    }

    condition: AlertCondition
    """When it holds."""
    name: str
    """Its name, once per document: a word such as `node_lost`."""
    object_kind: ObjectKind
    """The objects that it watches."""
    severity: AlertSeverity
    """How bad it is when it holds."""
    disabled: bool | None = None
    """Whether it is not looked at."""
    for_seconds: int | None = None
    """For how long it must hold before an alert is raised, in seconds."""
    inhibited_by: list[str] | None = None
    """Rules whose alerts explain this one: while one of them fires for the same object, or for the
    object that this one lies on, this one is muted.
    """
    keep_seconds: int | None = None
    """For how long it must not hold before the alert is resolved, in seconds."""
    labels: dict[str, str] | None = None
    """Labels that its alerts get."""
    message: str | None = None
    """What the alert says; `{object}`, `{value}` and `{rule}` stand for what they name. A sentence
    of the library's own when empty.
    """
    selector: dict[str, str] | None = None
    """Labels that these objects have; all objects of the kind without them."""


@dataclass(kw_only=True)
class Silence(Model):
    """A time in which nobody wants to hear of some alerts."""

    KEYS: ClassVar[dict[str, str]] = {
        'from_': 'from',
    }

    from_: str
    """When it begins."""
    name: str
    """Its name, once per document."""
    until: str
    """When it is over."""
    object_id: str | None = None
    """The object; all objects without one."""
    reason: str | None = None
    """Who wants it and why."""
    rule: str | None = None
    """The rule whose alerts it mutes; those of all rules without one."""
    selector: dict[str, str] | None = None
    """Labels that the object has."""


@dataclass(kw_only=True)
class AlertRules(DocumentModel):
    """Rules and silences, as one document."""

    KIND = "alert_rules"

    READS: ClassVar[dict[str, str]] = {
        'rules': 'AlertRule',
        'silences': 'Silence',
    }

    rules: list[AlertRule] | None = None
    """The rules."""
    schema_version: int | None = None
    """The version of this form."""
    silences: list[Silence] | None = None
    """The silences."""


DrsMode: TypeAlias = Literal['manual', 'partially_automated', 'fully_automated']
"""How much is done without asking."""


@dataclass(kw_only=True)
class DrsSettings(Model):
    """How load is balanced."""

    concurrent_moves_max: int | None = None
    """The most moves at one time."""
    cpu_hot_percent: int | None = None
    """CPU load in per cent from which a node counts as hot."""
    enabled: bool | None = None
    """Whether it is balanced at all."""
    interval_seconds: int | None = None
    """How often it is looked at, in seconds."""
    memory_hot_percent: int | None = None
    """Memory load in per cent from which a node counts as hot."""
    mode: DrsMode | None = None
    """How much is done without asking."""
    power_management: bool | None = None
    """Whether nodes that are not needed are switched off."""
    predictive: bool | None = None
    """Whether expected load counts besides what is seen."""
    threshold: int | None = None
    """How small an improvement is worth a move: 1 only large ones, 5 any."""


@dataclass(kw_only=True)
class AdmissionControlDisabled(Model):
    """None; machines may stay down."""

    kind: Literal['disabled'] = 'disabled'


@dataclass(kw_only=True)
class AdmissionControlHostFailures(Model):
    """Enough for the largest nodes to fail."""

    hosts: int
    """How many."""
    kind: Literal['host_failures'] = 'host_failures'


@dataclass(kw_only=True)
class AdmissionControlPercentage(Model):
    """A share of the whole cluster."""

    cpu: int
    """Of the CPU."""
    kind: Literal['percentage'] = 'percentage'

    memory: int
    """Of the memory."""


@dataclass(kw_only=True)
class AdmissionControlDedicatedHosts(Model):
    """Nodes that run nothing until another fails."""

    kind: Literal['dedicated_hosts'] = 'dedicated_hosts'

    nodes: list[str]
    """Which."""


AdmissionControl: TypeAlias = (
    AdmissionControlDisabled
    | AdmissionControlHostFailures
    | AdmissionControlPercentage
    | AdmissionControlDedicatedHosts
)
"""How much room is kept free for machines of nodes that fail."""


IsolationResponse: TypeAlias = Literal['none', 'shutdown', 'power_off']
"""What a node does with its machines when it is cut off."""


@dataclass(kw_only=True)
class HaSettings(Model):
    """What happens when nodes fail."""

    READS: ClassVar[dict[str, str]] = {
        'admission_control': 'AdmissionControl',
    }

    admission_control: AdmissionControl | None = None
    """How much room is kept free."""
    breaker_percent: int | None = None
    """Share of nodes, in per cent, that may be lost at once before failover stops and waits for
    people.
    """
    enabled: bool | None = None
    """Whether machines are started elsewhere at all."""
    isolation_response: IsolationResponse | None = None
    """What a node does when it is cut off."""
    restart_priority: int | None = None
    """The restart priority of machines that set none: 1 last, 5 first."""
    vm_monitoring: bool | None = None
    """Whether a guest that has stopped responding is restarted."""


@dataclass(kw_only=True)
class Cluster(DocumentModel):
    """Nodes under common rules for failover and balancing."""

    KIND = "cluster"

    READS: ClassVar[dict[str, str]] = {
        'drs': 'DrsSettings',
        'ha': 'HaSettings',
    }

    id: str
    """Its id."""
    name: str
    """Its name."""
    created_at: str | None = None
    """When it was made."""
    description: str | None = None
    """What its owner says about it."""
    drs: DrsSettings | None = None
    """How load is balanced."""
    ha: HaSettings | None = None
    """What happens when nodes fail."""
    labels: dict[str, str] | None = None
    """Labels."""
    project_id: str | None = None
    """The project that it belongs to."""
    revision: int | None = None
    """Counts its changes."""
    updated_at: str | None = None
    """When it was last changed."""


@dataclass(kw_only=True)
class AgentSpec(Model):
    """How a guest gets the Quantix agent, and how it knows that it is the right one: by the digest
    of the binary, by a signature, or by both.
    """

    ed25519: str | None = None
    """The Ed25519 key that the binary is signed with: the line of an OpenSSH public key
    (`ssh-ed25519 AAAA…`) or base64 of its 32 bytes. The signature, 64 bytes over the whole
    binary, lies beside it under the same address with `.sig`.
    """
    enrolment_token: str | None = field(default=None, repr=False)
    """One-time token by which this machine enrols."""
    on_seed: bool | None = None
    """Whether the binary lies on the seed itself, for guests without a network. Whoever renders the
    spec gives it; its digest is pinned as it is.
    """
    sha256: dict[str, str] | None = None
    """SHA-256 of the binary, 64 hexadecimal digits, per architecture as `uname -m` names it
    (`x86_64`, `aarch64`).
    """
    url: str | None = None
    """URL of the binary with `{arch}` for the architecture; else
    `CONTROL_PLANE_URL/api/agent/linux-{arch}`.
    """


PasswordHashing: TypeAlias = Literal['sha512', 'yescrypt', 'bcrypt']
"""How plain passwords are hashed for a guest."""


ScriptWhen: TypeAlias = Literal['once', 'every_boot']
"""When a script runs."""


@dataclass(kw_only=True)
class SpecScript(Model):
    """A script that the guest runs."""

    content: str
    """The script, starting with `#!`."""
    name: str
    """Name: letters, digits, `.`, `_` and `-`."""
    when: ScriptWhen | None = None
    """When it runs."""


@dataclass(kw_only=True)
class SpecUser(Model):
    """A user of the guest."""

    gecos: str | None = None
    """Full name."""
    groups: list[str] | None = None
    """Additional groups."""
    home: str | None = None
    """Home directory."""
    name: str | None = None
    """Login name."""
    password: Any = field(default=None, repr=False)
    """Password; without one the password is locked."""
    shell: str | None = None
    """Login shell; else `/bin/bash`."""
    ssh_keys: list[str] | None = None
    """OpenSSH public keys."""
    sudo: str | None = None
    """sudo rule, such as `ALL=(ALL) ALL`."""
    system: bool | None = None
    """Whether it is a system account."""
    uid: int | None = None
    """User id."""


@dataclass(kw_only=True)
class SpecFile(Model):
    """A file that the guest writes."""

    append: bool | None = None
    """Whether to append instead of replace."""
    base64: str | None = None
    """The bytes in base64; excludes `content`."""
    content: str | None = None
    """The text; excludes `base64`."""
    owner: str | None = None
    """`user:group`; else `root:root`. Anyone else's file is written after users exist."""
    path: str | None = None
    """Absolute path."""
    permissions: str | None = None
    """Mode in octal digits, such as `0600`; else `0644`."""


@dataclass(kw_only=True)
class LinuxSpec(Model):
    """The part of a spec that only Linux guests have."""

    READS: ClassVar[dict[str, str]] = {
        'scripts': 'SpecScript',
        'users': 'SpecUser',
        'write_files': 'SpecFile',
    }

    admin_sudo: str | None = None
    """sudo rule of the administrator; else `ALL=(ALL) NOPASSWD:ALL`. Empty: no sudo."""
    admin_user: str | None = None
    """Login name of the administrator, who gets `ssh_keys` and `admin_password`; else `admin`."""
    domain: str | None = None
    """DNS domain; with it the guest's FQDN is `hostname.domain`."""
    final_message: str | None = None
    """The last message on the console once everything is done."""
    groups: list[str] | None = None
    """Groups to create."""
    guest_agent: bool | None = None
    """Whether the QEMU guest agent is installed and started."""
    keep_default_user: bool | None = None
    """Whether the image's own default user is created as well."""
    keyboard: str | None = None
    """Keyboard layout, such as `de`."""
    locale: str | None = None
    """Locale, such as `de_DE.UTF-8`."""
    ntp_servers: list[str] | None = None
    """NTP servers."""
    package_update: bool | None = None
    """Whether package lists are refreshed first; else only where `packages` is not empty."""
    package_upgrade: bool | None = None
    """Whether every package is upgraded."""
    packages: list[str] | None = None
    """Packages to install."""
    password_hashing: PasswordHashing | None = None
    """How plain passwords are hashed; else SHA-512-crypt."""
    run_commands: list[Any] | None = None
    """Commands at the end of the first boot, in order."""
    scripts: list[SpecScript] | None = None
    """Scripts to run."""
    ssh_password_auth: bool | None = None
    """Whether sshd accepts passwords; else the image decides."""
    users: list[SpecUser] | None = None
    """Additional users."""
    write_files: list[SpecFile] | None = None
    """Files to write."""


@dataclass(kw_only=True)
class RouteSpec(Model):
    """A route."""

    to: str
    """Destination with prefix length, or `default`."""
    via: str
    """Next hop."""
    metric: int | None = None
    """Metric."""


@dataclass(kw_only=True)
class NicSpec(Model):
    """One interface."""

    READS: ClassVar[dict[str, str]] = {
        'routes': 'RouteSpec',
    }

    addresses: list[str] | None = None
    """Addresses with prefix length, such as `10.0.0.5/24` and `2001:db8::5/64`."""
    dhcp4: bool | None = None
    """IPv4 by DHCP; else only where `addresses` is empty."""
    dhcp6: bool | None = None
    """IPv6 by DHCP."""
    gateway4: str | None = None
    """IPv4 default gateway."""
    gateway6: str | None = None
    """IPv6 default gateway."""
    mac: str | None = None
    """MAC address of the interface that this is for, such as `52:54:00:12:34:56`."""
    mtu: int | None = None
    """Largest packet in bytes."""
    name: str | None = None
    """Name that the guest gives to the interface, such as `lan0`."""
    nameservers: list[str] | None = None
    """Name servers."""
    network: str | None = None
    """Network of the interface that this is for."""
    optional: bool | None = None
    """Whether the boot goes on without waiting for the interface."""
    routes: list[RouteSpec] | None = None
    """Further routes."""
    search: list[str] | None = None
    """Search domains."""


@dataclass(kw_only=True)
class NetworkSpec(Model):
    """The network of a guest, interface by interface."""

    READS: ClassVar[dict[str, str]] = {
        'nics': 'NicSpec',
    }

    nameservers: list[str] | None = None
    """Name servers of every interface that names none."""
    nics: list[NicSpec] | None = None
    """The interfaces. An entry belongs to the machine's interface with its `mac`, else with its
    `network`, else to the first interface that no other entry names, in order.
    """
    search: list[str] | None = None
    """Search domains of every interface that names none."""


@dataclass(kw_only=True)
class DomainJoin(Model):
    """A domain to join."""

    domain: str
    """DNS name of the domain."""
    password: str = field(repr=False)
    """Its password; Sysprep takes no hash."""
    user: str
    """Account that may join machines."""
    ou: str | None = None
    """Organisational unit as a distinguished name."""


WindowsLicense: TypeAlias = Any
"""A per-seat or per-server licence."""


@dataclass(kw_only=True)
class WindowsScript(Model):
    """A script for cloudbase-init."""

    content: str
    """The script."""
    name: str
    """File name with the extension that chooses the interpreter: `.ps1`, `.cmd` or `.bat`."""


@dataclass(kw_only=True)
class WindowsSpec(Model):
    """The part of a spec that only Windows guests have."""

    READS: ClassVar[dict[str, str]] = {
        'domain_join': 'DomainJoin',
        'scripts': 'WindowsScript',
    }

    auto_logon_count: int | None = None
    """How many times the administrator is logged on automatically; needs a plain password."""
    domain_join: DomainJoin | None = None
    """Domain to join; excludes `workgroup`."""
    full_name: str | None = None
    """Registered owner."""
    input_locale: str | None = None
    """Keyboard, such as `0409:00000409` or `en-US`."""
    license: WindowsLicense | None = None
    """Server licence of old Windows Server versions, kept for specs that come from vSphere."""
    locale: str | None = None
    """Locale of formats and system, such as `en-US`."""
    organisation: str | None = None
    """Registered organisation."""
    organization: str | None = None
    """Registered organisation."""
    product_key: str | None = field(default=None, repr=False)
    """Product key, five groups of five; without one the image's own (or a KMS key) stays."""
    run_once: list[str] | None = None
    """Commands at the first logon, in order."""
    scripts: list[WindowsScript] | None = None
    """Scripts for cloudbase-init."""
    workgroup: str | None = None
    """Workgroup to join."""
    x86: bool | None = None
    """Whether the answer file is for 32-bit x86 rather than amd64."""


@dataclass(kw_only=True)
class CustomizationSpec(DocumentModel):
    """A reusable description of how a guest is customised at its first boot.

    Only `name` and `os_family` are required. An empty string, `null` and an absent field mean
    the same: not asked for. Unknown fields are refused. Secrets are redacted when a spec is
    serialised, and a redacted spec is refused when it is read back.

    # Example ``` use quantix_core::spec::CustomizationSpec; let spec: CustomizationSpec =
    serde_json::from_str( r#"{"name": "web", "os_family": "linux", "hostname": "{{.VMName}}",
    "timezone": "UTC"}"#, )?; assert_eq!(spec.hostname.as_deref(), Some("{{.VMName}}"));
    assert!(spec.validate().is_empty()); # Ok::<(), serde_json::Error>(()) ```
    """

    KIND = "customization_spec"

    READS: ClassVar[dict[str, str]] = {
        'agent': 'AgentSpec',
        'linux': 'LinuxSpec',
        'network': 'NetworkSpec',
        'windows': 'WindowsSpec',
    }
    SECRETS = True

    name: str
    """The name, unique in its project; 1 to [`SPEC_NAME_BYTES_MAX`] bytes."""
    os_family: str
    """Linux or Windows."""
    admin_password: Any = field(default=None, repr=False)
    """Password of the administrator: a crypt(3) hash, or `{"plain": "…"}`."""
    agent: AgentSpec | None = None
    """How the agent is fetched and proven; required where `install_agent` is set."""
    control_plane_url: str | None = None
    """The control plane that the agent reports to: an `https` URL."""
    created_at: str | None = None
    """When it was created, in RFC 3339."""
    description: str | None = None
    """What it is for."""
    hostname: str | None = None
    """Template of the host name, such as `{{.VMName}}-{{.Random}}`."""
    id: str | None = None
    """The id that the platform gave it."""
    install_agent: bool | None = None
    """Whether the guest installs the Quantix agent at its first boot."""
    labels: dict[str, str] | None = None
    """Labels of the spec itself."""
    linux: LinuxSpec | None = None
    """What only Linux guests have."""
    meta_data: Any = None
    """Additional meta-data."""
    network: NetworkSpec | None = None
    """Addresses, routes and name servers, per network interface."""
    network_config: Any = None
    """A complete network-config (version 1 or 2); excludes `network`."""
    project_id: str | None = None
    """The project that owns it."""
    ssh_keys: list[str] | None = None
    """OpenSSH public keys of the administrator."""
    timezone: str | None = None
    """IANA time zone, such as `Europe/Berlin`; mapped to its Windows name for Windows guests."""
    updated_at: str | None = None
    """When it was last changed, in RFC 3339."""
    user_data: Any = None
    """User-data of the owner, merged with what this spec generates."""
    windows: WindowsSpec | None = None
    """What only Windows guests have."""


FolderKind: TypeAlias = Literal['vm', 'host', 'datastore', 'network']
"""What a folder holds. A folder is of its parent's kind, but for the folders in the root, which may
be of any.
"""


@dataclass(kw_only=True)
class Folder(DocumentModel):
    """A folder as a document, complete in itself."""

    KIND = "folder"

    child_count: int
    """How many folders lie directly in it."""
    created_at: str
    """When it was made."""
    folder_count: int
    """How many folders lie in it and below."""
    id: str
    """Its id."""
    name: str
    """Its name; `/` for the root."""
    path: str
    """Its path, as of the tree that was read."""
    project_id: str
    """The project."""
    revision: int
    """The number of its last change in the tree."""
    template_count: int
    """How many templates lie in it and below."""
    updated_at: str
    """When it was last changed."""
    vm_count: int
    """How many machines lie in it and below."""
    description: str | None = None
    """What its owner says about it."""
    kind: FolderKind | None = None
    """What it holds."""
    labels: dict[str, str] | None = None
    """Labels of its own; see [`FolderTree::effective_policy`] for those that it passes on."""
    parent_id: str | None = None
    """The folder that it lies in; none for the root."""


@dataclass(kw_only=True)
class PlacementPolicy(Model):
    """Where a machine may run."""

    affinity_vms: list[str] | None = None
    """Machines whose node it shares."""
    anti_affinity_vms: list[str] | None = None
    """Machines whose node it avoids."""
    excluded_nodes: list[str] | None = None
    """Nodes that are not allowed."""
    preferred_nodes: list[str] | None = None
    """Nodes that are better than others."""
    required_labels: dict[str, str] | None = None
    """Labels that its node must carry."""
    required_nodes: list[str] | None = None
    """The only nodes that are allowed; empty means all."""


@dataclass(kw_only=True)
class Quota(Model):
    """How much the machines of a folder and all folders below may use together; what is not given
    is not limited.
    """

    cpu_milli: int | str | None = None
    """Virtual CPUs."""
    memory_mib: int | str | None = None
    """Memory."""
    storage_bytes: int | str | None = None
    """Disks."""
    vms: int | None = None
    """Machines."""
    volumes: int | None = None
    """Volumes."""


@dataclass(kw_only=True)
class FolderPolicy(DocumentModel):
    """What the machines in a folder and below are given or held to."""

    KIND = "folder_policy"

    READS: ClassVar[dict[str, str]] = {
        'placement': 'PlacementPolicy',
        'quota': 'Quota',
    }

    customization_spec_id: str | None = None
    """The customization spec of machines that name none."""
    labels: dict[str, str] | None = None
    """Labels of machines that do not set them."""
    placement: PlacementPolicy | None = None
    """Where the machines may run."""
    quota: Quota | None = None
    """How much the machines may use in all."""


@dataclass(kw_only=True)
class SubjectUser(Model):
    """A person."""

    id: str

    kind: Literal['user'] = 'user'


@dataclass(kw_only=True)
class SubjectGroup(Model):
    """A group of subjects."""

    id: str

    kind: Literal['group'] = 'group'


@dataclass(kw_only=True)
class SubjectServiceAccount(Model):
    """A program."""

    id: str

    kind: Literal['service_account'] = 'service_account'


Subject: TypeAlias = SubjectUser | SubjectGroup | SubjectServiceAccount
"""Somebody who can be given a role."""


@dataclass(kw_only=True)
class Binding(Model):
    """Gives a subject a role in a folder."""

    READS: ClassVar[dict[str, str]] = {
        'subject': 'Subject',
    }

    role: str
    """The name of the role. One that is not among the [`Roles`] allows nothing."""
    subject: Subject
    """Who."""
    propagate: bool | None = None
    """Whether it holds in the folders below too."""


@dataclass(kw_only=True)
class MemberVm(Model):
    """A machine."""

    id: str

    kind: Literal['vm'] = 'vm'


@dataclass(kw_only=True)
class MemberTemplate(Model):
    """A template that machines are made from."""

    id: str

    kind: Literal['template'] = 'template'


Member: TypeAlias = MemberVm | MemberTemplate
"""What lies in a folder: a machine or a template.

The wire form is `{"kind": "vm", "id": "…"}`.
"""


@dataclass(kw_only=True)
class FolderRecord(Model):
    """One folder of a [`FolderTreeDocument`]."""

    READS: ClassVar[dict[str, str]] = {
        'bindings': 'Binding',
        'members': 'Member',
        'policy': 'FolderPolicy',
    }

    created_at: str
    """When it was made."""
    id: str
    """Its id."""
    updated_at: str
    """When it was last changed."""
    bindings: list[Binding] | None = None
    """Who has which role in it."""
    description: str | None = None
    """What its owner says about it."""
    kind: FolderKind | None = None
    """What it holds."""
    labels: dict[str, str] | None = None
    """Its labels."""
    members: list[Member] | None = None
    """The machines and templates in it."""
    name: str | None = None
    """Its name; none for the root."""
    parent_id: str | None = None
    """The folder that it lies in; none for the root."""
    policy: FolderPolicy | None = None
    """What the machines in it and below are given or held to."""
    revision: int | None = None
    """The number of its last change."""


@dataclass(kw_only=True)
class FolderTree(DocumentModel):
    """A [`FolderTree`] as a document: its folders in the order of a walk, each with the members
    that lie in it. Paths are not written, since they follow from names and parents.
    """

    KIND = "folder_tree"

    READS: ClassVar[dict[str, str]] = {
        'folders': 'FolderRecord',
    }

    folders: list[FolderRecord]
    """The folders; one of them, the root, has no parent. Parents may come after their children."""
    project_id: str | None = None
    """The project."""
    revision: int | None = None
    """The number of the last change."""
    schema_version: int | None = None
    """The version of this form."""


ImageFormat: TypeAlias = Literal['raw', 'qcow2', 'vmdk', 'vhd', 'vhdx', 'iso', 'ova']
"""What an image is."""


ChecksumAlgorithm: TypeAlias = Literal['sha256', 'sha512', 'sha1']
"""How a checksum is calculated."""


@dataclass(kw_only=True)
class Checksum(Model):
    """A checksum."""

    algorithm: ChecksumAlgorithm
    """How it is calculated."""
    value: str
    """The value in hexadecimal."""


Firmware: TypeAlias = Literal['bios', 'efi']
"""The firmware of a machine."""


@dataclass(kw_only=True)
class OvaHardware(Model):
    """What an appliance asks for."""

    cpus: int
    """Virtual CPUs."""
    memory_mib: int | str
    """Memory."""
    cores_per_socket: int | None = None
    """How many of them share a socket."""
    firmware: Firmware | None = None
    """Firmware."""
    secure_boot: bool | None = None
    """Whether the firmware only starts signed loaders."""


@dataclass(kw_only=True)
class OvaOption(Model):
    """One size that an appliance comes in."""

    id: str
    """Its id."""
    label: str
    """What people read."""
    default: bool | None = None
    """Whether it is chosen unless the owner chooses."""


@dataclass(kw_only=True)
class OvaDisk(Model):
    """One disk of an appliance."""

    capacity_bytes: int | str
    """Its size as the guest sees it."""
    id: str
    """Its id in the descriptor."""
    file: str | None = None
    """The file that holds it; none for an empty disk."""


@dataclass(kw_only=True)
class OvaProperty(Model):
    """One setting of an appliance."""

    key: str
    """Its key."""
    type: str
    """Its type, as the descriptor says it."""
    user_configurable: bool | None = None
    """Whether the owner may give another."""
    value: str | None = None
    """Its value unless the owner gives another."""


@dataclass(kw_only=True)
class OvaMetadata(Model):
    """What an appliance is and asks for."""

    READS: ClassVar[dict[str, str]] = {
        'hardware': 'OvaHardware',
        'deployment_options': 'OvaOption',
        'disks': 'OvaDisk',
        'properties': 'OvaProperty',
    }

    hardware: OvaHardware
    """What it asks for."""
    name: str
    """The name of its system."""
    deployment_options: list[OvaOption] | None = None
    """Sizes that it comes in."""
    disks: list[OvaDisk] | None = None
    """Its disks."""
    eulas: list[str] | None = None
    """Licences that its owner must accept."""
    networks: list[str] | None = None
    """Its networks."""
    os: str | None = None
    """The operating system, as the descriptor calls it."""
    product: str | None = None
    """The product."""
    properties: list[OvaProperty] | None = None
    """Settings that its owner may give it."""
    vendor: str | None = None
    """Who makes it."""
    version: str | None = None
    """Its version."""


ImagePhase: TypeAlias = Literal[
    'pending',
    'uploading',
    'downloading',
    'extracting',
    'parsing',
    'verifying',
    'converting',
    'ready',
    'error',
    'deleting',
]
"""What an image is doing."""


@dataclass(kw_only=True)
class Progress(Model):
    """How far something has come."""

    done_bytes: int | str
    """Done."""
    total_bytes: int | str | None = None
    """To be done in all, where that is known."""


@dataclass(kw_only=True)
class Image(DocumentModel):
    """A disk, CD or appliance that machines are made from."""

    KIND = "image"

    READS: ClassVar[dict[str, str]] = {
        'checksum': 'Checksum',
        'ova': 'OvaMetadata',
        'progress': 'Progress',
    }

    format: ImageFormat
    """What it is."""
    id: str
    """Its id."""
    name: str
    """Its name."""
    checksum: Checksum | None = None
    """Its checksum."""
    cloud_init: bool | None = None
    """Whether it sets itself up by cloud-init on its first boot."""
    created_at: str | None = None
    """When it was made."""
    description: str | None = None
    """What its owner says about it."""
    error: str | None = None
    """Why it is in error, for people."""
    guest_os: GuestOs | None = None
    """Which family its guest belongs to."""
    labels: dict[str, str] | None = None
    """Labels."""
    ova: OvaMetadata | None = None
    """What the descriptor of an appliance says."""
    phase: ImagePhase | None = None
    """What it is doing."""
    progress: Progress | None = None
    """How far that has come."""
    project_id: str | None = None
    """The project that it belongs to."""
    revision: int | None = None
    """Counts its changes."""
    size_bytes: int | str | None = None
    """The size of the file."""
    storage_pool_id: str | None = None
    """The pool that holds it."""
    updated_at: str | None = None
    """When it was last changed."""
    virtual_size_bytes: int | str | None = None
    """The size of the disk as machines see it."""


@dataclass(kw_only=True)
class NetworkTransportVlan(Model):
    """Tagged Ethernet on a switch."""

    kind: Literal['vlan'] = 'vlan'

    vlan_id: int
    """The tag."""
    switch_id: str | None = None
    """The switch that carries it."""


@dataclass(kw_only=True)
class NetworkTransportOverlay(Model):
    """Tunnels between the nodes."""

    kind: Literal['overlay'] = 'overlay'

    vni: int
    """The identifier of the network in the tunnels."""


@dataclass(kw_only=True)
class NetworkTransportExternal(Model):
    """What the nodes are plugged into."""

    bridge: str
    """The bridge or interface of the nodes."""
    kind: Literal['external'] = 'external'


NetworkTransport: TypeAlias = (
    NetworkTransportVlan
    | NetworkTransportOverlay
    | NetworkTransportExternal
)
"""How a network is carried."""


@dataclass(kw_only=True)
class DhcpSettings(Model):
    """What a DHCP server of the platform hands out."""

    range_end: str
    """The last address."""
    range_start: str
    """The first address."""
    dns_servers: list[str] | None = None
    """Name servers."""
    lease_seconds: int | None = None
    """For how long, in seconds."""


@dataclass(kw_only=True)
class Network(DocumentModel):
    """A network that machines are plugged into."""

    KIND = "network"

    READS: ClassVar[dict[str, str]] = {
        'transport': 'NetworkTransport',
        'dhcp': 'DhcpSettings',
    }

    id: str
    """Its id."""
    name: str
    """Its name."""
    transport: NetworkTransport
    """How it is carried."""
    cidr: str | None = None
    """Its addresses."""
    description: str | None = None
    """What its owner says about it."""
    dhcp: DhcpSettings | None = None
    """What is handed out; without it there is no DHCP server."""
    gateway: str | None = None
    """The way out."""
    labels: dict[str, str] | None = None
    """Labels."""
    mtu: int | None = None
    """Its MTU."""
    project_id: str | None = None
    """The project that it belongs to."""
    revision: int | None = None
    """Counts its changes."""


@dataclass(kw_only=True)
class NodeCapacity(Model):
    """What a node has in all."""

    cpu_milli: int | str
    """CPU."""
    memory_mib: int | str
    """Memory."""


ConditionStatus: TypeAlias = Literal['true', 'false', 'unknown']
"""Whether a condition holds."""


@dataclass(kw_only=True)
class Condition(Model):
    """One thing known about an object, such as `ready`, `armed` or `agent_up`."""

    status: ConditionStatus
    """Whether it holds."""
    type: str
    """What it is about: a word in snake case, once per object."""
    message: str | None = None
    """Why, for people."""
    reason: str | None = None
    """Why, as a word for programs."""
    since: str | None = None
    """Since when."""


NodeMode: TypeAlias = Literal['enabled', 'cordoned', 'draining', 'maintenance', 'decommissioned']
"""What operators want of a node."""


@dataclass(kw_only=True)
class Node(DocumentModel):
    """A hypervisor host."""

    KIND = "node"

    READS: ClassVar[dict[str, str]] = {
        'capacity': 'NodeCapacity',
        'conditions': 'Condition',
    }

    capacity: NodeCapacity
    """What it has."""
    id: str
    """Its id, which stays the same however its address and host name change."""
    cluster_id: str | None = None
    """The cluster that it belongs to."""
    conditions: list[Condition] | None = None
    """What is known about it."""
    cpu_features: list[str] | None = None
    """CPU features that machines may ask for."""
    cpu_model: str | None = None
    """The model of its processors."""
    epoch: int | None = None
    """Counts its starts as seen by the platform; what an older one says is not believed."""
    gpus: list[Any] | None = None
    """Its GPUs."""
    labels: dict[str, str] | None = None
    """Labels."""
    last_heartbeat_at: str | None = None
    """When its last heartbeat came, by the clock of who received it."""
    machine_id: str | None = None
    """The id of the operating system's installation, which recognises it when it registers again.
    """
    mode: NodeMode | None = None
    """What operators want of it."""
    name: str | None = None
    """Its host name."""
    networks: list[str] | None = None
    """The networks that it can attach machines to."""
    numa: list[dict[str, Any]] | None = None
    """Its NUMA cells; one cell with everything when there are none."""
    overcommit: dict[str, Any] | None = None
    """How often what it has may be promised."""
    pools: list[str] | None = None
    """The storage pools that it reaches."""
    reserved: dict[str, Any] | None = None
    """What it keeps for itself."""
    revision: int | None = None
    """Counts its changes."""
    taints: list[dict[str, Any]] | None = None
    """Taints that machines must tolerate."""


Direction: TypeAlias = Literal['ingress', 'egress']
"""Which way traffic goes."""


RuleAction: TypeAlias = Literal['allow', 'drop', 'reject']
"""What becomes of traffic."""


@dataclass(kw_only=True)
class PortRange(Model):
    """A range of ports, both ends included."""

    first: int
    """The first."""
    last: int
    """The last."""


Protocol: TypeAlias = Literal['any', 'tcp', 'udp', 'icmp', 'icmpv6']
"""A protocol above IP."""


@dataclass(kw_only=True)
class RemoteAny(Model):
    """Anybody."""

    kind: Literal['any'] = 'any'


@dataclass(kw_only=True)
class RemoteNetwork(Model):
    """Hosts of a network."""

    cidr: str
    """The network."""
    kind: Literal['network'] = 'network'


@dataclass(kw_only=True)
class RemoteGroup(Model):
    """Interfaces in a security group."""

    kind: Literal['group'] = 'group'

    security_group_id: str
    """The group."""


Remote: TypeAlias = RemoteAny | RemoteNetwork | RemoteGroup
"""Who is at the other end."""


@dataclass(kw_only=True)
class SecurityRule(Model):
    """One rule. Rules are tried in order; the first that fits decides, and what fits none is
    dropped when it comes in and passes when it goes out.
    """

    READS: ClassVar[dict[str, str]] = {
        'ports': 'PortRange',
        'remote': 'Remote',
    }

    direction: Direction
    """Which way the traffic goes."""
    action: RuleAction | None = None
    """What becomes of it."""
    description: str | None = None
    """What the rule is for."""
    ports: PortRange | None = None
    """Which ports of the receiver; all when there are none. Only for TCP and UDP."""
    protocol: Protocol | None = None
    """Which protocol it uses."""
    remote: Remote | None = None
    """Who is at the other end."""


@dataclass(kw_only=True)
class SecurityGroup(DocumentModel):
    """Rules for the interfaces that are in the group."""

    KIND = "security_group"

    READS: ClassVar[dict[str, str]] = {
        'rules': 'SecurityRule',
    }

    id: str
    """Its id."""
    name: str
    """Its name."""
    description: str | None = None
    """What its owner says about it."""
    labels: dict[str, str] | None = None
    """Labels."""
    project_id: str | None = None
    """The project that it belongs to."""
    revision: int | None = None
    """Counts its changes."""
    rules: list[SecurityRule] | None = None
    """The rules, in the order in which they are tried."""
    stateful: bool | None = None
    """Whether answers to what was allowed pass on their own."""


PoolKind: TypeAlias = Literal['dir', 'nfs', 'lvm_thin', 'lvm', 'zfs', 'ceph_rbd', 'iscsi']
"""What a pool is made of."""


PoolPhase: TypeAlias = Literal['pending', 'active', 'degraded', 'maintenance', 'error']
"""Whether a pool can be used."""


@dataclass(kw_only=True)
class StoragePool(DocumentModel):
    """A place for volumes."""

    KIND = "storage_pool"

    READS: ClassVar[dict[str, str]] = {
        'conditions': 'Condition',
    }

    capacity_bytes: int | str
    """How much it holds."""
    id: str
    """Its id."""
    kind: PoolKind
    """What it is made of."""
    allocated_bytes: int | str | None = None
    """How much of it is promised to volumes."""
    conditions: list[Condition] | None = None
    """What is known about it."""
    labels: dict[str, str] | None = None
    """Labels."""
    name: str | None = None
    """Its name."""
    nodes: list[str] | None = None
    """The nodes that reach it."""
    overcommit: float | None = None
    """How many times its capacity may be promised to thin volumes."""
    phase: PoolPhase | None = None
    """Whether it can be used."""
    revision: int | None = None
    """Counts its changes."""
    shared: bool | None = None
    """Whether its nodes reach the same data."""
    used_bytes: int | str | None = None
    """How much of it is written."""


@dataclass(kw_only=True)
class Allocation(Model):
    """An address that somebody has."""

    address: str
    """The address."""
    owner: str
    """Who: a text of the caller, such as `<machine>/<interface>`, once per pool."""
    since: str
    """Since when."""
    mac_address: str | None = None
    """The Ethernet address of the interface."""
    requested: bool | None = None
    """Whether the owner asked for this address; one that was chosen may be chosen anew."""


@dataclass(kw_only=True)
class AddressRange(Model):
    """Addresses from the first to the last, both included."""

    first: str
    """The first address."""
    last: str
    """The last address."""


@dataclass(kw_only=True)
class SubnetPool(DocumentModel):
    """The addresses of a network that are given out, and to whom."""

    KIND = "subnet_pool"

    READS: ClassVar[dict[str, str]] = {
        'allocations': 'Allocation',
        'range': 'AddressRange',
        'reserved': 'AddressRange',
    }

    cidr: str
    """The addresses of the network."""
    id: str
    """Its id."""
    allocations: list[Allocation] | None = None
    """Who has which address."""
    gateway: str | None = None
    """The way out, which nobody is given."""
    mac_base: str | None = None
    """The first Ethernet address that is chosen: the upper half names who chooses, the lower half
    counts.
    """
    network_id: str | None = None
    """The network that it belongs to."""
    range: AddressRange | None = None
    """The part from which addresses are chosen; without it, all of the network. An address that is
    asked for by name may lie outside of it.
    """
    reserved: list[AddressRange] | None = None
    """Addresses that are neither chosen nor given when asked for."""
    revision: int | None = None
    """Counts its changes."""
    schema_version: int | None = None
    """The version of this form."""


@dataclass(kw_only=True)
class PortVlanUntagged(Model):
    """What is not tagged."""

    kind: Literal['untagged'] = 'untagged'


@dataclass(kw_only=True)
class PortVlanAccess(Model):
    """One, which machines do not see."""

    kind: Literal['access'] = 'access'

    vlan_id: int
    """Its tag."""


@dataclass(kw_only=True)
class PortVlanTrunk(Model):
    """Several, which machines see tagged."""

    kind: Literal['trunk'] = 'trunk'

    vlan_ids: list[int]
    """Their tags."""


PortVlan: TypeAlias = PortVlanUntagged | PortVlanAccess | PortVlanTrunk
"""Which VLANs pass a port."""


@dataclass(kw_only=True)
class PortGroup(Model):
    """Ports of a switch with the same settings."""

    READS: ClassVar[dict[str, str]] = {
        'vlan': 'PortVlan',
    }

    id: str
    """Its id."""
    name: str
    """Its name, unique in the switch."""
    vlan: PortVlan
    """Which VLANs pass."""
    forged_transmits: bool | None = None
    """Whether machines may send from other addresses."""
    mac_changes: bool | None = None
    """Whether machines may change their own address."""
    promiscuous: bool | None = None
    """Whether machines see the traffic of others."""


Teaming: TypeAlias = Literal['active_backup', 'lacp', 'balance_source']
"""How several interfaces of an uplink work together."""


@dataclass(kw_only=True)
class Uplink(Model):
    """How a switch is plugged into one node."""

    interfaces: list[str]
    """Its interfaces."""
    node_id: str
    """The node."""
    teaming: Teaming | None = None
    """How they work together."""


@dataclass(kw_only=True)
class Switch(DocumentModel):
    """One switch that spans nodes."""

    KIND = "switch"

    READS: ClassVar[dict[str, str]] = {
        'port_groups': 'PortGroup',
        'uplinks': 'Uplink',
    }

    id: str
    """Its id."""
    name: str
    """Its name."""
    description: str | None = None
    """What its owner says about it."""
    mtu: int | None = None
    """Its MTU."""
    port_groups: list[PortGroup] | None = None
    """What machines are plugged into."""
    revision: int | None = None
    """Counts its changes."""
    uplinks: list[Uplink] | None = None
    """How it is plugged into each node."""


PowerState: TypeAlias = Literal[
    'provisioning',
    'failed',
    'stopped',
    'starting',
    'running',
    'stopping',
    'rebooting',
    'paused',
    'suspending',
    'suspended',
    'migrating',
    'crashed',
    'lost',
    'terminated',
]
"""Whether and how a machine runs."""


DesiredPower: TypeAlias = Literal['stopped', 'running', 'paused', 'suspended', 'terminated']
"""How a machine is meant to be."""


VmOrigin: TypeAlias = Literal['control_plane', 'host_discovery', 'imported']
"""How the platform came to know a machine."""


@dataclass(kw_only=True)
class Vm(DocumentModel):
    """A machine: what was asked for (`spec`, `desired_power_state`) and what is (`power_state`,
    `node_id`, `conditions`).
    """

    KIND = "vm"

    READS: ClassVar[dict[str, str]] = {
        'spec': 'VmSpec',
        'conditions': 'Condition',
    }

    id: str
    """Its id."""
    name: str
    """Its name, unique in its folder."""
    power_state: PowerState
    """How it was last observed."""
    spec: VmSpec
    """What was asked for."""
    conditions: list[Condition] | None = None
    """What is known about it beyond its power state."""
    created_at: str | None = None
    """When it was made."""
    description: str | None = None
    """What its owner says about it."""
    desired_power_state: DesiredPower | None = None
    """How it is meant to be."""
    folder_id: str | None = None
    """The folder that it lies in; none when that was deleted without a new place."""
    generation: int | None = None
    """Which change of the spec was last asked for."""
    labels: dict[str, str] | None = None
    """Labels."""
    managed: bool | None = None
    """Whether the platform may change it; a discovered machine is not touched before it is adopted.
    """
    node_id: str | None = None
    """The node that it runs on, or will."""
    observed_generation: int | None = None
    """Which change of the spec was last carried out."""
    origin: VmOrigin | None = None
    """How the platform came to know it."""
    project_id: str | None = None
    """The project that it belongs to."""
    revision: int | None = None
    """Counts its changes."""
    scheduled_at: str | None = None
    """When the node was chosen; none while that is pending."""
    updated_at: str | None = None
    """When it was last changed."""


@dataclass(kw_only=True)
class CpuPin(Model):
    """One virtual CPU and the host CPUs that it may run on."""

    host_cpus: list[int]
    """The host CPUs."""
    vcpu: int
    """The virtual CPU, from 0."""


@dataclass(kw_only=True)
class CpuSpec(Model):
    """The virtual CPUs of a machine."""

    READS: ClassVar[dict[str, str]] = {
        'pinning': 'CpuPin',
    }

    cores: int
    """How many virtual CPUs the guest sees in all; `sockets` and `threads_per_core` only arrange
    them.
    """
    limit_milli: int | str | None = None
    """CPU time that the machine never exceeds."""
    model: str | None = None
    """Which processor the guest sees: `host_passthrough`, `host_model`, or the hypervisor's name of
    a model such as `Skylake-Server`.
    """
    numa: Literal['any', 'single', 'even'] | None = None
    """How its CPUs and memory lie on the NUMA cells of the node."""
    pinning: list[CpuPin] | None = None
    """Which host CPUs a virtual CPU may run on; virtual CPUs that are not listed float."""
    reservation_milli: int | str | None = None
    """CPU time that is set aside for the machine."""
    sockets: int | None = None
    """How many sockets they are spread over."""
    threads_per_core: int | None = None
    """How many of them share a core."""


HugePages: TypeAlias = Literal['2MiB', '1GiB']
"""The size of the huge pages that back a machine's memory."""


@dataclass(kw_only=True)
class MemorySpec(Model):
    """The memory of a machine."""

    size_mib: int | str
    """How much the guest sees."""
    balloon_min_mib: int | str | None = None
    """How far a balloon may shrink it; without it there is no ballooning."""
    huge_pages: HugePages | None = None
    """Whether it is backed by huge pages, and of which size."""
    reservation_mib: int | str | None = None
    """How much of it is set aside for the machine."""


@dataclass(kw_only=True)
class BootMediaNone(Model):
    """Its disks as they are."""

    kind: Literal['none'] = 'none'


@dataclass(kw_only=True)
class BootMediaCloudImage(Model):
    """A cloud image, which becomes the backing file of the first disk."""

    image_id: str
    """The image."""
    kind: Literal['cloud_image'] = 'cloud_image'


@dataclass(kw_only=True)
class BootMediaIso(Model):
    """An installer, attached as a CD-ROM."""

    kind: Literal['iso'] = 'iso'

    path: str
    """Where the file lies: an absolute path on the node, or within its pool."""


@dataclass(kw_only=True)
class BootMediaOvaTemplate(Model):
    """An OVA template, whose disks become the machine's disks."""

    image_id: str
    """The template."""
    kind: Literal['ova_template'] = 'ova_template'


BootMedia: TypeAlias = BootMediaNone | BootMediaCloudImage | BootMediaIso | BootMediaOvaTemplate
"""What the first boot of a machine starts from."""


DiskFormat: TypeAlias = Literal['qcow2', 'raw', 'vmdk', 'vhd', 'vhdx']
"""How a disk is stored."""


@dataclass(kw_only=True)
class BackingImage(Model):
    """The image below a disk."""

    format: DiskFormat
    """Its format, stated so that no hypervisor guesses it from the content."""
    image_id: str
    """The image. It cannot be deleted while a disk refers to it."""


DiskBus: TypeAlias = Literal['virtio', 'scsi', 'sata', 'ide', 'nvme', 'usb']
"""How a disk is attached."""


CacheMode: TypeAlias = Literal[
    'default',
    'none',
    'writethrough',
    'writeback',
    'directsync',
    'unsafe',
]
"""How the host caches a disk."""


@dataclass(kw_only=True)
class IoLimits(Model):
    """The most a disk may do each second; what is not given is not limited."""

    read_bytes: int | str | None = None
    """Bytes read."""
    read_iops: int | None = None
    """Read operations."""
    write_bytes: int | str | None = None
    """Bytes written."""
    write_iops: int | None = None
    """Write operations."""


@dataclass(kw_only=True)
class DiskSpec(Model):
    """A virtual disk."""

    READS: ClassVar[dict[str, str]] = {
        'backing': 'BackingImage',
        'io_limits': 'IoLimits',
    }

    id: str
    """Its name in the machine."""
    size_bytes: int | str
    """Its size as the guest sees it."""
    backing: BackingImage | None = None
    """The image that it begins as, kept as a backing file below its own writes."""
    boot_order: int | None = None
    """Its place in the boot order, from 1."""
    bus: DiskBus | None = None
    """How it is attached."""
    cache: CacheMode | None = None
    """How the host caches it."""
    discard: bool | None = None
    """Whether the guest's discards free space in the pool."""
    format: DiskFormat | None = None
    """How it is stored."""
    io_limits: IoLimits | None = None
    """How fast it may be read and written."""
    read_only: bool | None = None
    """Whether the guest can only read it."""
    serial: str | None = None
    """The serial number that the guest sees."""
    storage_pool_id: str | None = None
    """The pool that holds it; without one, any pool of the node will do."""


RestartCondition: TypeAlias = Literal['on_failure', 'on_node_failure', 'always']
"""When a machine is started again."""


@dataclass(kw_only=True)
class HaPolicy(Model):
    """What happens to a machine when its node fails or it crashes."""

    auto_restart: bool | None = None
    """Whether it is started again at all."""
    condition: RestartCondition | None = None
    """When it is started again."""
    delay_seconds: int | None = None
    """How long to wait before each start, in seconds."""
    max_restarts: int | None = None
    """How often within an hour; then it stays down and an alert says so."""
    priority: int | None = None
    """Who goes first when room is short: 0 last, 100 first."""


NicModel: TypeAlias = Literal['virtio', 'e1000e', 'e1000', 'rtl8139', 'vmxnet3']
"""What network card the guest sees."""


@dataclass(kw_only=True)
class VmSpecNicSpec(Model):
    """A network interface."""

    id: str
    """Its name in the machine."""
    network_id: str
    """The network that it is plugged into."""
    boot_order: int | None = None
    """Its place in the boot order, from 1."""
    connected: bool | None = None
    """Whether the cable is plugged in."""
    mac_address: str | None = None
    """Its address; without one the platform gives it one."""
    model: NicModel | None = None
    """What card the guest sees."""
    mtu: int | None = None
    """Its MTU, where it differs from the network's."""
    security_groups: list[str] | None = None
    """The security groups that filter its traffic."""


TpmModel: TypeAlias = Literal['crb', 'tis']
"""The interface of a TPM."""


TpmVersion: TypeAlias = Literal['1.2', '2.0']
"""The version of a TPM."""


@dataclass(kw_only=True)
class TpmSpec(Model):
    """An emulated TPM."""

    model: TpmModel | None = None
    """Its interface."""
    version: TpmVersion | None = None
    """Its version."""


@dataclass(kw_only=True)
class VmSpec(DocumentModel):
    """The hardware of a machine, what it boots from and where it may run.

    ``` use quantix_core::{MemoryMib, Validate, model::VmSpec}; let mut spec = VmSpec::new(4,
    MemoryMib(8192)); assert!(spec.findings().is_empty()); spec.cpu.cores = 0;
    assert_eq!(spec.findings()[0].path.as_deref(), Some("cpu.cores")); ```
    """

    KIND = "vm_spec"

    READS: ClassVar[dict[str, str]] = {
        'cpu': 'CpuSpec',
        'memory': 'MemorySpec',
        'boot_media': 'BootMedia',
        'disks': 'DiskSpec',
        'ha': 'HaPolicy',
        'network_interfaces': 'VmSpecNicSpec',
        'placement': 'PlacementPolicy',
        'tpm': 'TpmSpec',
    }

    cpu: CpuSpec
    """Processors."""
    memory: MemorySpec
    """Memory."""
    boot_media: BootMedia | None = None
    """What the first boot starts from."""
    customization_spec_id: str | None = None
    """How the guest is set up on its first boot."""
    disks: list[DiskSpec] | None = None
    """Disks, in the order in which the guest sees them."""
    firmware: Firmware | None = None
    """Firmware."""
    guest_os: GuestOs | None = None
    """Which family the guest belongs to; decides the defaults of its hardware."""
    ha: HaPolicy | None = None
    """What happens to it when its node fails."""
    network_interfaces: list[VmSpecNicSpec] | None = None
    """Network interfaces, in the order in which the guest sees them."""
    placement: PlacementPolicy | None = None
    """Where it may run."""
    secure_boot: bool | None = None
    """Whether the firmware only starts signed loaders; needs `efi`."""
    tpm: TpmSpec | None = None
    """An emulated TPM."""


VolumePhase: TypeAlias = Literal['creating', 'available', 'in_use', 'resizing', 'deleting', 'error']
"""What a volume is doing."""


@dataclass(kw_only=True)
class Volume(DocumentModel):
    """A disk in a pool."""

    KIND = "volume"

    id: str
    """Its id."""
    size_bytes: int | str
    """Its size as machines see it."""
    storage_pool_id: str
    """The pool that holds it."""
    allocated_bytes: int | str | None = None
    """How much of the pool it takes."""
    backing_image_id: str | None = None
    """The image below it, which cannot be deleted before it."""
    created_at: str | None = None
    """When it was made."""
    format: DiskFormat | None = None
    """How it is stored."""
    name: str | None = None
    """Its name."""
    phase: VolumePhase | None = None
    """What it is doing."""
    project_id: str | None = None
    """The project that it counts for."""
    revision: int | None = None
    """Counts its changes."""
    vm_id: str | None = None
    """The machine that uses it."""


@dataclass(kw_only=True)
class ClusterDocumentHugePages(Model):
    """Huge pages of one size."""

    count: int
    """How many."""
    size_bytes: int | str
    """The size of one page."""


NodeState: TypeAlias = Literal['ready', 'cordoned', 'down']
"""Whether a node takes machines."""


@dataclass(kw_only=True)
class ClusterDocumentNode(Model):
    """A hypervisor host."""

    READS: ClassVar[dict[str, str]] = {
        'hugepages': 'ClusterDocumentHugePages',
    }

    cpu_milli: int | str
    """All of its CPU."""
    id: str
    """Its name."""
    memory_mib: int | str
    """All of its memory."""
    cpu_features: list[str] | None = None
    """CPU features that machines may ask for."""
    cpu_model: str | None = None
    """The model of its CPUs."""
    devices: dict[str, int] | None = None
    """PCI devices that can be handed to machines: how many of each product (`8086:1572`)."""
    gpus: list[Any] | None = None
    """Its GPUs."""
    hugepages: list[ClusterDocumentHugePages] | None = None
    """Its huge pages, one entry per size. They are part of its memory, and only machines that ask
    for pages get that part.
    """
    labels: dict[str, str] | None = None
    """Labels; `zone` and `rack` place it in the topology."""
    networks: list[str] | None = None
    """The networks that it can attach machines to."""
    numa: list[dict[str, Any]] | None = None
    """Its NUMA cells; one cell with everything when left out."""
    overcommit: dict[str, Any] | None = None
    """How often CPU and memory may be promised; once when left out."""
    pools: list[str] | None = None
    """The storage pools that it reaches."""
    reserved: dict[str, Any] | None = None
    """What the host keeps for itself, before overcommit."""
    state: NodeState | None = None
    """Whether it takes machines."""
    taints: list[dict[str, Any]] | None = None
    """Taints that machines must tolerate."""
    tenants: list[str] | None = None
    """The tenants or licences that it is kept for; every machine may run here when left out."""


@dataclass(kw_only=True)
class Pool(Model):
    """A storage pool."""

    capacity_bytes: int | str
    """How much it holds."""
    id: str
    """Its name."""
    allocated_bytes: int | str | None = None
    """How much of it is taken, the disks of the existing machines included. Left out, it is the sum
    of these disks.
    """
    overcommit: float | None = None
    """How many times its capacity may be promised to thin disks; 1 when left out."""
    shared: bool | None = None
    """Whether several nodes reach the same data. Left out, a pool that several nodes name is
    shared.
    """


RuleKind: TypeAlias = Literal['anti_affinity', 'affinity', 'vm_host', 'spread']
"""What a [`Rule`] demands."""


Topology: TypeAlias = Literal['host', 'rack', 'zone']
"""How far apart is apart: a rack is the node label `rack`, a zone the node label `zone`."""


@dataclass(kw_only=True)
class Rule(Model):
    """A rule between machines, or between machines and nodes."""

    kind: RuleKind
    """What it demands."""
    vms: list[str]
    """The machines that it is about, existing or to come."""
    id: str | None = None
    """Its name in explanations; `rules[N]` when left out."""
    max_skew: int | None = None
    """For a [`RuleKind::Spread`] rule, how many more of the machines than the emptiest host, rack
    or zone another may have; 1 when left out.
    """
    must: bool | None = None
    """Whether it must hold, or is only wished; a rule must hold when left out."""
    nodes: list[str] | None = None
    """The nodes of a [`RuleKind::VmHost`] rule."""
    topology: Topology | None = None
    """How far apart is apart and how near is together."""


@dataclass(kw_only=True)
class Disk(Model):
    """A disk of a machine."""

    size_bytes: int | str
    """Its size."""
    id: str | None = None
    """Its name."""
    storage_pool_id: str | None = None
    """The pool that it must lie in; left out or empty, any storage will do."""


@dataclass(kw_only=True)
class GpuDemand(Model):
    """The GPUs that a machine asks for."""

    count: int
    """How many."""
    milli: int | None = None
    """How much of each, in thousandths; the whole of it when left out."""
    models: list[str] | None = None
    """The models that will do; any when left out."""


@dataclass(kw_only=True)
class Preference(Model):
    """Nodes that a machine would rather run on."""

    node_selector: dict[str, str]
    """The labels of the preferred nodes."""
    weight: int | None = None
    """How much it matters, 1 to 100; 1 when left out."""


@dataclass(kw_only=True)
class Toleration(Model):
    """What a machine tolerates, as in Kubernetes."""

    effect: Literal['no_schedule', 'prefer_no_schedule', 'no_execute', 'NoSchedule', 'PreferNoSchedule', 'NoExecute', None] | None = None
    """The effect that is tolerated; every effect when left out."""
    key: str | None = None
    """The taint's key; left out with [`TolerationOperator::Exists`], every taint."""
    operator: Literal['equal', 'exists', 'Equal', 'Exists'] | None = None
    """How the value is compared."""
    value: str | None = None
    """The taint's value."""


@dataclass(kw_only=True)
class PlacedVm(Model):
    """A machine of a cluster, with the node that it runs on."""

    READS: ClassVar[dict[str, str]] = {
        'disks': 'Disk',
        'gpus': 'GpuDemand',
        'hugepages': 'ClusterDocumentHugePages',
        'preferences': 'Preference',
        'tolerations': 'Toleration',
    }

    cpu_milli: int | str
    """The CPU that it asks for."""
    id: str
    """Its name."""
    memory_mib: int | str
    """The memory that it asks for."""
    cpu_features: list[str] | None = None
    """CPU features that its node must have."""
    cpu_models: list[str] | None = None
    """The CPU models that will do; any when left out."""
    devices: dict[str, int] | None = None
    """PCI devices that it gets: how many of each product."""
    disks: list[Disk] | None = None
    """Its disks."""
    gpu_indices: list[int] | None = None
    """The GPUs of the node that it has, by position."""
    gpus: GpuDemand | None = None
    """The GPUs that it asks for."""
    hugepages: list[ClusterDocumentHugePages] | None = None
    """The huge pages that back a part of its memory; the rest is ordinary memory."""
    networks: list[str] | None = None
    """The networks that it must be attached to."""
    node: str | None = None
    """Where it runs or is about to run; left out, it uses nothing."""
    node_selector: dict[str, str] | None = None
    """Labels that its node must have, with these values."""
    numa: Literal['any', 'single', 'even'] | None = None
    """How it lies on the node's NUMA cells."""
    numa_cells: list[int] | None = None
    """The NUMA cells that it lies on, for a machine that is bound to cells."""
    preferences: list[Preference] | None = None
    """Nodes that it would rather run on."""
    priority: int | None = None
    """Which machines matter more; higher first, 0 when left out."""
    tenant: str | None = None
    """Whose it is, or under which licence it runs: nodes that are kept for tenants take machines of
    theirs only.
    """
    tolerations: list[Toleration] | None = None
    """The taints that it tolerates."""


@dataclass(kw_only=True)
class ClusterDocument(DocumentModel):
    """A cluster: what there is to place machines on, and what runs there already."""

    KIND = "cluster_document"

    READS: ClassVar[dict[str, str]] = {
        'nodes': 'ClusterDocumentNode',
        'pools': 'Pool',
        'rules': 'Rule',
        'vms': 'PlacedVm',
    }

    nodes: list[ClusterDocumentNode]
    """The hypervisor hosts."""
    pools: list[Pool] | None = None
    """The storage pools. Left out, pools that nodes name have no known capacity."""
    rules: list[Rule] | None = None
    """Rules between machines and nodes."""
    vms: list[PlacedVm] | None = None
    """The machines that exist; those with a node use its resources."""


@dataclass(kw_only=True)
class Inventory(DocumentModel):
    """A whole platform, or a part of one that is complete in itself: what refers to what is
    checked.
    """

    KIND = "inventory"

    READS: ClassVar[dict[str, str]] = {
        'alerts': 'Alert',
        'clusters': 'Cluster',
        'folder_trees': 'FolderTree',
        'images': 'Image',
        'networks': 'Network',
        'nodes': 'Node',
        'security_groups': 'SecurityGroup',
        'storage_pools': 'StoragePool',
        'switches': 'Switch',
        'vms': 'Vm',
        'volumes': 'Volume',
    }

    alerts: list[Alert] | None = None
    """Alerts."""
    clusters: list[Cluster] | None = None
    """Clusters."""
    folder_trees: list[FolderTree] | None = None
    """The folder trees, one for each project."""
    images: list[Image] | None = None
    """Images."""
    networks: list[Network] | None = None
    """Networks."""
    nodes: list[Node] | None = None
    """Nodes."""
    schema_version: int | None = None
    """The version of this form."""
    security_groups: list[SecurityGroup] | None = None
    """Security groups."""
    storage_pools: list[StoragePool] | None = None
    """Storage pools."""
    switches: list[Switch] | None = None
    """Distributed switches."""
    vms: list[Vm] | None = None
    """Machines."""
    volumes: list[Volume] | None = None
    """Volumes."""
