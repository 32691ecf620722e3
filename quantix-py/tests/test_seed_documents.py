"""Documents of a seed from Python."""

import pytest

import quantix
from quantix import cloudinit

GOOD = b"#cloud-config\nhostname: web\n"


def test_check_answers_as_the_command_does():
    assert cloudinit.check(GOOD) == {
        "valid": True,
        "kind": "user-data",
        "faults": [],
        "deprecations": [],
        "lint": [],
    }
    report = cloudinit.check("#cloud-config\nhostnme: web\n", cloud_init="22.2..26.2")
    assert not report["valid"]
    assert (report["faults"][0]["line"], report["faults"][0]["column"]) == (2, 1)
    assert cloudinit.check({"version": 2}, kind="network-config")["valid"]
    with pytest.raises(quantix.InputError, match="22.2..26.2"):
        cloudinit.check(GOOD, cloud_init="7")
    with pytest.raises(quantix.InputError, match="kind"):
        cloudinit.check(GOOD, kind="other")


def test_yaml_survives():
    value = {"a": ["0123", "no", "1e3", "12:34:56", "x\ny\n", None, True, 7, 1.5], "no": {"b": ""}}
    text = cloudinit.yaml_dump(value, header="#cloud-config")
    assert text.startswith("#cloud-config\n")
    assert cloudinit.yaml_load(text) == value
    assert cloudinit.yaml_load("hostname: 0123") == {"hostname": 83}
    with pytest.raises(quantix.InputError) as error:
        cloudinit.yaml_load("a:\tb")
    assert error.value.findings[0]["line"] == 1
    with pytest.raises(ValueError):
        cloudinit.yaml_dump({}, header="a\nb")


def test_merge_diff_and_explain():
    how = b"merge_how: dict(recurse_list)+list(append)\n"
    merged = cloudinit.merge([("a", b"runcmd: [a]\n"), ("b", b"runcmd: [b]\n" + how)])
    assert merged["config"] == {"runcmd": ["a", "b"]}
    seed = {"user-data": GOOD, "meta-data": b"instance-id: a\n"}
    report = cloudinit.diff(seed, {**seed, "meta-data": b"instance-id: b\n"})
    assert report["instance_id"] == {"before": "a", "after": "b", "changed": True}
    assert "host-keys" in [c["code"] for c in report["consequences"]]
    assert cloudinit.explain(GOOD)["steps"][0]["text"] == 'names the machine "web"'
    with pytest.raises(quantix.InputError):
        cloudinit.diff({"other": b""}, {})


def test_mime_parts_survive():
    parts = [("a.sh", "text/x-shellscript", "#!/bin/sh\necho é\n".encode())]
    text = cloudinit.mime_write(parts)
    assert cloudinit.mime_split(text.encode()) == parts
    with pytest.raises(quantix.InputError):
        cloudinit.mime_write([("a\n", "text/x-shellscript", b"")])
