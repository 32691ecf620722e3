"""Placement from Python."""

import json
from pathlib import Path

import pytest

import quantix
from quantix.scheduler import Engine, decide, place, replay

VECTORS = Path(__file__).resolve().parents[2] / "vectors" / "scheduler"
DECISIONS = json.loads((VECTORS / "decisions.json").read_text(encoding="utf-8"))

CLUSTER = {
    "nodes": [
        {"id": "n1", "cpu_milli": 4000, "memory_mib": 8192},
        {"id": "n2", "cpu_milli": 4000, "memory_mib": 8192, "pools": ["ceph"]},
    ],
    "pools": [{"id": "ceph", "capacity_bytes": 1 << 40}],
}
DB = {
    "id": "db",
    "cpu_milli": 2000,
    "memory_mib": 4096,
    "disks": [{"size_bytes": 10 << 30, "storage_pool_id": "ceph"}],
}


def test_the_machine_goes_where_its_pool_is():
    answer = place(CLUSTER, [DB])
    assert [(p["vm"], p["node"]) for p in answer["placements"]] == [("db", "n2")]
    assert answer == place(json.dumps(CLUSTER), json.dumps({"vms": [DB]}))


def test_reasons_when_nothing_fits():
    answer = place(CLUSTER, [{**DB, "memory_mib": 9000}])
    (unplaced,) = answer["unplaced"]
    assert [r["filter"] for r in unplaced["rejections"]] == ["storage_pool", "memory"]
    assert unplaced["would_fit_if"][0]["node"] == "n2"


def test_explains_on_request():
    (placement,) = place(CLUSTER, [DB], {"name": "apart"}, explain=True)["placements"]
    assert placement["explanation"]["feasible"] == 1


@pytest.mark.parametrize("row", DECISIONS, ids=lambda row: row["vm"]["id"])
def test_decisions_are_those_of_the_vectors_and_replayed(row):
    record = decide(row["cluster"], row["vm"], row["policy"])
    assert record == row["record"]
    again = replay(record, row["cluster"])
    assert again == json.loads(record)
    altered = {**row["cluster"], "nodes": row["cluster"]["nodes"][1:], "vms": []}
    with pytest.raises(quantix.InputError, match="another cluster"):
        replay(record, altered)
    with pytest.raises(quantix.InputError, match="not a record"):
        replay("{}", row["cluster"])


def test_faults_carry_findings():
    dangling = {"nodes": [{**CLUSTER["nodes"][1]}], "pools": []}
    with pytest.raises(quantix.InputError) as error:
        place(dangling, [DB])
    assert error.value.findings[0]["path"] == "nodes[0].pools[0]"
    with pytest.raises(ValueError, match="unknown field"):
        place({"nodes": [], "hosts": []}, [])


def test_an_engine_places_batches_and_groups():
    engine = Engine(CLUSTER)
    small = engine.shape({"id": "v", "cpu_milli": 2000, "memory_mib": 1024})
    assert engine.shape({"id": "w", "cpu_milli": 2000, "memory_mib": 1024}) == small
    assert engine.place(["a", "b", "c"], [small] * 3) == ["n1", "n1", "n2"]
    before = engine.revision
    assert engine.place(["d", "e"], [small] * 2, whole=True) == [None, None]
    assert (len(engine), engine.revision) == (3, before)
    assert engine.place(["d", "e"], [small] * 2) == ["n2", None]
    engine.remove(["a", "d"])
    assert (engine.node_of("a"), engine.node_of("b")) == (None, "n1")
    assert engine.bound() == {"hosts": 1, "gap": 1.0}
    assert repr(engine) == "Engine(nodes=2, vms=2)"
    for call in (lambda: engine.place(["b"], [small]), lambda: engine.place(["x"], [7])):
        with pytest.raises(quantix.InputError):
            call()
