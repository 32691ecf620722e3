"""The libvirt driver from Python: on the fake, and on libvirt's own test driver."""

import doctest
import pickle
import subprocess
import sys
import threading

import pytest

import quantix
from quantix.libvirt import Host, LibvirtError, validate

ID = "00000000-0000-0000-0000-000000000007"
SPEC = {"name": "web", "id": ID, "cpus": 1, "memory_mib": 64, "domain_type": "qemu"}


@pytest.fixture
def host():
    return Host("fake:///1", deadline=600)


def test_a_machine_lives_and_goes(host):
    events = host.events()
    assert next(events)["event"] == "resync"
    assert host.create(SPEC, start=True) == {"name": "web", "id": ID, "existed": False, "active": True}
    signs = [next(events)["what"] for _ in range(2)]
    assert signs == ["defined", "started"] and events.next(0) is None
    assert host.show("web")["machine"]["memory_mib"] == 64
    plan = host.plan("web", spec={**SPEC, "cpus": 2})
    assert {change["when"] for change in plan["changes"]} <= {"live", "next_boot"}
    assert host.apply("web", spec={**SPEC, "cpus": 2})["defined"]
    host.agent_write("web", "/etc/motd", b"\x00hi")
    assert host.agent_read(ID, "/etc/motd") == b"\x00hi"
    assert host.agent_wait("web") and host.agent_info("web")["os"]["id"] == "fake"
    host.pause("web")
    assert host.state("web") == "paused"
    assert host.stop("web", mode="destroy")["stopped_by"] == "destroy"
    assert host.delete("web")["destroyed"] is False
    assert host.list() == [] and host.quarantined() == []


def test_errors_have_a_kind(host):
    with pytest.raises(LibvirtError) as error:
        host.start("nobody")
    assert (error.value.kind, error.value.transient) == ("not_found", False)
    assert error.value.operation == "find domain" and error.value.target == "nobody"
    assert isinstance(error.value, quantix.QuantixError)
    assert pickle.loads(pickle.dumps(error.value)).kind == "not_found"
    with pytest.raises(quantix.InputError) as faults:
        host.create({**SPEC, "memory_mib": 0})
    assert faults.value.findings
    with pytest.raises(quantix.InputError, match="unknown variant"):
        host.run("explode")


def test_other_threads_run_while_one_waits(host):
    events = host.events()
    next(events)
    seen = []
    waiter = threading.Thread(target=lambda: seen.append(events.next(600)))
    waiter.start()
    host.create(SPEC)
    waiter.join()
    assert seen[0]["what"] == "defined"


def test_libvirts_test_driver():
    host = Host("test:///default", deadline=600)
    assert [vm["name"] for vm in host.list()] == ["test"]
    assert host.info()["execution"]["domain_type"] == "test"
    assert [stats["name"] for stats in host.stats()] == ["test"]
    assert host.pools()[0]["name"] == "default-pool"
    assert host.networks()[0]["name"] == "default"
    assert host.within(60).xml("test").startswith("<domain")
    with pytest.raises(LibvirtError) as error:
        host.screenshot("nobody")
    assert error.value.kind == "not_found"


def test_the_package_needs_no_libvirt():
    code = "import quantix; print(any('libvirt.so' in line for line in open('/proc/self/maps')))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "False"


def test_the_examples_of_the_documentation():
    assert doctest.testmod(quantix.libvirt).failed == 0


def test_documents_are_checked_without_a_host(tmp_path):
    good = "<network><name>a</name></network>"
    assert validate(good) == {"valid": True, "schema": "network", "findings": []}
    report = validate(b"<network>\n<name>a</name><mtu size='x'/></network>")
    (finding,) = report["findings"]
    assert (finding["code"], finding["line"], finding["column"]) == ("bad-value", 2, 26)
    assert "expected" in finding["message"] and finding["path"] == "network/mtu/@size"
    assert not validate("<a", schema="domain")["valid"]
    with pytest.raises(LibvirtError) as error:
        validate(good, folder=tmp_path)
    assert error.value.kind == "not_found" and error.value.remedy
    with pytest.raises(LibvirtError) as error:
        validate("<unheard-of/>")
    assert error.value.kind == "invalid"
