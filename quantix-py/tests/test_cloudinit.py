"""Specs and seed images from Python."""

import json

import pytest

import quantix
from quantix.cloudinit import (
    build_seed,
    export_spec,
    import_spec,
    render_files,
    render_spec,
    seed_image,
)

SPEC = {
    "name": "web",
    "os_family": "Linux",
    "hostname": "{{.VMName}}-{{.Random}}",
    "timezone": "Europe/Berlin",
}
VM = {"name": "web", "id": "i-1"}


def test_renders_and_repeats_with_a_seed(tmp_path):
    report = render_spec(SPEC, VM, seed=1)
    assert report == render_spec(json.dumps(SPEC), json.dumps(VM), seed=1, to=tmp_path / "out")
    assert report["hostname"] == "web-bcdjps"
    assert report["files"] == ["meta-data", "user-data"]
    files = dict(render_files(SPEC, VM, seed=1))
    assert files["user-data"].startswith(b"#cloud-config\nhostname: web-bcdjps\n")
    assert (tmp_path / "out" / "user-data").read_bytes() == files["user-data"]


def test_every_fault_is_a_finding():
    with pytest.raises(quantix.InputError) as error:
        render_spec({**SPEC, "timezone": "Mars/Olympus", "ssh_keys": ["x"]}, VM)
    assert [f["path"] for f in error.value.findings] == ["timezone", "ssh_keys[0]"]
    with pytest.raises(ValueError, match="unknown target"):
        render_spec(SPEC, VM, target="tape")


@pytest.mark.parametrize("image", ["iso", "vfat"])
def test_seed_images_are_reproducible(tmp_path, image):
    first = seed_image(b"#cloud-config\n", b"instance-id: a\n", image=image)
    assert first == seed_image(b"#cloud-config\n", b"instance-id: a\n", image=image)
    path = tmp_path / "seed.img"
    report = build_seed(path, b"#cloud-config\n", b"instance-id: a\n", image=image)
    assert path.read_bytes() == first
    assert (report["bytes"], report["label"]) == (len(first), "cidata")
    assert path.stat().st_mode & 0o777 == 0o600


def test_bad_input_and_a_bad_place():
    with pytest.raises(quantix.InputError, match="unknown image format"):
        seed_image(b"", image="ext4")
    with pytest.raises(quantix.EnvironmentFailure):
        build_seed("/does/not/exist/seed.iso", b"")


@pytest.mark.parametrize("form", ["xml", "json"])
def test_specs_go_to_vsphere_and_come_back(form):
    spec = {**SPEC, "hostname": "{{.VMName}}", "ssh_keys": ["k"]}
    exported = export_spec(spec, format=form)
    assert [f["path"] for f in exported["findings"]] == ["ssh_keys"]
    imported = import_spec(exported["text"])
    assert imported["spec"]["timezone"] == "Europe/Berlin"
    with pytest.raises(quantix.InputError):
        import_spec("<a/>")
    with pytest.raises(ValueError, match="unknown format"):
        export_spec(spec, format="yaml")
