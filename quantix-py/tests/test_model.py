"""The typed classes of ``quantix.model``: made from the schemas, and equal to the documents."""

import copy
import doctest
import importlib.util
import json
import os
import pickle
from pathlib import Path
from typing import Any

import pytest

from quantix import InputError, model
from quantix._model import DocumentModel
from quantix.core import check_document, document_kinds

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted((ROOT / "quantix-core" / "tests" / "compatibility" / "1").glob("*.json"))
CLASSES = {cls.KIND: cls for cls in vars(model).values()
           if isinstance(cls, type) and issubclass(cls, DocumentModel) and cls.KIND}


def test_every_kind_has_its_class() -> None:
    assert sorted(CLASSES) == sorted(document_kinds())


def test_the_classes_are_those_of_the_schemas() -> None:
    path = ROOT / "quantix-py" / "model_classes.py"
    spec = importlib.util.spec_from_file_location("model_classes", path)
    assert spec is not None and spec.loader is not None
    maker = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(maker)
    if "UPDATE" in os.environ:
        maker.TARGET.write_text(maker.model_classes())
    assert maker.TARGET.read_text() == maker.model_classes()


def test_its_examples_hold() -> None:
    assert doctest.testmod(model).failed == 0


def without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: without_nulls(item) for key, item in value.items() if item is not None}
    return [without_nulls(item) for item in value] if isinstance(value, list) else value


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_documents_pass_through_their_class(path: Path) -> None:
    kind = path.name.split(".")[0]
    document = json.loads(path.read_text())
    report = check_document(kind, document)
    read = CLASSES[kind].parse(path.read_text())
    expected = document if CLASSES[kind].SECRETS else report["document"]
    assert read.to_document() == without_nulls(expected)
    assert json.loads(read.to_json()) == read.to_document()
    assert read == copy.deepcopy(read) == pickle.loads(pickle.dumps(read))
    own = read.check()
    assert own.valid and own.document == report["document"]
    # Every object of the document has a class of its own, but for what is open.
    for part in walk(read):
        assert not isinstance(part, dict) or not {"id", "kind"} <= part.keys(), part


def walk(value: Any) -> Any:
    yield value
    if isinstance(value, model.Model):
        for part in vars(value).values():
            yield from walk(part)
    elif isinstance(value, dict):
        for part in value.values():
            yield from walk(part)
    elif isinstance(value, list):
        for part in value:
            yield from walk(part)


def test_faults_are_those_of_the_document() -> None:
    spec = model.VmSpec(
        cpu=model.CpuSpec(cores=0),
        memory=model.MemorySpec(size_mib="0"),
        boot_media=model.BootMediaNone(),
    )
    report = spec.check()
    assert not report.valid
    assert report.findings == check_document("vm_spec", spec.to_document())["findings"]
    assert [fault["path"] for fault in report.faults] == ["cpu.cores", "memory.size_mib"]
    with pytest.raises(InputError) as caught:
        model.VmSpec.parse(spec.to_json())
    assert caught.value.findings == report.findings


def test_what_a_class_does_not_know_is_refused() -> None:
    with pytest.raises(ValueError, match="no field 'coers'"):
        model.CpuSpec.from_document({"cores": 1, "coers": 2})
    with pytest.raises(ValueError, match="cores"):
        model.CpuSpec.from_document({})
    with pytest.raises(ValueError, match="dictionary"):
        model.CpuSpec.from_document([])  # type: ignore[arg-type]
    document = {"cpu": {"cores": 1}, "memory": {"size_mib": 512}, "new": 1}
    with pytest.raises(InputError):
        model.VmSpec.parse(document)
    assert model.VmSpec.parse(document, lenient=True).cpu.cores == 1


def test_secrets_are_not_shown() -> None:
    spec = model.CustomizationSpec.parse(
        {"name": "x", "os_family": "Linux", "hostname": "a", "admin_password": {"plain": "S3cret"}}
    )
    assert spec.to_document()["admin_password"] == {"plain": "S3cret"}
    assert "S3cret" not in repr(spec)
