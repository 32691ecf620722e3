"""Machines on a libvirt host, for asyncio: the calls of :mod:`quantix.libvirt` to be awaited.

>>> import asyncio
>>> from quantix.aio import Host
>>> async def main():
...     async with await Host.connect("fake:///1") as host:
...         events = await host.events()
...         spec = {"name": "web", "id": "00000000-0000-0000-0000-000000000007", "cpus": 1,
...                 "memory_mib": 512, "domain_type": "qemu"}
...         await host.create(spec, start=True)
...         async for event in events:
...             if event["event"] == "lifecycle":
...                 return event["what"]
>>> asyncio.run(main())
'defined'

Each call runs on a thread of its host, so that none keeps the event loop waiting. A task that is
cancelled stops waiting at once; its call ends by its deadline, as libvirt's calls cannot be
interrupted.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Literal, TypeVar

from quantix import libvirt
from quantix.exceptions import LibvirtError

__all__ = ["Events", "Host", "LibvirtError"]

T = TypeVar("T")
Report = dict[str, Any]
Reports = list[Report]
Names = list[str]
# One of "live", "next_boot" and "both".
Affect = str
# One of "start", "stop", "undefine", "autostart", "no_autostart" and "refresh".
Act = str

# Calls of one host that may wait at a time; more wait for their turn.
CALLS_MAX = 64
# How long the thread of a stream of events waits before it looks whether it is still wanted.
_SLICE = 0.25


async def _in(pool: ThreadPoolExecutor, work: Callable[[], T]) -> T:
    return await asyncio.get_running_loop().run_in_executor(pool, work)


def _list(report: Report, field: str) -> Reports:
    items: Reports = report[field]
    return items


class Events(AsyncIterator[Report]):
    """The events of a host, from its subscription on; see :class:`quantix.libvirt.Events`.

    Use one stream in one task.
    """

    def __init__(self, events: libvirt.Events) -> None:
        self._events = events
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="quantix-events")
        self._waiting: asyncio.Future[Report | None] | None = None

    async def next(self, limit: float) -> Report | None:
        """Wait at most ``limit`` seconds for the next event; ``None`` where there was none."""
        loop = asyncio.get_running_loop()
        end = loop.time() + limit
        while True:
            # A wait that was cancelled goes on in its thread: what it brings is not lost.
            if self._waiting is None:
                work = self._events.next
                self._waiting = loop.run_in_executor(self._pool, work, _SLICE)
            left = max(end - loop.time(), 0.0)
            done, _ = await asyncio.wait([self._waiting], timeout=left)
            if done:
                event, self._waiting = self._waiting.result(), None
                if event is not None:
                    return event
            if loop.time() >= end:
                return None

    async def __anext__(self) -> Report:
        while True:
            event = await self.next(3600.0)
            if event is not None:
                return event

    async def aclose(self) -> None:
        """Stop waiting for events."""
        self._pool.shutdown(wait=False, cancel_futures=True)


class Host:
    """One libvirt host, as :class:`quantix.libvirt.Host`; made by :meth:`connect`."""

    def __init__(self, host: libvirt.Host) -> None:
        self._host = host
        self._pool = ThreadPoolExecutor(CALLS_MAX, thread_name_prefix="quantix-libvirt")

    @classmethod
    async def connect(cls, uri: str = "qemu:///system", *, deadline: float = 30.0) -> Host:
        """Connect to a host. ``deadline`` is for each call, in seconds."""
        return cls(await asyncio.to_thread(libvirt.Host, uri, deadline=deadline))

    async def __aenter__(self) -> Host:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Take no more calls; those that wait for their turn are dropped."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def within(self, deadline: float) -> Host:
        """The same connection with another deadline for each call."""
        other = Host.__new__(Host)
        other._host, other._pool = self._host.within(deadline), self._pool
        return other

    @property
    def uri(self) -> str:
        """The connection URI."""
        return self._host.uri

    def __repr__(self) -> str:
        return f"quantix.aio.Host({self.uri!r})"

    async def run(self, op: str, **fields: Any) -> Report:
        """Make any call by its name, such as ``run("show", vm="web")``."""
        return await _in(self._pool, lambda: self._host.run(op, **fields))

    def quarantined(self) -> Names:
        """The machines that are fenced off because a call on them missed its deadline."""
        return self._host.quarantined()

    async def events(self) -> Events:
        """The events of this host from now on."""
        return Events(await _in(self._pool, self._host.events))

    async def info(self) -> Report:
        """The host: CPUs, memory, versions, and whether KVM truly works."""
        return await self.run("host")

    async def list(self) -> Reports:
        """The machines, by name."""
        return _list(await self.run("list"), "vms")

    async def show(self, vm: str) -> Report:
        """Everything about one machine that needs no answer from its guest."""
        return await self.run("show", vm=vm)

    async def state(self, vm: str) -> str:
        """What a machine is doing, such as ``running``."""
        return str((await self.run("state", vm=vm))["state"])

    async def xml(
        self,
        vm: str,
        kind: Literal["current", "next_boot", "next_boot_with_secrets"] = "current",
    ) -> str:
        """The XML of a machine."""
        return str((await self.run("xml", vm=vm, kind=kind))["xml"])

    async def stats(self, *vms: str) -> Reports:
        """Statistics of some machines, or of all, in one call."""
        return _list(await self.run("stats", vms=vms), "vms")

    async def usage(self, *vms: str, interval: float = 1.0) -> Reports:
        """What some machines use, or all: CPU in percent, bytes and requests per second.

        Reads the counters twice, ``interval`` seconds apart.
        """
        return _list(await self.run("usage", vms=vms, interval_ms=round(interval * 1000)), "vms")

    async def node_report(self) -> Report:
        """What the host is, has, can run and runs, in one document for heartbeats."""
        return await self.run("node_report")

    async def node_devices(self) -> Reports:
        """The devices of the host that can be passed through, or lead to networks and storage."""
        return _list(await self.run("node_devices"), "devices")

    async def tagged(self, owner: str | None = None) -> Reports:
        """The machines that bear the mark of Quantix."""
        return _list(await self.run("tagged", owner=owner), "vms")

    async def create(self, spec: Mapping[str, Any], *, start: bool = False) -> Report:
        """Make a machine from a description, whole or not at all; safe to repeat."""
        return await self.run("create", spec=dict(spec), start=start)

    async def define(self, xml: str) -> Report:
        """Define a machine from XML."""
        return await self.run("define", xml=xml)

    async def delete(self, vm: str, *, force: bool = False) -> Report:
        """Remove a machine, with ``force`` also one that runs. Its disks stay."""
        return await self.run("delete", vm=vm, force=force)

    async def plan(
        self, vm: str, *, spec: Mapping[str, Any] | None = None, xml: str | None = None
    ) -> Report:
        """What would change, when each change would take effect, and why. Changes nothing."""
        return await self.run("plan", vm=vm, spec=spec and dict(spec), xml=xml)

    async def apply(
        self, vm: str, *, spec: Mapping[str, Any] | None = None, xml: str | None = None
    ) -> Report:
        """Make a machine what a description or a whole XML says; safe to repeat."""
        return await self.run("apply", vm=vm, spec=spec and dict(spec), xml=xml)

    async def start(self, vm: str, *, paused: bool = False) -> Report:
        """Start a machine; one that runs is left alone."""
        return await self.run("start", vm=vm, paused=paused)

    async def stop(
        self,
        vm: str,
        *,
        mode: Literal[
            "graceful_then_destroy", "graceful_only", "destroy"
        ] = "graceful_then_destroy",
        budget: int = 60,
    ) -> Report:
        """Stop a machine: ask its guest for at most ``budget`` seconds, then pull the plug."""
        return await self.run("stop", vm=vm, mode=mode, budget_seconds=budget)

    async def reboot(self, vm: str, *, by: Literal["agent", "acpi"] = "acpi") -> Report:
        """Ask the guest to reboot."""
        return await self.run("reboot", vm=vm, by=by)

    async def reset(self, vm: str) -> Report:
        """Press the reset button."""
        return await self.run("reset", vm=vm)

    async def pause(self, vm: str) -> Report:
        """Pause a machine."""
        return await self.run("pause", vm=vm)

    async def resume(self, vm: str) -> Report:
        """Let a paused machine run."""
        return await self.run("resume", vm=vm)

    async def save(self, vm: str) -> Report:
        """Save memory and stop; the next start resumes."""
        return await self.run("save", vm=vm)

    async def drop_saved(self, vm: str) -> Report:
        """Drop the saved memory."""
        return await self.run("drop_saved", vm=vm)

    async def autostart(self, vm: str, on: bool = True) -> Report:
        """Make a machine start with its host, or not."""
        return await self.run("autostart", vm=vm, on=on)

    async def attach(self, vm: str, xml: str, *, affect: Affect = "live") -> Report:
        """Add a device."""
        return await self.run("attach", vm=vm, xml=xml, affect=affect)

    async def detach(self, vm: str, xml: str, *, affect: Affect = "live") -> Report:
        """Ask for a device to go; a running guest may take its time: see :meth:`unplug`."""
        return await self.run("detach", vm=vm, xml=xml, affect=affect)

    async def update(self, vm: str, xml: str, *, affect: Affect = "live") -> Report:
        """Change a device in place, such as the medium of a drive."""
        return await self.run("update", vm=vm, xml=xml, affect=affect)

    async def unplug(self, vm: str, xml: str) -> Report:
        """Remove a device from a running machine and wait until its guest has let it go."""
        return await self.run("unplug", vm=vm, xml=xml)

    async def set_cpus(self, vm: str, cpus: int, *, affect: Affect = "live") -> Report:
        """Set the number of virtual CPUs."""
        return await self.run("set_cpus", vm=vm, cpus=cpus, affect=affect)

    async def set_memory(self, vm: str, mib: int, *, affect: Affect = "live") -> Report:
        """Set the memory."""
        return await self.run("set_memory", vm=vm, mib=mib, affect=affect)

    async def resize_disk(self, vm: str, disk: str, size: int) -> Report:
        """Grow a disk of a running machine, named by its target, to ``size`` bytes."""
        return await self.run("resize_disk", vm=vm, disk=disk, bytes=size)

    async def agent_info(self, vm: str) -> Report:
        """What the guest says about itself."""
        return await self.run("agent_info", vm=vm)

    async def agent_wait(self, vm: str, limit: int = 300) -> bool:
        """Wait at most ``limit`` seconds for the agent; whether it answers."""
        return bool((await self.run("agent_wait", vm=vm, limit_seconds=limit))["answers"])

    async def agent_exec(self, vm: str, program: str, *args: str, limit: int = 60) -> Report:
        """Run a program in the guest, without a shell."""
        return await self.run("agent_exec", vm=vm, program=program, args=args, limit_seconds=limit)

    async def agent_read(self, vm: str, path: str) -> bytes:
        """Read a file of the guest."""
        return base64.b64decode((await self.run("agent_read", vm=vm, path=path))["base64"])

    async def agent_write(self, vm: str, path: str, content: bytes) -> None:
        """Write a file of the guest."""
        await self.run("agent_write", vm=vm, path=path, base64=base64.b64encode(content).decode())

    async def screenshot(self, vm: str, screen: int = 0) -> tuple[str, bytes]:
        """A picture of a screen: its media type and its bytes."""
        shot = await self.run("screenshot", vm=vm, screen=screen)
        return str(shot["mime"]), base64.b64decode(shot["base64"])

    async def addresses(self, vm: str) -> Reports:
        """The addresses of a guest from every source that answers."""
        return _list(await self.run("addresses", vm=vm), "interfaces")

    async def migrate(
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
        return await self.run("migrate", vm=vm, request=request, only_check=only_check)

    async def move_cold(
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
        return await self.run("move_cold", vm=vm, destination=destination, request=request)

    async def reconcile_migration(self, vm: str, destination: str) -> Report:
        """Put in order what a migration that broke has left on both hosts."""
        return await self.run("reconcile_migration", vm=vm, destination=destination)

    async def job(self, vm: str) -> Report:
        """The job of a machine: a migration, a save."""
        return await self.run("job", vm=vm)

    async def abort_job(self, vm: str) -> Report:
        """End the job of a machine."""
        return await self.run("abort_job", vm=vm)

    async def start_post_copy(self, vm: str) -> Report:
        """Let a migration with ``post_copy`` switch over before all memory is there."""
        return await self.run("start_post_copy", vm=vm)

    async def block_job(
        self, vm: str, disk: str, kind: str, *, finish: str | None = None, **options: Any
    ) -> Report:
        """Run a job on a disk to its end, or until it is ready; then ``finish`` ends it.

        ``kind`` is ``commit``, ``pull`` or ``copy``, with the options ``base``, ``top``, ``to``,
        ``format``, ``shallow`` and ``bytes_per_second``; ``finish`` is ``pivot`` or ``abort``.
        """
        job = {"kind": kind, **options}
        return await self.run("block_job", vm=vm, disk=disk, job=job, finish=finish)

    async def block_job_info(self, vm: str, disk: str) -> Report | None:
        """How far the job on a disk is; ``None`` where there is none."""
        return await self.run("block_job_info", vm=vm, disk=disk)

    async def end_block_job(self, vm: str, disk: str, end: str) -> Report:
        """End the job on a disk: ``pivot`` or ``abort``."""
        return await self.run("end_block_job", vm=vm, disk=disk, end=end)

    async def throttle(self, vm: str, disk: str) -> Report:
        """The limits of a disk."""
        return await self.run("throttle", vm=vm, disk=disk)

    async def set_throttle(
        self, vm: str, disk: str, *, affect: Affect = "live", **limits: int
    ) -> Report:
        """Limit a disk, such as ``total_bytes_sec`` and ``total_iops_sec``; zero is no limit."""
        return await self.run("set_throttle", vm=vm, disk=disk, throttle=limits, affect=affect)

    async def freeze(self, vm: str, *mounts: str) -> int:
        """Freeze file systems of the guest, all where none is named; how many."""
        return int((await self.run("freeze", vm=vm, mounts=mounts))["count"])

    async def thaw(self, vm: str) -> int:
        """Thaw the file systems of the guest; how many."""
        return int((await self.run("thaw", vm=vm))["count"])

    async def backup(
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
        return await self.run("backup", vm=vm, backup=backup)

    async def checkpoints(self, vm: str) -> Reports:
        """The checkpoints of a machine, oldest first."""
        return _list(await self.run("checkpoints", vm=vm), "checkpoints")

    async def delete_checkpoint(self, vm: str, name: str) -> Reports:
        """Remove a checkpoint; the one before it takes over what it knew."""
        return _list(await self.run("delete_checkpoint", vm=vm, name=name), "checkpoints")

    async def filters(self) -> Names:
        """The names of the network filters."""
        names: Names = (await self.run("filters"))["filters"]
        return names

    async def define_filter(self, xml: str) -> str:
        """Define a network filter from XML, or replace it; its name."""
        return str((await self.run("define_filter", xml=xml))["name"])

    async def filter_xml(self, name: str) -> str:
        """The XML of a network filter."""
        return str((await self.run("filter_xml", filter=name))["xml"])

    async def delete_filter(self, name: str) -> None:
        """Remove a network filter that nothing uses."""
        await self.run("delete_filter", filter=name)

    async def apply_security_group(
        self, group: Mapping[str, Any], members: Mapping[str, Any] | None = None
    ) -> str:
        """Make the network filter of a security group what the group says now; its name.

        ``members`` are the addresses of the interfaces in the groups that its rules name.
        """
        fields = {"group": dict(group), "members": dict(members or {})}
        return str((await self.run("apply_security_group", **fields))["name"])

    async def snapshots(self, vm: str) -> Reports:
        """The snapshots of a machine, oldest first."""
        return _list(await self.run("snapshots", vm=vm), "snapshots")

    async def take_snapshot(self, vm: str, name: str, *, disk_only: bool = False) -> Reports:
        """Take a snapshot."""
        request = await self.run("take_snapshot", vm=vm, name=name, disk_only=disk_only)
        return _list(request, "snapshots")

    async def revert_snapshot(self, vm: str, name: str) -> Reports:
        """Put a machine back to a snapshot; what it did since is lost."""
        return _list(await self.run("revert_snapshot", vm=vm, name=name), "snapshots")

    async def delete_snapshot(self, vm: str, name: str) -> Reports:
        """Remove a snapshot."""
        return _list(await self.run("delete_snapshot", vm=vm, name=name), "snapshots")

    async def pools(self) -> Reports:
        """The storage pools."""
        return _list(await self.run("pools"), "pools")

    async def define_pool(self, xml: str) -> Reports:
        """Define a pool from XML."""
        return _list(await self.run("define_pool", xml=xml), "pools")

    async def change_pool(self, pool: str, act: Act) -> Reports:
        """Do something with a pool."""
        return _list(await self.run("change_pool", pool=pool, act=act), "pools")

    async def pool_xml(self, pool: str) -> str:
        """The XML of a pool."""
        return str((await self.run("pool_xml", pool=pool))["xml"])

    async def volumes(self, pool: str) -> Reports:
        """The volumes of a pool, with format, sizes and what is under them."""
        return _list(await self.run("volumes", pool=pool), "volumes")

    async def create_volume(self, pool: str, xml: str) -> str:
        """Make a volume from XML; its path."""
        return str((await self.run("create_volume", pool=pool, xml=xml))["path"])

    async def resize_volume(self, pool: str, name: str, size: int) -> Reports:
        """Grow a volume that no running machine uses to ``size`` bytes."""
        return _list(await self.run("resize_volume", pool=pool, name=name, bytes=size), "volumes")

    async def delete_volume(self, pool: str, name: str) -> Reports:
        """Remove a volume and what is in it."""
        return _list(await self.run("delete_volume", pool=pool, name=name), "volumes")

    async def networks(self) -> Reports:
        """The networks."""
        return _list(await self.run("networks"), "networks")

    async def define_network(self, xml: str) -> Reports:
        """Define a network from XML."""
        return _list(await self.run("define_network", xml=xml), "networks")

    async def change_network(self, network: str, act: Act) -> Reports:
        """Do something with a network."""
        return _list(await self.run("change_network", network=network, act=act), "networks")

    async def network_xml(self, network: str) -> str:
        """The XML of a network."""
        return str((await self.run("network_xml", network=network))["xml"])
