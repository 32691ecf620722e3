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


NODES = {"nodes": [{"id": f"n{i}", "cpu_milli": 4000, "memory_mib": 4096} for i in range(3)]}
SMALL = {"id": "v", "cpu_milli": 1000, "memory_mib": 1024, "tenant": "red"}


def test_one_shape_stands_for_all_and_a_faulty_batch_changes_nothing():
    engine = Engine(NODES)
    small = engine.shape(SMALL)
    assert engine.place(["a", "b"], small) == ["n0", "n0"]
    before = len(engine)
    for call in (
        lambda: engine.place(["c", "a"], small),
        lambda: engine.place(["c", "d"], [small]),
        lambda: engine.place(["c", ""], small),
        lambda: engine.remove(["a", "c"]),
    ):
        with pytest.raises(quantix.InputError):
            call()
        assert len(engine) == before
    assert engine.place([], []) == []


def test_rules_and_wishes_written_in_python():
    seen = []

    def not_first(node, shape):
        seen.append((node.id, node.free_cpu_milli, shape.cpu_milli, shape.tenant))
        return None if node.id != "n0" else "kept for others"

    def last(node, shape):
        return {"n0": 0, "n1": 10, "n2": 1_000_000}[node.id] - node.vm_count

    own = {"filters": {"not_first": not_first}, "scores": {"last": (10_000, last)}}
    engine = Engine(NODES, **own)
    small = engine.shape(SMALL)
    assert engine.place(list("abcde"), small) == ["n2"] * 4 + ["n1"]
    assert ("n2", 4000, 1000, "red") in seen
    answer = place(NODES, [SMALL], explain=True, **own)
    placement = answer["placements"][0]
    assert (placement["node"], placement["terms"]["last"]) == ("n2", 10_000 * 1_000_000)
    rejection = placement["explanation"]["rejections"][0]
    assert (rejection["filter"], rejection["free"]) == ("not_first", "kept for others")
    assert place(NODES, [SMALL], filters={"never": lambda node, shape: False})["unplaced"]


def test_what_a_callback_raises_is_raised_and_nothing_changes():
    def broken(node, shape):
        raise KeyError(node.id)

    engine = Engine(NODES, filters={"broken": broken})
    small = engine.shape(SMALL)
    with pytest.raises(KeyError, match="n0"):
        engine.place(["a"], small)
    assert len(engine) == 0
    with pytest.raises(KeyError):
        place(NODES, [SMALL], filters={"broken": broken})
    with pytest.raises(TypeError):
        Engine(NODES, filters={"text": lambda node, shape: 5}).shape(SMALL)
        place(NODES, [SMALL], filters={"text": lambda node, shape: 5})
    engine = Engine(NODES, filters={"asks": lambda node, shape: len(engine) == 0})
    with pytest.raises(RuntimeError, match="cannot ask an engine"):
        engine.place(["a"], engine.shape(SMALL))
    for filters in ({"cpu": broken}, {"typical": broken}, {"text": "no function"}):
        with pytest.raises(quantix.InputError):
            Engine(NODES, filters=filters)
