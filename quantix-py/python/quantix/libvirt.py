"""Machines on a libvirt host, with a deadline on every call.

>>> from quantix.libvirt import Host
>>> host = Host("fake:///1")            # or qemu:///system, qemu+tcp://host/system, test:///default
>>> spec = {"name": "web", "id": "00000000-0000-0000-0000-000000000007", "cpus": 1,
...         "memory_mib": 512, "domain_type": "qemu"}
>>> host.create(spec, start=True)["active"]
True
>>> [vm["state"] for vm in host.list()]
['running']

libvirt's client library is loaded by the first connection to a libvirt host, so that everything
else of this package works without it. Calls do not hold the interpreter. Answers are the documents
of ``quantix vm ... --json``; a call that does not succeed raises ``LibvirtError`` with its ``kind``.
"""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterator, Mapping
from os import PathLike
from typing import Any, Literal

from quantix._core import LibvirtEvents, LibvirtHost, libvirt_validate
from quantix.exceptions import LibvirtError

__all__ = ["Events", "Host", "LibvirtError", "validate"]

Report = dict[str, Any]
Reports = list[Report]
Names = list[str]
# One of "live", "next_boot" and "both".
Affect = str
# One of "start", "stop", "undefine", "autostart", "no_autostart" and "refresh".
Act = str

# How long a wait may keep Python from handling signals.
_SLICE = 0.25


def validate(
    xml: str | bytes, *, schema: str | None = None, folder: str | PathLike[str] | None = None
) -> Report:
    """Check a document of libvirt against libvirt's own schemas, without a host.

    ``schema`` is the name of one, such as ``domain``, where it is not the one of the outermost
    element; ``folder`` holds the schemas, where they are not those of this machine. The answer is
    ``{"valid": ..., "schema": ..., "findings": [...]}``, each finding with its line, its column and
    what was expected.
    """
    data = xml.encode() if isinstance(xml, str) else xml
    return _report(libvirt_validate(data, schema, folder))


class Events(Iterator[Report]):
    """The events of a host, from its subscription on.

    The first is ``{"event": "resync", ...}``, and so is one wherever events may have been missed:
    read the state of the machines again, then go on. Iterating waits without end; :meth:`next`
    waits for a time.
    """

    def __init__(self, events: LibvirtEvents) -> None:
        self._events = events

    def next(self, limit: float) -> Report | None:
        """Wait at most ``limit`` seconds for the next event; ``None`` where there was none."""
        end = time.monotonic() + limit
        while True:
            left = end - time.monotonic()
            event = self._events.next(min(max(left, 0.001), _SLICE))
            if event is not None:
                return _report(event)
            if left <= _SLICE:
                return None

    def __next__(self) -> Report:
        while True:
            event = self.next(3600.0)
            if event is not None:
                return event


def _report(text: str) -> Report:
    report: Report = json.loads(text)
    return report


