"""The model in Python: the shared vectors, and what only Python has."""

import copy
import doctest
import json
import pickle
import threading
from pathlib import Path

import pytest

import quantix
from quantix import core

VECTORS = Path(__file__).resolve().parents[2] / "vectors" / "core"
AT = "2026-01-31T12:00:00Z"


def vectors(name):
    return json.loads((VECTORS / f"{name}.json").read_text("utf-8"))


@pytest.mark.parametrize("entry", vectors("folder_path"), ids=lambda entry: repr(entry["text"][:20]))
def test_folder_path(entry):
    if "canonical" in entry:
        path = core.FolderPath(entry["text"])
        assert str(path) == entry["canonical"]
        assert path.names == entry["names"]
        assert path.depth == len(entry["names"])
    else:
        with pytest.raises(quantix.InputError) as error:
            core.FolderPath(entry["text"])
        assert str(error.value) == entry["message"]
        assert error.value.findings[0]["code"] == entry["code"]
        before = entry["text"].encode()[: entry["offset"]].decode()
        assert error.value.findings[0]["column"] == len(before) + 1


READERS = {
    "bytes": lambda text: int(core.Bytes(text)),
    "memory_mib": lambda text: int(core.MemoryMib(text)),
    "millicores": lambda text: int(core.Millicores(text)),
    "project_id": lambda text: str(core.ProjectId(text)),
    "vm_id": lambda text: str(core.VmId(text)),
    "timestamp": lambda text: str(core.Timestamp(text)),
    "mac_address": lambda text: str(core.MacAddress(text)),
    "cidr": lambda text: str(core.Cidr(text)),
}


@pytest.mark.parametrize("entry", vectors("values"), ids=lambda e: f"{e['type']} {e['text'][:20]!r}")
def test_values(entry):
    read = READERS[entry["type"]]
    if "value" in entry["answer"]:
        assert read(entry["text"]) == entry["answer"]["value"]
    else:
        with pytest.raises(ValueError) as error:
            read(entry["text"])
        assert str(error.value) == entry["answer"]["message"]


@pytest.mark.parametrize("entry", vectors("documents"))
def test_documents(entry):
    report = core.check_document(entry["kind"], entry["text"], lenient=entry["lenient"])
    assert report == entry["report"]
    if report["valid"]:
        again = core.check_document(entry["kind"], report["document"], lenient=entry["lenient"])
        assert again["document"] == report["document"]


def test_folder_tree():
    script = vectors("folder_tree")
    tree = core.FolderTree(script["project_id"], script["root"], at=script["at"])
    for step in script["steps"]:
        if step["fault"] is None:
            assert tree.run(step["command"]) == step["answer"], step["command"]
        else:
            with pytest.raises(quantix.InputError) as error:
                tree.run(step["command"])
            assert error.value.findings == [step["fault"]], step["command"]
    assert tree.to_document() == script["document"]
    again = core.FolderTree.from_document(script["document"])
    assert again.to_document() == script["document"]


@pytest.mark.parametrize("entry", vectors("questions"), ids=lambda entry: entry["question"]["op"])
def test_questions(entry):
    if entry["answer"] is not None:
        assert core.ask(entry["question"]) == entry["answer"]
        assert core.ask(json.dumps(entry["question"])) == entry["answer"]
    else:
        with pytest.raises(quantix.InputError) as error:
            core.ask(entry["question"])
        assert error.value.findings == entry["findings"]


