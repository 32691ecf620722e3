"""Planning from Python."""

import json
from pathlib import Path

import pytest

import quantix
from quantix import planning

NODE = {"cpu_milli": 4000, "memory_mib": 8192}
CLUSTER = {
    "nodes": [{"id": "n1", **NODE}, {"id": "n2", **NODE}, {"id": "n3", **NODE}],
    "vms": [
        {"id": "a", "node": "n1", "cpu_milli": 1000, "memory_mib": 1024},
        {"id": "b", "node": "n1", "cpu_milli": 1000, "memory_mib": 1024},
    ],
}


def test_a_node_is_drained():
    plan = planning.drain(CLUSTER, {"nodes": ["n1"]})
    assert plan["complete"]
    assert {move["to"] for move in plan["moves"]} == {"n2", "n3"}
    assert plan == planning.drain(json.dumps(CLUSTER), json.dumps({"nodes": ["n1"]}))


def test_faults_name_their_place():
    with pytest.raises(quantix.InputError) as caught:
        planning.drain(CLUSTER, {"nodes": ["n9"]})
    assert caught.value.findings[0]["path"] == "request.nodes[0]"


def test_what_is_lost_restarts():
    evidence = {"n1": {"host": "armed", "lease": {"ended_ms": 20_000}}}
    plan = planning.failover(CLUSTER, {"nodes": ["n1"], "evidence": evidence})
    assert plan["safe"] and plan["complete"]
    assert plan["hosts"] == [
        {"node": "n1", "vms": 2, "verdict": "restart", "ground": "lease_ended"}
    ]


def test_admission_names_what_would_not_restart():
    assert planning.admission(CLUSTER)["admitted"]
    report = planning.admission(CLUSTER, {"lose": [["n1", "n2", "n3"]]})
    assert report["not_tolerated"][0]["not_restarted"] == ["a", "b"]


def test_machines_move_where_they_get_what_they_use():
    history = {"cpu_milli": {"a": [3000, 3100], "b": [2500, 2400]}}
    plan = planning.balance(CLUSTER, {"history": history, "window": 2})
    assert [(m["vm"], m["reason"]) for m in plan["moves"]] == [("a", "relieves")]
    assert plan["objective_after"] == 0
    assert not planning.balance(CLUSTER)["moves"]


def test_what_fits_and_what_if():
    (room,) = planning.capacity(CLUSTER)["shapes"]
    assert (room["fits"], room["limited_by"]) == (10, {"cpu": 3})
    request = {"changes": [{"change": "remove_node", "node": "n1"}]}
    report = planning.whatif(CLUSTER, request)
    assert [move["from"] for move in report["moves"]] == ["n1", "n1"]
    assert report["room_after"][0]["fits"] == 6


FLEETS = Path(__file__).resolve().parents[2] / "vectors" / "scheduler" / "fleets.json"


@pytest.mark.parametrize("row", json.loads(FLEETS.read_text(encoding="utf-8")))
def test_fleets_are_those_of_the_vectors(row):
    assert planning.simulate(row["config"]) == row["report"]
    assert "<svg" in planning.simulate_html(json.dumps(row["config"]))


def test_a_fleet_with_faults_says_where():
    with pytest.raises(quantix.InputError) as caught:
        planning.simulate({"hosts": []})
    assert caught.value.findings[0]["path"].startswith("config.hosts")
    with pytest.raises(quantix.InputError, match="unknown field"):
        planning.simulate_html({"speed": 1})


def test_what_if_is_a_page_too():
    page = planning.whatif_html(CLUSTER, {"changes": [{"change": "grow", "percent": 100}]})
    assert page.startswith("<!DOCTYPE html>") and "<svg" in page


def test_processes_find_a_cheaper_machine():
    model = "1 0 10  2 0 0 8 4 0 1 0 1 8 4 1 0  2 0 0 0 0  2 0 3 5 1 4 9  0  1 1 1"
    plan = planning.reassign(model, "0 0", {"evaluations": 10_000})
    assert (plan["before"]["total"], plan["after"]["total"]) == (30, 7)
    assert plan["moves"] == [{"process": 0, "from": 0, "to": 1}]
    assert plan == planning.reassign(model, "0 0", '{"evaluations": 10000, "seed": 1}')
    with pytest.raises(quantix.InputError, match="assignment, number 2: ends before"):
        planning.reassign(model, "0")