class Host:
    """One libvirt host. Machines are named by their name or their UUID.

    May be used from many threads. ``deadline`` is for each call, in seconds.
    """

    def __init__(self, uri: str = "qemu:///system", *, deadline: float = 30.0) -> None:
        self._host = LibvirtHost(uri, deadline)

    def within(self, deadline: float) -> Host:
        """The same connection with another deadline for each call."""
        other = Host.__new__(Host)
        other._host = self._host.within(deadline)
        return other

    @property
    def uri(self) -> str:
        """The connection URI."""
        return self._host.uri

    def __repr__(self) -> str:
        return f"Host({self.uri!r})"

    def run(self, op: str, **fields: Any) -> Report:
        """Make any call by its name, such as ``run("show", vm="web")``."""
        return _report(self._host.run(json.dumps({"op": op, **fields})))

    def quarantined(self) -> Names:
        """The machines that are fenced off because a call on them missed its deadline."""
        return self._host.quarantined()

    def events(self) -> Events:
        """The events of this host from now on."""
        return Events(self._host.events())

    # The host and its machines.

    def info(self) -> Report:
        """The host: CPUs, memory, versions, and whether KVM truly works."""
        return self.run("host")

    def list(self) -> Reports:
        """The machines, by name."""
        return _list(self.run("list"), "vms")

    def show(self, vm: str) -> Report:
        """Everything about one machine that needs no answer from its guest."""
        return self.run("show", vm=vm)

    def state(self, vm: str) -> str:
        """What a machine is doing, such as ``running``."""
        return str(self.run("state", vm=vm)["state"])

    def xml(
        self,
        vm: str,
        kind: Literal["current", "next_boot", "next_boot_with_secrets"] = "current",
    ) -> str:
        """The XML of a machine."""
        return str(self.run("xml", vm=vm, kind=kind)["xml"])

    def stats(self, *vms: str) -> Reports:
        """Statistics of some machines, or of all, in one call."""
        return _list(self.run("stats", vms=vms), "vms")

    def usage(self, *vms: str, interval: float = 1.0) -> Reports:
        """What some machines use, or all: CPU in percent, bytes and requests per second.

        Reads the counters twice, ``interval`` seconds apart.
        """
        return _list(self.run("usage", vms=vms, interval_ms=round(interval * 1000)), "vms")

    def node_report(self) -> Report:
        """What the host is, has, can run and runs, in one document for heartbeats."""
        return self.run("node_report")

    def node_devices(self) -> Reports:
        """The devices of the host that can be passed through, or lead to networks and storage."""
        return _list(self.run("node_devices"), "devices")

    def tagged(self, owner: str | None = None) -> Reports:
        """The machines that bear the mark of Quantix."""
        return _list(self.run("tagged", owner=owner), "vms")

    # Making and changing.

    def create(self, spec: Mapping[str, Any], *, start: bool = False) -> Report:
        """Make a machine from a description, whole or not at all; safe to repeat."""
        return self.run("create", spec=dict(spec), start=start)

    def define(self, xml: str) -> Report:
        """Define a machine from XML."""
        return self.run("define", xml=xml)

    def delete(self, vm: str, *, force: bool = False) -> Report:
        """Remove a machine, with ``force`` also one that runs. Its disks stay."""
        return self.run("delete", vm=vm, force=force)

    def plan(
        self, vm: str, *, spec: Mapping[str, Any] | None = None, xml: str | None = None
    ) -> Report:
        """What would change, when each change would take effect, and why. Changes nothing."""
        return self.run("plan", vm=vm, spec=spec and dict(spec), xml=xml)

    def apply(
        self, vm: str, *, spec: Mapping[str, Any] | None = None, xml: str | None = None
    ) -> Report:
        """Make a machine what a description or a whole XML says; safe to repeat."""
        return self.run("apply", vm=vm, spec=spec and dict(spec), xml=xml)

    # Power.

    def start(self, vm: str, *, paused: bool = False) -> Report:
        """Start a machine; one that runs is left alone."""
        return self.run("start", vm=vm, paused=paused)

    def stop(
        self,
        vm: str,
        *,
        mode: Literal[
            "graceful_then_destroy", "graceful_only", "destroy"
        ] = "graceful_then_destroy",
        budget: int = 60,
    ) -> Report:
        """Stop a machine: ask its guest for at most ``budget`` seconds, then pull the plug."""
        return self.run("stop", vm=vm, mode=mode, budget_seconds=budget)

    def reboot(self, vm: str, *, by: Literal["agent", "acpi"] = "acpi") -> Report:
        """Ask the guest to reboot."""
        return self.run("reboot", vm=vm, by=by)

    def reset(self, vm: str) -> Report:
        """Press the reset button."""
        return self.run("reset", vm=vm)

    def pause(self, vm: str) -> Report:
        """Pause a machine."""
        return self.run("pause", vm=vm)

    def resume(self, vm: str) -> Report:
        """Let a paused machine run."""
        return self.run("resume", vm=vm)

    def save(self, vm: str) -> Report:
        """Save memory and stop; the next start resumes."""
        return self.run("save", vm=vm)

    def drop_saved(self, vm: str) -> Report:
        """Drop the saved memory."""
        return self.run("drop_saved", vm=vm)

    def autostart(self, vm: str, on: bool = True) -> Report:
        """Make a machine start with its host, or not."""
        return self.run("autostart", vm=vm, on=on)

    # Devices and sizes.

    def attach(self, vm: str, xml: str, *, affect: Affect = "live") -> Report:
        """Add a device."""
        return self.run("attach", vm=vm, xml=xml, affect=affect)

    def detach(self, vm: str, xml: str, *, affect: Affect = "live") -> Report:
        """Ask for a device to go; a running guest may take its time: see :meth:`unplug`."""
        return self.run("detach", vm=vm, xml=xml, affect=affect)

    def update(self, vm: str, xml: str, *, affect: Affect = "live") -> Report:
        """Change a device in place, such as the medium of a drive."""
        return self.run("update", vm=vm, xml=xml, affect=affect)

    def unplug(self, vm: str, xml: str) -> Report:
        """Remove a device from a running machine and wait until its guest has let it go."""
        return self.run("unplug", vm=vm, xml=xml)

    def set_cpus(self, vm: str, cpus: int, *, affect: Affect = "live") -> Report:
        """Set the number of virtual CPUs."""
        return self.run("set_cpus", vm=vm, cpus=cpus, affect=affect)

    def set_memory(self, vm: str, mib: int, *, affect: Affect = "live") -> Report:
        """Set the memory."""
        return self.run("set_memory", vm=vm, mib=mib, affect=affect)

    def resize_disk(self, vm: str, disk: str, size: int) -> Report:
        """Grow a disk of a running machine, named by its target, to ``size`` bytes."""
        return self.run("resize_disk", vm=vm, disk=disk, bytes=size)

    # The guest.

    def agent_info(self, vm: str) -> Report:
        """What the guest says about itself."""
        return self.run("agent_info", vm=vm)

    def agent_wait(self, vm: str, limit: int = 300) -> bool:
        """Wait at most ``limit`` seconds for the agent; whether it answers."""
        return bool(self.run("agent_wait", vm=vm, limit_seconds=limit)["answers"])

    def agent_exec(self, vm: str, program: str, *args: str, limit: int = 60) -> Report:
        """Run a program in the guest, without a shell."""
        return self.run("agent_exec", vm=vm, program=program, args=args, limit_seconds=limit)

    def agent_read(self, vm: str, path: str) -> bytes:
        """Read a file of the guest."""
        return base64.b64decode(self.run("agent_read", vm=vm, path=path)["base64"])

    def agent_write(self, vm: str, path: str, content: bytes) -> None:
        """Write a file of the guest."""
        self.run("agent_write", vm=vm, path=path, base64=base64.b64encode(content).decode())

    def screenshot(self, vm: str, screen: int = 0) -> tuple[str, bytes]:
        """A picture of a screen: its media type and its bytes."""
        shot = self.run("screenshot", vm=vm, screen=screen)
        return str(shot["mime"]), base64.b64decode(shot["base64"])

    def addresses(self, vm: str) -> Reports:
        """The addresses of a guest from every source that answers."""
        return _list(self.run("addresses", vm=vm), "interfaces")

    # Moving.

    def migrate(
        self,
        vm: str,
        destination: str,
        *,
        live: bool = True,
        only_check: bool = False,
        **options: Any,
    ) -> Report:
        """Check a move to another host, and make it where nothing stands in the way.

        ``options`` are ``transport``, ``copy_storage``, ``auto_converge``, ``post_copy``,
        ``keep_source`` and ``bandwidth_mib``. It ends by the deadline: then it is aborted, and the
        machine goes on where it was.
        """
        request = {"destination": destination, "live": live, **options}
        return self.run("migrate", vm=vm, request=request, only_check=only_check)

    def move_cold(
        self,
        vm: str,
        destination: str,
        *,
        shared_storage: bool = False,
        pool: str | None = None,
    ) -> Report:
        """Move a machine that is off, its volumes included; the same call again takes it up.

        The volumes of the source stay. ``pool`` is the one of the destination that takes them.
        """
        request = {"shared_storage": shared_storage, "pool": pool}
        return self.run("move_cold", vm=vm, destination=destination, request=request)

    def reconcile_migration(self, vm: str, destination: str) -> Report:
        """Put in order what a migration that broke has left on both hosts."""
        return self.run("reconcile_migration", vm=vm, destination=destination)

    def job(self, vm: str) -> Report:
        """The job of a machine: a migration, a save."""
        return self.run("job", vm=vm)

    def abort_job(self, vm: str) -> Report:
        """End the job of a machine."""
        return self.run("abort_job", vm=vm)

    def start_post_copy(self, vm: str) -> Report:
        """Let a migration with ``post_copy`` switch over before all memory is there."""
        return self.run("start_post_copy", vm=vm)

    # Disks.

    def block_job(
        self, vm: str, disk: str, kind: str, *, finish: str | None = None, **options: Any
    ) -> Report:
        """Run a job on a disk to its end, or until it is ready; then ``finish`` ends it.

        ``kind`` is ``commit``, ``pull`` or ``copy``, with the options ``base``, ``top``, ``to``,
        ``format``, ``shallow`` and ``bytes_per_second``; ``finish`` is ``pivot`` or ``abort``.
        """
        job = {"kind": kind, **options}
        return self.run("block_job", vm=vm, disk=disk, job=job, finish=finish)

    def block_job_info(self, vm: str, disk: str) -> Report | None:
        """How far the job on a disk is; ``None`` where there is none."""
        return self.run("block_job_info", vm=vm, disk=disk)

    def end_block_job(self, vm: str, disk: str, end: str) -> Report:
        """End the job on a disk: ``pivot`` or ``abort``."""
        return self.run("end_block_job", vm=vm, disk=disk, end=end)

    def throttle(self, vm: str, disk: str) -> Report:
        """The limits of a disk."""
        return self.run("throttle", vm=vm, disk=disk)

    def set_throttle(
        self, vm: str, disk: str, *, affect: Affect = "live", **limits: int
    ) -> Report:
        """Limit a disk, such as ``total_bytes_sec`` and ``total_iops_sec``; zero is no limit."""
        return self.run("set_throttle", vm=vm, disk=disk, throttle=limits, affect=affect)

    def freeze(self, vm: str, *mounts: str) -> int:
        """Freeze file systems of the guest, all where none is named; how many."""
        return int(self.run("freeze", vm=vm, mounts=mounts)["count"])

    def thaw(self, vm: str) -> int:
        """Thaw the file systems of the guest; how many."""
        return int(self.run("thaw", vm=vm)["count"])

    def backup(
        self,
        vm: str,
        disks: Mapping[str, str],
        *,
        since: str | None = None,
        checkpoint: str | None = None,
    ) -> Report:
        """Back up disks of a running machine to files of its host, by target.

        With ``since``, the name of a checkpoint, only what changed since then; ``checkpoint`` makes
        one at this moment.
        """
        targets = [{"disk": disk, "file": file} for disk, file in disks.items()]
        backup = {"disks": targets, "since": since, "checkpoint": checkpoint}
        return self.run("backup", vm=vm, backup=backup)

    def checkpoints(self, vm: str) -> Reports:
        """The checkpoints of a machine, oldest first."""
        return _list(self.run("checkpoints", vm=vm), "checkpoints")

    def delete_checkpoint(self, vm: str, name: str) -> Reports:
        """Remove a checkpoint; the one before it takes over what it knew."""
        return _list(self.run("delete_checkpoint", vm=vm, name=name), "checkpoints")

    # Network filters.

    def filters(self) -> Names:
        """The names of the network filters."""
        names: Names = self.run("filters")["filters"]
        return names

    def define_filter(self, xml: str) -> str:
        """Define a network filter from XML, or replace it; its name."""
        return str(self.run("define_filter", xml=xml)["name"])

    def filter_xml(self, name: str) -> str:
        """The XML of a network filter."""
        return str(self.run("filter_xml", filter=name)["xml"])

    def delete_filter(self, name: str) -> None:
        """Remove a network filter that nothing uses."""
        self.run("delete_filter", filter=name)

    def apply_security_group(
        self, group: Mapping[str, Any], members: Mapping[str, Any] | None = None
    ) -> str:
        """Make the network filter of a security group what the group says now; its name.

        ``members`` are the addresses of the interfaces in the groups that its rules name.
        """
        fields = {"group": dict(group), "members": dict(members or {})}
        return str(self.run("apply_security_group", **fields)["name"])

    # Snapshots.

    def snapshots(self, vm: str) -> Reports:
        """The snapshots of a machine, oldest first."""
        return _list(self.run("snapshots", vm=vm), "snapshots")

    def take_snapshot(self, vm: str, name: str, *, disk_only: bool = False) -> Reports:
        """Take a snapshot."""
        request = self.run("take_snapshot", vm=vm, name=name, disk_only=disk_only)
        return _list(request, "snapshots")

    def revert_snapshot(self, vm: str, name: str) -> Reports:
        """Put a machine back to a snapshot; what it did since is lost."""
        return _list(self.run("revert_snapshot", vm=vm, name=name), "snapshots")

    def delete_snapshot(self, vm: str, name: str) -> Reports:
        """Remove a snapshot."""
        return _list(self.run("delete_snapshot", vm=vm, name=name), "snapshots")

    # Storage and networks.

    def pools(self) -> Reports:
        """The storage pools."""
        return _list(self.run("pools"), "pools")

    def define_pool(self, xml: str) -> Reports:
        """Define a pool from XML."""
        return _list(self.run("define_pool", xml=xml), "pools")

    def change_pool(self, pool: str, act: Act) -> Reports:
        """Do something with a pool."""
        return _list(self.run("change_pool", pool=pool, act=act), "pools")

    def pool_xml(self, pool: str) -> str:
        """The XML of a pool."""
        return str(self.run("pool_xml", pool=pool)["xml"])

    def volumes(self, pool: str) -> Reports:
        """The volumes of a pool, with format, sizes and what is under them."""
        return _list(self.run("volumes", pool=pool), "volumes")

    def create_volume(self, pool: str, xml: str) -> str:
        """Make a volume from XML; its path."""
        return str(self.run("create_volume", pool=pool, xml=xml)["path"])

    def resize_volume(self, pool: str, name: str, size: int) -> Reports:
        """Grow a volume that no running machine uses to ``size`` bytes."""
        return _list(self.run("resize_volume", pool=pool, name=name, bytes=size), "volumes")

    def delete_volume(self, pool: str, name: str) -> Reports:
        """Remove a volume and what is in it."""
        return _list(self.run("delete_volume", pool=pool, name=name), "volumes")

    def networks(self) -> Reports:
        """The networks."""
        return _list(self.run("networks"), "networks")

    def define_network(self, xml: str) -> Reports:
        """Define a network from XML."""
        return _list(self.run("define_network", xml=xml), "networks")

    def change_network(self, network: str, act: Act) -> Reports:
        """Do something with a network."""
        return _list(self.run("change_network", network=network, act=act), "networks")

    def network_xml(self, network: str) -> str:
        """The XML of a network."""
        return str(self.run("network_xml", network=network)["xml"])


def _list(report: Report, name: str) -> Reports:
    items: Reports = report[name]
    return items
