"""The golden messages of version 1: every op, status and signed object, understood and made today.

``python -m tools.golden`` writes the file of today; what a release said is kept beside it, never changed.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from peernode.wire.ops import Op, Status
from tests.wire.talk import FOREIGN, Heard, later_version, listening, tell
from tools.golden import FILE, heard, made_today, understood
from tools.golden_examples import ops

GOLDEN: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
assert list(FILE.parent.glob("messages-*.*.*.json")), "of each release"
UNSENT_OPS = frozenset({Op.HISTORY})
"""Served for those who ask, but asked by no node of this version."""


def test_nothing_is_without_a_golden_message() -> None:
    assert list(GOLDEN["ops"]) == [op.name for op in sorted(Op)], "run python -m tools.golden"
    assert [Status[name] for name in GOLDEN["statuses"]] == sorted(set(Status) - {Status.OK})
    assert all(ops()[op].requests and ops()[op].answers for op in Op)


@pytest.mark.parametrize("name", [op.name for op in sorted(Op)])
def test_golden_requests_and_answers_are_understood(name: str) -> None:
    for said in (*GOLDEN["ops"][name]["requests"], *GOLDEN["ops"][name]["answers"]):
        assert heard(bytes.fromhex(said["hex"])) == said["decoded"]


@pytest.mark.parametrize("name", sorted(GOLDEN["statuses"]))
def test_golden_refusals_are_understood(name: str) -> None:
    said = GOLDEN["statuses"][name]
    assert heard(bytes.fromhex(said["hex"])) == said["decoded"]
    assert said["decoded"][2] == Status[name]


@pytest.mark.parametrize("name", sorted(GOLDEN["objects"]))
def test_golden_objects_verify(name: str) -> None:
    stored = GOLDEN["objects"][name]
    assert understood(name, bytes.fromhex(stored["hex"])) == stored["decoded"]


@pytest.mark.parametrize("path", sorted(FILE.parent.glob("messages-*.*.*.json")), ids=lambda path: path.stem)
def test_what_a_release_said_is_still_among_the_golden_messages(path: Path) -> None:
    released = json.loads(path.read_text(encoding="utf-8"))
    for name, examples in released["ops"].items():
        for side in ("requests", "answers"):
            today = [said["hex"] for said in GOLDEN["ops"][name][side]]
            assert [raw for raw in examples[side] if raw not in today] == [], (name, side)
    for part in ("statuses", "objects"):
        today = {name: said["hex"] for name, said in GOLDEN[part].items()}
        assert released[part].items() <= today.items()


@pytest.mark.parametrize("part", ["ops", "statuses", "objects"])
def test_todays_bytes_are_the_golden_ones(part: str) -> None:
    assert made_today()[part] == GOLDEN[part]


def alike(value: Any, example: Any) -> bool:
    """Whether two bodies have one form: equal types; names, digests and addresses of equal length."""
    if type(value) is not type(example):
        return False
    if isinstance(value, list):
        same = len(value) == len(example) and all(map(alike, value, example))
        return same or all(any(alike(item, one) for one in example) for item in value)
    if isinstance(value, bytes) and len(example) <= 40:
        return len(value) == len(example)
    return True


def of_form(body: list[Any], examples: list[list[Any]]) -> bool:
    """Whether a body has the form of one of the examples, field by field."""
    return any(len(body) == len(example) and all(map(alike, body, example)) for example in examples)


@pytest.fixture(scope="module")
def said() -> Heard:
    """What the nodes of a long story have said to each other."""
    found = Heard()
    tell(listening(found))
    return found


def test_the_engine_speaks_as_the_golden_messages_do(said: Heard) -> None:
    unheard = [op.name for op in Op if op not in said.requests or op not in said.answers]
    assert unheard == [op.name for op in UNSENT_OPS]
    for op in Op:
        for body in said.requests.get(op, []):
            assert of_form(body, ops()[op].requests), (
                f"the request {op.name} is not in tools/golden_examples.py"
            )
        for body in said.answers.get(op, []):
            assert of_form(body, ops()[op].answers), (
                f"the answer {op.name} is not in tools/golden_examples.py"
            )


def test_fields_of_later_versions_are_ignored_in_every_request_and_answer() -> None:
    found = Heard()
    flock = tell(later_version(found))
    for op in set(Op) - UNSENT_OPS:
        assert any(body[-1:] == [FOREIGN] for body in found.requests[op]), op.name
        assert any(body[-1:] == [FOREIGN] for body in found.answers[op]), op.name
    assert not [pair for pair in found.refused if pair[1] in (Status.MALFORMED, Status.UNSUPPORTED)]
    assert flock[0].texts()
