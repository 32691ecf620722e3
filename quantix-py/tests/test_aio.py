"""The asyncio face: the same calls, awaited, and events as an async iterator."""

from __future__ import annotations

import asyncio
import inspect
from typing import Any

import pytest

from quantix import aio, libvirt
from quantix.exceptions import LibvirtError

SPEC = {
    "name": "web",
    "id": "00000000-0000-0000-0000-000000000007",
    "cpus": 1,
    "memory_mib": 64,
    "domain_type": "qemu",
}


def public(kind: type) -> dict[str, Any]:
    return {name: member for name, member in vars(kind).items() if not name.startswith("_")}


def test_every_call_has_its_twin() -> None:
    blocking, awaited = public(libvirt.Host), public(aio.Host)
    assert set(awaited) - set(blocking) == {"connect", "aclose"}
    assert set(blocking) - set(awaited) == set()
    for name, member in blocking.items():
        if name in {"uri", "within", "events"}:
            continue
        assert inspect.signature(member) == inspect.signature(awaited[name]), name
        assert inspect.iscoroutinefunction(awaited[name]) != (name == "quarantined"), name


def test_calls_are_awaited_side_by_side() -> None:
    async def main() -> None:
        async with await aio.Host.connect("fake:///1") as host:
            assert (await host.create(SPEC, start=True))["active"]
            states = await asyncio.gather(*(host.state("web") for _ in range(20)))
            assert set(states) == {"running"}
            await host.agent_write("web", "/etc/motd", b"hello")
            assert await host.agent_read("web", "/etc/motd") == b"hello"
            with pytest.raises(LibvirtError) as error:
                await host.show("nothing")
            assert error.value.kind == "not_found"

    asyncio.run(main())


def test_events_are_an_async_iterator_and_survive_a_cancelled_wait() -> None:
    async def main() -> None:
        host = await aio.Host.connect("fake:///1")
        events = await host.events()
        assert (await events.next(10.0) or {})["event"] == "resync"
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(events.__anext__(), 0.05)
        await host.create(SPEC, start=True)
        seen = []
        async for event in events:
            seen.append(event["what"])
            if len(seen) == 2:
                break
        assert seen == ["defined", "started"]
        assert await events.next(0.01) is None
        await events.aclose()
        await host.aclose()

    asyncio.run(main())
