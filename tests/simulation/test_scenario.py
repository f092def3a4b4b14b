"""Scenario files: the whole schema is read, and mistakes are named by line, key and expectation."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest

from peernode.simulation.__main__ import main
from peernode.simulation.expect import Expect
from peernode.simulation.faults import kinds
from peernode.simulation.node_keys import NodesSpec
from peernode.simulation.result import Result, summarize
from peernode.simulation.run import run
from peernode.simulation.scenario import SHIPPED, load, parse
from peernode.simulation.schema import ScenarioError
from peernode.simulation.world.latency import Uniform
from peernode.simulation.world.network import NetworkSettings

ROOT = Path(__file__).parents[2]

STABLE_RESULT = [
    *("name", "seed", "version", "trace_hash", "virtual_s", "wall_s", "rss_mib", "nodes", "members"),
    *("published", "acked", "failed", "expected", "delivered", "lost_acked", "duplicates", "phantom"),
    *("order_equal", "latency_ms", "latency_one_way", "join_ms", "joins", "datagrams", "bytes", "by_op"),
    *("checkers", "coverage", "expect", "ok"),
]
"""Fields that keep their names and places; newer ones come behind them."""
STABLE_EXPECT = [
    *("delivered_min", "lost_acked_max", "duplicates_max", "latency_p50_ms_max", "latency_p99_ms_max"),
    *("latency_p50_one_way_max", "join_p99_ms_max", "datagrams_per_delivery_max", "bytes_per_delivery_max"),
    *("latency_max_ms_max", "joined_min", "healed_s_max", "verified_min"),
    *("equal_s_max", "lookups_min", "listed_min"),
]

WHOLE = """\
name = "lossy"
seed = 7
duration_s = 180
settle_s = 60

[network]
one_way_ms = [10, 150]
jitter_ms = 2
loss = 0.01
duplicate = 0.0
reorder = 0.0

[nodes]
count = 50
bootstrap = 3
nat = { none = 0.8, port = 0.2 }
online = { at_s = 0, over_s = 10 }

[[channels]]
name = "#lobby"
members = 20
join = { at_s = 20, over_s = 0 }

[[publish]]
channel = "#lobby"
authors = 5
messages = 60
start_s = 60
every_s = 1.0
size_bytes = 200

[[faults]]
kind = "partition"
at_s = 90
for_s = 30
groups = [0.5, 0.5]

[[faults]]
kind = "crash"
at_s = 70
nodes = [3, 4]

