"""Tables in and out of planning, with the libraries that people have."""

import pandas
import polars
import pytest

from quantix import frames, planning

NODES = {
    "id": ["n1", "n2"],
    "cpu_milli": [4000, 4000],
    "memory_mib": [8192.0, 8192.0],
    "labels.rack": ["a", None],
}
VMS = {
    "id": ["a", "b"],
    "node": ["n1", "n1"],
    "cpu_milli": [1000, 1000],
    "memory_mib": [1024, 1024],
}
USED = {
    "time": [2, 1, 1, 2],
    "machine": ["a", "a", "b", "b"],
    "cpu": [3100.4, 3000.0, 2500.0, 2400.0],
}
AS_IS = pytest.mark.parametrize("frame", [dict, pandas.DataFrame, polars.DataFrame])


@AS_IS
def test_a_cluster_of_tables_is_planned(frame):
    cluster = frames.cluster(frame(NODES), frame(VMS))
    assert cluster["nodes"][0]["labels"] == {"rack": "a"} and "labels" not in cluster["nodes"][1]
    assert cluster["nodes"][0]["memory_mib"] == 8192
    used = frames.history(frame(USED), vm="machine", value="cpu", order="time")
    assert used == {"a": [3000, 3100], "b": [2500, 2400]}
    plan = planning.balance(cluster, {"history": {"cpu_milli": used}, "window": 2})
    moves = frames.table(plan["moves"])
    assert (moves["vm"], moves["from"], moves["to"]) == (["a"], ["n1"], ["n2"])
    assert moves["cost.migration"] == ["live"]
    assert len(frame(moves)) == (len(moves) if frame is dict else 1)


def test_a_simulation_is_a_table_over_time():
    config = {"duration_seconds": 3600, "hosts": [{"count": 4}], "machines": {"at_start": 30}}
    series = pandas.DataFrame(frames.table(planning.simulate(config)["series"]))
    assert list(series["at_seconds"]) == list(range(0, 3600, 300))
    assert (series["machines"] >= 20).all()


def test_what_is_no_table_is_refused():
    with pytest.raises(TypeError, match="int is no table"):
        frames.columns(7)
    with pytest.raises(ValueError, match="equally long"):
        frames.columns({"a": [1], "b": []})
    with pytest.raises(ValueError, match="no column 'cpu'"):
        frames.history({"vm": ["a"], "value": [1]}, value="cpu")
    assert frames.records([]) == [] and frames.table([]) == {}
    assert frames.table([{"a": 1}, {"b": {"c": 2}}]) == {"a": [1, None], "b.c": [None, 2]}
