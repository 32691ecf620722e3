"""The vectors in `vectors/cloudinit`, answered in Python."""

import json
from pathlib import Path

import pytest

import quantix
from quantix import cloudinit

VECTORS = Path(__file__).resolve().parents[2] / "vectors" / "cloudinit"
ENTRIES = json.loads((VECTORS / "questions.json").read_text("utf-8"))


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry["question"]["op"])
def test_questions(entry):
    for question in (entry["question"], json.dumps(entry["question"])):
        if entry["answer"] is not None:
            assert cloudinit.ask(question) == entry["answer"]
        else:
            with pytest.raises(quantix.InputError) as error:
                cloudinit.ask(question)
            assert error.value.findings == entry["findings"]


def test_a_kind_may_name_the_schema():
    assert not cloudinit.check("version: 2\nethernets: {}\n", kind="network-v1")["valid"]
    with pytest.raises(quantix.InputError, match="network-v1"):
        cloudinit.check("a", kind="poem")