[expect]
delivered_min = 1.0
lost_acked_max = 0
duplicates_max = 0
latency_p50_ms_max = 220
latency_p99_ms_max = 600
latency_p50_one_way_max = 2.2
join_p99_ms_max = 2000
datagrams_per_delivery_max = 3.0
bytes_per_delivery_max = 1500
"""


def with_fault(lines: str) -> str:
    """``WHOLE`` with one fault only, whose own lines begin in line 33."""
    faults = WHOLE[WHOLE.index("[[faults]]") : WHOLE.index("[expect]")]
    return WHOLE.replace(faults, f"[[faults]]\n{lines}\nat_s = 70\n\n")


def test_the_whole_schema_is_read() -> None:
    scenario = parse(WHOLE)
    assert (scenario.name, scenario.seed, scenario.duration_s, scenario.settle_s) == ("lossy", 7, 180, 60)
    assert scenario.quiet_from_s == 120
    assert scenario.network.latency == Uniform((10, 150))
    assert scenario.nodes.nat == (("none", 0.8), ("port", 0.2))
    assert scenario.nodes.online.over_s == 10
    assert scenario.channels[0].members == 20
    assert scenario.publish[0].size_bytes == 200
    assert scenario.faults[0].options == {"groups": (0.5, 0.5)}
    assert (scenario.faults[1].nodes, scenario.faults[1].for_s) == ((3, 4), None)
    assert scenario.expect.latency_p50_one_way_max == 2.2
    assert scenario.expect.bytes_per_delivery_max == 1500


def test_a_short_scenario_has_sensible_defaults() -> None:
    scenario = parse('name = "s"\nnodes.count = 3\n[[channels]]\nname = "#a"\nmembers = "all"')
    assert scenario.nodes.bootstrap == 1
    assert scenario.channels[0].members == 3
    assert scenario.settle_s < scenario.duration_s
    assert scenario.expect.delivered_min is None


def test_members_and_authors_may_be_named() -> None:
    text = 'name = "x"\nnodes.count = 4\n[[channels]]\nname = "#a"\nmembers = [3, 1]\n'
    text += '[[publish]]\nchannel = "#a"\nauthors = [1]\nmessages = 2\nstart_s = 3\n'
    scenario = parse(text)
    assert (scenario.channels[0].members, scenario.channels[0].who) == (2, (3, 1))
    assert (scenario.publish[0].authors, scenario.publish[0].who) == (1, (1,))
    with pytest.raises(ScenarioError, match=r"publish\[0\]\.authors: .*not all of them are members"):
        parse(text.replace("authors = [1]", "authors = [0]"))


def test_what_is_not_toml_is_named_by_its_line() -> None:
    with pytest.raises(ScenarioError, match=r"my\.toml:3: not TOML"):
        parse('name = "x"\nseed = 1\nduration_s = = 4\n', "my.toml")


def test_a_channel_may_not_occur_twice() -> None:
    twice = WHOLE.replace("[[publish]]", '[[channels]]\nname = "#lobby"\n\n[[publish]]', 1)
    with pytest.raises(ScenarioError, match=r"scenario:25: channels\[1\]\.name: '#lobby' occurs twice"):
        parse(twice)


@pytest.mark.parametrize("kind", kinds.KINDS.values(), ids=lambda kind: kind.name)
def test_every_kind_needs_no_more_than_its_time(kind: kinds.FaultKind) -> None:
    scenario = parse(with_fault(f'kind = "{kind.name}"'))
    assert scenario.faults[0].kind == kind.name
    assert set(scenario.faults[0].options) == {key.name for key in kind.keys}


@pytest.mark.parametrize("path", sorted(SHIPPED.glob("*.toml")), ids=lambda path: path.stem)
def test_shipped_scenarios_can_be_read(path: Path) -> None:
    assert load(path).expect.lost_acked_max == 0


def test_a_shipped_scenario_is_found_by_its_name() -> None:
    assert load(Path("first-light")).nodes.count == 20
    assert load(Path("first-light.toml")).nodes.count == 20


def test_the_list_names_scenarios_and_faults(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list"]) == 0
    assert "first-light" in capsys.readouterr().out
    assert main(["list", "--faults"]) == 0
    printed = capsys.readouterr().out
    for kind in kinds.KINDS.values():
        assert f"\n{kind.name}: " in printed
        assert all(key.meaning in printed for key in kind.keys)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("name = 1\nnodes.count = 2", "1: name"),
        ('name = "x"\nnodes.count = 2\n[[faults]]\nkind = "quake"\nat_s = 1', "4: faults[0].kind"),
    ],
)
def test_what_can_not_be_run_ends_with_status_2(
    text: str, words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "scenario.toml"
    path.write_text(text)
    assert main(["run", str(path)]) == 2
    assert words in capsys.readouterr().err


def test_a_missing_file_ends_with_status_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "no/such.toml"]) == 2
    assert "no/such.toml:1: can't be read" in capsys.readouterr().err


def test_the_documentation_has_every_kind_and_key() -> None:
    document = (ROOT / "docs/simulation.md").read_text()
    for kind in kinds.KINDS.values():
        (row,) = [line for line in document.splitlines() if line.startswith(f"| `{kind.name}` |")]
        assert [key.name for key in kind.keys if f"`{key.name}`" not in row] == []
    for name, _, _ in kinds.COMMON_KEYS:
        assert f"| `{name}` |" in document or f"`{name}` or" in document or f"or `{name}` |" in document
    for section, spec in (("network", NetworkSettings), ("nodes", NodesSpec)):
        keys = [field.name for field in fields(spec) if field.name != "latency"]
        assert [
            key for key in keys if f"`{section}.{key}`" not in document and f"`.{key}`" not in document
        ] == []


def test_result_and_bounds_are_those_that_are_stable_and_documented() -> None:
    names = [field.name for field in fields(Result)]
    assert names[: len(STABLE_RESULT)] == STABLE_RESULT
    assert [field.name for field in fields(Expect)] == STABLE_EXPECT
    document = (ROOT / "docs/simulation.md").read_text()
    result = document.partition("## The result")[2].partition("\n## ")[0]
    assert [name for name in names if f"`{name}`" not in result] == []
    assert [name for name in STABLE_EXPECT if f"`{name}`" not in document] == []


def test_the_documented_example_runs_as_it_stands() -> None:
    document = (ROOT / "docs/simulation.md").read_text()
    (example,) = re.findall(r"```toml\n(.*?)```", document, re.DOTALL)
    finished = run(parse(example))
    result = summarize(finished, 0.0, 0.0)
    assert result.ok, (result.checkers, result.expect)
    assert result.published == 20
