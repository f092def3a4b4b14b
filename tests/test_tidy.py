"""The repository keeps its own rules: direction, sizes, no hidden inputs, nothing swallowed.

The rules are ``tools/tidy.py``. The second half plants a small offence for each of them, so that a
rule that finds nothing any more fails here.
"""

from __future__ import annotations

import ast
from collections.abc import Callable

import pytest

from tools import tidy
from tools.tracked import text_of, tracked, tree_of

PYTHON = tracked(".py")
ENGINE = tuple(path for path in PYTHON if path.startswith("peernode/"))
PAGES = tracked(".js", ".css", ".html")
SUFFIXES = (".py", ".js", ".css", ".html", ".md", ".toml", ".yml", ".yaml", ".sh")
TEXTS = (*tracked(*SUFFIXES), "Makefile", ".ci/run")
WALL_TIME_FILES = ("peernode/simulation/commands/wall.py",)


def complaints(rule: Callable[[str, ast.Module], list[str]], paths: tuple[str, ...]) -> list[str]:
    return [complaint for path in paths for complaint in rule(path, tree_of(path))]


def test_there_is_something_to_look_at() -> None:
    assert {"peernode/config.py", "tests/test_tidy.py"} <= set(PYTHON)


def test_files_are_short() -> None:
    assert [c for path in PYTHON + PAGES for c in tidy.too_long(path, text_of(path))] == []


def test_functions_are_short() -> None:
    assert complaints(tidy.long_functions, PYTHON) == []


def test_imports_run_one_way() -> None:
    assert complaints(tidy.wrong_direction, PYTHON) == []


def test_no_unit_imports_itself_around_a_corner() -> None:
    edges: dict[str, set[str]] = {}
    for path in ENGINE:
        unit = path.removesuffix(".py").split("/")[1]
        for _, module in tidy.imported_modules(path, tree_of(path)):
            parts = module.split(".")
            if parts[0] == "peernode" and len(parts) > 2:
                edges.setdefault(unit, set()).add(parts[1])
    for unit, targets in edges.items():
        targets.discard(unit)
    assert tidy.unit_cycles(edges) == []


def test_the_engine_has_no_hidden_inputs() -> None:
    looked_at = tuple(path for path in ENGINE if path not in WALL_TIME_FILES)
    assert complaints(tidy.hidden_inputs, looked_at) == []


def test_every_module_of_the_engine_says_what_it_is() -> None:
    paths = tuple(path for path in ENGINE if text_of(path).strip())
    assert complaints(tidy.missing_docstring, paths) == []


def test_nothing_is_swallowed() -> None:
    assert complaints(tidy.silent_excepts, PYTHON) == []
    assert complaints(tidy.broad_suppressions, PYTHON) == []


def test_nothing_is_left_unfinished() -> None:
    assert [c for path in TEXTS for c in tidy.leftovers(path, text_of(path))] == []


def test_nothing_points_outside_of_the_repository() -> None:
    assert [c for path in TEXTS for c in tidy.outside_paths(path, text_of(path))] == []


