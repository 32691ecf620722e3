"""Appliances from Python: explained, compared, diagnosed, made, verified, converted, repaired."""

import json
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import pytest

from quantix import EnvironmentFailure, InputError, ova

VECTORS = Path(__file__).parents[2] / "vectors" / "ova"
CASES = json.loads((VECTORS / "cases.json").read_text())
ANSWERS = json.loads((VECTORS / "answers.json").read_text())


def answer(case):
    package = VECTORS / case["package"]
    try:
        match case["operation"]:
            case "inspect" | "diagnose" as name:
                return {"answer": getattr(ova, name)(package)}
            case "explain":
                return {"answer": ova.explain(package, case.get("choices"))}
            case "diff":
                return {"answer": ova.diff(package, VECTORS / case["other"])}
            case "edit":
                with tempfile.TemporaryDirectory() as work:
                    made = ova.edit(package, case["edits"], Path(work) / "a.ovf")
                    text = Path(made["path"]).read_text()
                return {"answer": {"descriptor": text, "findings": made["findings"]}}
            case other:
                raise AssertionError(f"no operation {other}")
    except InputError as error:
        return {"error": str(error), "findings": error.findings}


@pytest.mark.parametrize("case, expected", list(zip(CASES, ANSWERS, strict=True)))
def test_answers_are_those_of_rust(case, expected):
    assert answer(case) == expected


@pytest.fixture
def made(tmp_path):
    (tmp_path / "root.img").write_bytes(b"\x07" * (1 << 20) + bytes(1 << 20))
    spec = {
        "name": "web",
        "cpus": 2,
        "memory_mib": 2048,
        "disks": [{"path": "root.img"}],
        "nics": [{"network": "lan"}],
    }
    path = tmp_path / "web.ova"
    answer = ova.create(spec, path, base=tmp_path, threads=1)
    assert [file["name"] for file in answer["files"]] == ["web.ovf", "web.mf", "web-disk1.vmdk"]
    return path


def test_what_is_made_is_verified_and_converted_back(made, tmp_path):
    calls = []
    answer = ova.verify(made, progress=lambda done, total: calls.append((done, total)))
    assert (answer["ok"], answer["manifest"]) == (True, "ok")
    assert calls[-1][0] == calls[-1][1] > 0
    answer = ova.convert(made, tmp_path / "out", format="raw")
    assert answer["verified"]
    (disk,) = answer["disks"]
    assert Path(disk["path"]).read_bytes() == (tmp_path / "root.img").read_bytes()
    with pytest.raises(InputError, match="exists already"):
        ova.convert(made, tmp_path / "out", format="raw")


def test_an_overlay_is_pulled_and_stands_alone(made, tmp_path):
    out = tmp_path / "out"
    (overlay,) = ova.convert(made, out, instant=True)["disks"]
    assert overlay["written_bytes"] < 1 << 20
    with pytest.raises(InputError, match="whose parent is"):
        ova.pull(made.rename(tmp_path / "moved.ova"), out)
    (tmp_path / "moved.ova").rename(made)

    def stop(done, total):
        raise KeyError("enough")

    with pytest.raises(KeyError):
        ova.pull(made, out, progress=stop)
    before = sorted(out.iterdir())
    assert before == [Path(overlay["path"])]
    answer = ova.pull(made, out, threads=1)
    assert answer["verified"] and sorted(out.iterdir()) == before
    made.unlink()
    assert shutil.which("qemu-img"), "qemu-img is missing: install the Debian package qemu-utils"
    formats = ["-f", "raw", "-F", "qcow2"]
    command = ["qemu-img", "compare", *formats, tmp_path / "root.img", overlay["path"]]
    subprocess.run(command, check=True)


def test_a_changed_disk_is_refused_and_nothing_is_left(made, tmp_path):
    content = bytearray(made.read_bytes())
    content[content.rindex(b"KDMV") + 20] ^= 1
    made.write_bytes(content)
    answer = ova.verify(made)
    assert (answer["ok"], answer["manifest"]) == (False, "mismatch")
    assert "mismatch" in [file["status"] for file in answer["files"]]
    with pytest.raises(InputError):
        ova.convert(made, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_an_exception_of_the_progress_function_stops_the_work(made, tmp_path):
    def stop(done, total):
        raise KeyError("enough")

    with pytest.raises(KeyError):
        ova.convert(made, tmp_path / "out", progress=stop)
    assert not (tmp_path / "out").exists()


def test_a_package_is_repaired(made, tmp_path):
    folder = tmp_path / "folder"
    folder.mkdir()
    text = (VECTORS / "web.ovf").read_text()
    (folder / "web.ovf").write_text(text)
    (folder / "web-disk1.img").write_bytes(bytes(512))
    before = {o["code"] for o in ova.diagnose(folder)["objections"]}
    answer = ova.repair(folder, tmp_path / "fixed.ova")
    assert "size-mismatch" in before & {repair["code"] for repair in answer["repairs"]}
    assert Path(answer["path"]).stat().st_size == answer["bytes"]


def test_a_target_that_cannot_be_written_is_the_environments_fault(made, tmp_path):
    (tmp_path / "root.img").write_bytes(bytes(1 << 20))
    spec = {"name": "a", "cpus": 1, "memory_mib": 64, "disks": [{"path": "root.img"}]}
    with pytest.raises(EnvironmentFailure):
        ova.create(spec, tmp_path / "no" / "such" / "folder.ova", base=tmp_path)
    with pytest.raises(InputError, match="unknown field"):
        ova.create(spec | {"ram": 1}, tmp_path / "b.ova", base=tmp_path)


def test_a_signature_is_made_and_led_back_to_a_root(made, tmp_path):
    key, certificate = tmp_path / "key.pem", tmp_path / "cert.pem"
    command = "openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj /CN=maker"
    subprocess.run([*command.split(), "-keyout", key, "-out", certificate], check=True)
    signed = tmp_path / "signed.ova"
    answer = ova.sign(made, signed, key=key.read_bytes(), certificates=certificate.read_bytes())
    assert (answer["certificate"], answer["algorithm"]) == ("web.cert", "sha256")
    answer = ova.verify(signed)
    assert (answer["certificate"], answer["signature"]["trust"]) == ("untrusted", "self_signed")
    roots = certificate.read_text()
    assert ova.verify(signed, roots=roots)["certificate"] == "valid"
    late = time.time() + 400 * 86400
    assert ova.verify(signed, roots=roots, at=late)["certificate"] == "expired"
    assert not ova.verify(made, roots=roots)["ok"]
    with pytest.raises(InputError, match="no PRIVATE KEY"):
        ova.sign(made, tmp_path / "no.ova", key=b"", certificates=b"")
