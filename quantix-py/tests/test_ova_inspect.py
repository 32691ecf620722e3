"""Appliances from Python: what a descriptor says."""

import pytest

from quantix import InputError
from quantix.ova import inspect

OVF = """<Envelope xmlns="http://schemas.dmtf.org/ovf/envelope/1" version="1.0"><References/>
<VirtualSystem id="vm"><Info/><Name>web</Name><VirtualHardwareSection><Info/>
<Item><InstanceID>1</InstanceID><ResourceType>3</ResourceType><VirtualQuantity>2</VirtualQuantity></Item>
</VirtualHardwareSection></VirtualSystem></Envelope>
"""


def test_a_descriptor_is_told(tmp_path):
    (tmp_path / "web.ovf").write_text(OVF)
    answer = inspect(tmp_path)
    assert answer["format"] == "ovf"
    assert [(s["name"], s["cpus"]) for s in answer["systems"]] == [("web", 2)]
    assert answer["findings"] == []


def test_a_broken_descriptor_is_an_answer(tmp_path):
    path = tmp_path / "web.ovf"
    path.write_text(OVF.replace("</Name>", "</Nme>"))
    (finding,) = inspect(path)["findings"]
    assert (finding["severity"], finding["line"]) == ("error", 2)


def test_no_package_is_an_error(tmp_path):
    with pytest.raises(InputError):
        inspect(tmp_path)