@pytest.mark.parametrize(
    ("rule", "path", "source"),
    [
        (tidy.long_functions, "peernode/a.py", "def f():\n" + "    x = 1\n" * 60),
        (tidy.missing_docstring, "peernode/a.py", "x = 1"),
        (tidy.silent_excepts, "peernode/a.py", "try:\n    f()\nexcept ValueError:\n    pass"),
        (tidy.silent_excepts, "peernode/a.py", "try:\n    f()\nexcept ValueError:\n    ..."),
        (tidy.silent_excepts, "peernode/a.py", "try:\n    f()\nexcept:\n    log()"),
        (tidy.broad_suppressions, "peernode/a.py", "with contextlib.suppress(OSError, Exception):\n    f()"),
        (tidy.wrong_direction, "peernode/wire/a.py", "from peernode.rpc.rpc import Rpc"),
        (tidy.wrong_direction, "peernode/store/a.py", "import peernode.pubsub"),
        (tidy.wrong_direction, "peernode/store/a.py", "from ..node import PeerNode"),
        (tidy.wrong_direction, "peernode/rpc/a.py", "from peernode import PeerNode"),
        (tidy.wrong_direction, "peernode/nowhere.py", "from peernode.wire import codec"),
        (tidy.wrong_direction, "peernode/node.py", "from django.conf import settings"),
        (tidy.wrong_direction, "webchat/consumer.py", "from peernode.errors import PeerNodeError"),
        (tidy.hidden_inputs, "peernode/a.py", "import time"),
        (tidy.hidden_inputs, "peernode/a.py", "from time import monotonic"),
        (tidy.hidden_inputs, "peernode/a.py", "import secrets"),
        (tidy.hidden_inputs, "peernode/a.py", "from random import choice"),
        (tidy.hidden_inputs, "peernode/a.py", "import random\nrandom.random()"),
        (tidy.hidden_inputs, "peernode/a.py", "import random\nrandom.SystemRandom()"),
        (tidy.hidden_inputs, "peernode/a.py", "import random\nrandom.Random()"),
        (tidy.hidden_inputs, "peernode/a.py", "import os\nos.urandom(8)"),
        (tidy.hidden_inputs, "peernode/a.py", "import uuid\nuuid.uuid4()"),
        (tidy.hidden_inputs, "peernode/a.py", "import datetime\ndatetime.datetime.now()"),
        (tidy.hidden_inputs, "peernode/a.py", "from nacl.utils import random"),
        (tidy.hidden_inputs, "peernode/a.py", "SigningKey.generate()"),
        (tidy.hidden_inputs, "peernode/a.py", "import asyncio\nasyncio.wait([])"),
    ],
)
def test_each_rule_finds_its_offence(
    rule: Callable[[str, ast.Module], list[str]], path: str, source: str
) -> None:
    assert len(rule(path, ast.parse(source))) == 1


@pytest.mark.parametrize(
    ("rule", "path", "source"),
    [
        (tidy.long_functions, "peernode/a.py", "def f():\n" + "    x = 1\n" * 59),
        (tidy.silent_excepts, "peernode/a.py", "try:\n    f()\nexcept ValueError:\n    count()"),
        (tidy.broad_suppressions, "peernode/a.py", "with suppress(ProcessLookupError):\n    f()"),
        (tidy.wrong_direction, "peernode/rpc/a.py", "from peernode.wire.codec import pack"),
        (tidy.wrong_direction, "peernode/rpc/a.py", "from . import rto"),
        (tidy.wrong_direction, "webchat/bridge.py", "from peernode import PeerNode"),
        (tidy.hidden_inputs, "peernode/a.py", "import random\nr = random.Random(7)\nr.random()"),
        (
            tidy.hidden_inputs,
            "peernode/a.py",
            "def f(env): return env.random.random() + env.clock.monotonic()",
        ),
        (tidy.hidden_inputs, "peernode/clock.py", "import time\ntime.monotonic()"),
        (tidy.hidden_inputs, "peernode/rpc/transport.py", "import random\nrandom.SystemRandom()"),
    ],
)
def test_each_rule_lets_the_right_thing_pass(
    rule: Callable[[str, ast.Module], list[str]], path: str, source: str
) -> None:
    assert rule(path, ast.parse(source)) == []


def test_text_rules_find_their_offences() -> None:
    assert len(tidy.too_long("a.js", "x\n" * 301)) == 1
    assert tidy.too_long("a.js", "x\n" * 300) == []
    assert len(tidy.leftovers("a.py", "x = 1  # TO" + "DO later")) == 1
    assert len(tidy.outside_paths("docs/a.md", "see .." + "/.." + "/elsewhere/b.md")) == 1
    assert tidy.outside_paths("docs/a.md", "see ../README.md") == []
    assert len(tidy.outside_paths("docs/a.md", "in /ho" + "me/someone/x")) == 1


def test_a_cycle_of_units_is_found() -> None:
    assert tidy.unit_cycles({"a": {"b"}, "b": {"c"}, "c": set()}) == []
    assert len(tidy.unit_cycles({"a": {"b"}, "b": {"c"}, "c": {"a"}})) == 3
