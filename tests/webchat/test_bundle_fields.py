"""A diagnostic bundle has room for every field that the engine tells of operations, verdicts and joins."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from peernode.diagnostics.operationreport import WITHOUT, operation_report
from peernode.diagnostics.records import Record
from peernode.pubsub.pushes import FULL, LEASE_ENDED, NOT_ANSWERING
from peernode.wire.ops import Status
from webchat.health.redaction import FIELDS, Redactor, is_said

RECORDING = {"end", "happened"}
"""Methods that take the keys of a route as keywords."""

OTHERS = {"operation", "subject", "outcome", "trace"}
"""Keywords of these that are no keys of a route."""

PROSE = {"sentence", "clause", "says"}
"""Put together from what stands beside them; they stay out."""

A, B = "aa" * 20, "bb" * 20


def trees() -> Iterator[ast.AST]:
    for path in Path("peernode").rglob("*.py"):
        if "simulation" not in path.parts:
            yield ast.parse(path.read_text())


def keys_of(node: ast.AST) -> set[str]:
    """The names in the dictionaries that are written out in it."""
    written = (each for each in ast.walk(node) if isinstance(each, ast.Dict))
    return {key.value for each in written for key in each.keys if isinstance(key, ast.Constant)}


def is_route(name: ast.AST) -> bool:
    return isinstance(name, ast.Name) and name.id == "route"


def route_keys(tree: ast.AST) -> Iterator[str]:
    """What a record's route may be told by."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            if node.func.attr in RECORDING:
                yield from (each.arg for each in node.keywords if each.arg and each.arg not in OTHERS)
        elif isinstance(node, ast.FunctionDef) and node.name in ("route", "_route", "route_of"):
            yield from keys_of(node)
        elif isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                if is_route(target):
                    yield from keys_of(node.value)
                elif isinstance(target, ast.Subscript) and is_route(target.value):
                    assert isinstance(target.slice, ast.Constant)
                    yield target.slice.value


def number_keys(tree: ast.AST) -> Iterator[str]:
    """What the numbers of a verdict's reasons may be told by."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and any(
            isinstance(each, ast.Call) and isinstance(each.func, ast.Name) and each.func.id == "Reason"
            for each in ast.walk(node)
        ):
            yield from keys_of(node)


def texts_of(node: ast.AST) -> Iterator[str]:
    """The texts that an expression may be; of a choice, those of both sides."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from texts_of(node.body)
        yield from texts_of(node.orelse)


def tried_outcomes(tree: ast.AST) -> Iterator[str]:
    """How a try to hand a message over may end: what is called an outcome, and why one is given up."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign):
            for target in node.targets:
                names = target.elts if isinstance(target, ast.Tuple) else [target]
                values = node.value.elts if isinstance(node.value, ast.Tuple) else [node.value]
                for name, value in zip(names, values, strict=False):
                    if isinstance(name, ast.Name) and name.id == "outcome":
                        yield from texts_of(value)
        elif (
            isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "leave"
        ):
            yield from texts_of(node.args[-1])


def told_keys(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        yield from value
        value = list(value.values())
    if isinstance(value, list):
        for each in value:
            yield from told_keys(each)


def test_every_key_of_a_route_may_be_told() -> None:
    found = {key for tree in trees() for key in route_keys(tree)}
    assert {"number", "new", "works", "took", "receipts", "came", "by", "asked"} <= found
    assert found - FIELDS == set()


def test_every_outcome_of_a_try_may_be_told() -> None:
    found = {text for tree in trees() for text in tried_outcomes(tree)}
    assert {"timeout", "backpressure", "malformed", "lines full", "too old"} <= found
    found |= {LEASE_ENDED, NOT_ANSWERING, FULL}
    found |= {name for status in list(Status)[1:] for name in (status.name, status.name.lower())}
    assert {text for text in found if not is_said(text, "outcome")} == set()


def test_every_number_of_a_reason_may_be_told() -> None:
    found = {key for tree in trees() for key in number_keys(tree)}
    assert {"silent", "differ", "apart", "round_trip_ms"} <= found
    assert found - FIELDS == set()


def test_the_report_on_a_join_that_hangs_is_told_but_for_its_prose() -> None:
    route = {"method": "direct", "asked": [A, B], "answered": [A], "attempt": 1}
    records = [
        Record(1, 1000, "join.subscribe", "#lobby", "ok", 50.0, {"own": 50.0}, "", route),
        Record(2, 2000, "join.inbound", "#lobby", "UNREACHABLE_BY_INITIATORS", 50.0, {}, "", route),
        Record(
            3, 3000, "join.attempt", "#lobby", "UNREACHABLE_BY_INITIATORS", 90.0, {}, "", {"step": "inbound"}
        ),
    ]
    report = operation_report(records)
    assert report is not None and report["failure_points"] and report["cause"]
    assert set(told_keys(report)) - FIELDS == PROSE & set(told_keys(report))
    assert is_said(WITHOUT, "outcome")
    shown = Redactor(["#lobby"], [], [A, B]).redacted({"joins": {"recent": [{"report": report}]}})
    kept = shown["joins"]["recent"][0]["report"]
    assert kept["paths"] == report["paths"]
    assert kept["failure_points"] == report["failure_points"]
    assert kept["attempts"] == report["attempts"]