def test_addresses_alerts_and_admission():
    pool = core.AddressPool({"id": "p", "cidr": "10.0.0.0/30"})
    assert pool.allocate("a", at=AT)["mac_address"] == "fa:16:3e:00:00:00"
    assert pool.allocate("b", at=AT, address="10.0.0.2")["requested"]
    with pytest.raises(quantix.InputError, match="no address of 10.0.0.0/30 is free") as error:
        pool.allocate("c", at=AT)
    assert error.value.findings[0]["code"] == "pool-exhausted"
    assert pool.release("a")["address"] == "10.0.0.1"
    assert pool.reserve("10.0.0.1", "10.0.0.1")["free"] == 0
    assert core.check_document("subnet_pool", pool.document)["document"] == pool.document
    with pytest.raises(quantix.InputError):
        core.AddressPool({"id": "p", "cidr": "10.0.0.0/30", "gateway": "10.0.0.9"})

    above = {"kind": "above", "metric": "cpu", "value": 90}
    rules = {"rules": [{"name": "hot", "severity": "info", "object_kind": "vm", "condition": above}]}
    book = core.AlertBook()
    seen = {"object_kind": "vm", "object_id": "v", "metrics": {"cpu": 95.5}}
    assert book.evaluate(rules, [seen], at=AT)["changes"][0]["kind"] == "raised"
    assert core.AlertBook(book.document).evaluate(rules, [seen], at=AT)["firing"] == 1

    policy = {"rules": [{"name": "small", "limits": {"cpus": 1}}]}
    machine = {"name": "v", "spec": {"cpu": {"cores": 2}, "memory": {"size_mib": 512}}}
    assert not core.admit(policy, machine | {"operation": "create"})["allowed"]
    assert core.power_commands("stopped", "running") == (["start", "terminate"], "start")


def test_a_tree_in_a_few_lines():
    tree = core.FolderTree(at=AT)
    web = "0192f0c1-2b3c-7d4e-8f50-112233445566"
    info = tree.call("create", id=web, parent_id=tree.root, name="Web", at=AT)
    assert info["path"] == "/Web"
    assert tree.find("/WEB") == tree.find(core.FolderPath("/web")) == web
    assert tree.find("/nowhere") is None
    assert tree.find_many(["/web", core.FolderPath("/x")]) == [web, None]
    assert tree.path(web) == core.FolderPath("/Web")
    assert (len(tree), tree.revision) == (2, 1)
    with pytest.raises(KeyError):
        tree.path("0192f0c1-2b3c-7d4e-8f50-000000000000")
    with pytest.raises(quantix.InputError, match="unknown field `nome`"):
        tree.call("rename", id=web, nome="x", at=AT)
    assert pickle.loads(pickle.dumps(tree)).to_document() == tree.to_document()


def test_values_are_values():
    values = [
        core.FolderPath("/a/b"),
        core.ProjectId("default"),
        core.VmId("0192f0c1-2b3c-7d4e-8f50-112233445566"),
        core.Bytes("1GiB"),
        core.MemoryMib(512),
        core.Millicores("2.5 vCPU"),
        core.Timestamp(AT),
        core.MacAddress("52:54:00:12:34:56"),
        core.Cidr("10.0.0.0/24"),
    ]
    for value in values:
        assert pickle.loads(pickle.dumps(value)) == value
        assert copy.deepcopy(value) == value
        assert hash(copy.copy(value)) == hash(value)
        assert eval(repr(value), vars(core)) == value
        with pytest.raises(AttributeError):
            value.anything = 1
    assert core.Cidr("10.0.0.0/24").contains("10.0.0.7")
    assert core.Cidr("10.0.0.0/24").prefix == 24
    assert core.Bytes(1) < core.Bytes(2)
    assert core.FolderPath("/a").join("b/c") == core.FolderPath("/a/b%2fc")
    assert core.FolderPath("/a/b").parent == core.FolderPath("/a")
    assert core.FolderPath("/a/b").starts_with(core.FolderPath("/a"))
    with pytest.raises((OverflowError, TypeError, ValueError)):
        core.Bytes(-1)


def test_schemas():
    for kind in core.document_kinds():
        schema = core.document_schema(kind)
        assert schema["$id"] == f"urn:quantix:schema:{kind}:1"
    with pytest.raises(quantix.InputError, match="unknown document kind"):
        core.document_schema("vms")


def test_threads_share_a_tree():
    tree = core.FolderTree(at=AT)

    def work(number):
        for index in range(50):
            id = f"00000000-0000-0000-{number:04x}-{index + 16:012x}"
            tree.call("create", id=id, parent_id=tree.root, name=f"{number} {index}", at=AT)
            assert tree.find(f"/{number} {index}") == id

    threads = [threading.Thread(target=work, args=(number,)) for number in range(1, 5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(tree) == 201


def test_documentation_runs():
    assert doctest.testmod(core).failed == 0
