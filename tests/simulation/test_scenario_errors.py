"""Every key of a scenario file, with mistakes: named by line and key, with what was expected."""

from __future__ import annotations

import tomllib

import pytest

from peernode.simulation.positions import lines_of_keys
from peernode.simulation.scenario import SHIPPED, parse
from peernode.simulation.schema import ScenarioError
from tests.simulation.test_scenario import WHOLE, with_fault


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ('name = "lossy"', "name = 7", 1, "name: 7 is not a text"),
        ("seed = 7", "seed = -1", 2, "seed: -1 is not a whole number"),
        ("seed = 7", "sead = 7", 2, "sead: is not a known key"),
        ("settle_s = 60", "settle_s = 180", 4, "leaves nothing"),
        ("[10, 150]", "[150, 10]", 7, "network.one_way_ms"),
        ("loss = 0.01", "loss = 1.5", 9, "network.loss: 1.5 is not a number from 0 to 1"),
        ("loss = 0.01", "loss = true", 9, "network.loss"),
        ("loss = 0.01", "loss = nan", 9, "network.loss"),
        ("reorder = 0.0", "reordering = 0.0", 11, "network.reordering: is not a known key"),
        ("count = 50", "count = 0", 14, "nodes.count"),
        ("bootstrap = 3", "bootstrap = 51", 15, "nodes.bootstrap"),
        ("port = 0.2", "cone = 0.2", 16, "nodes.nat.cone: is not a known key"),
        ("port = 0.2", "port = 0.3", 16, "nodes.nat: the shares must sum up to 1"),
        ("over_s = 10", "during_s = 10", 17, "nodes.online.during_s"),
        ("members = 20", "members = 51", 21, "channels[0].members"),
        ("members = 20", 'members = "most"', 21, "channels[0].members"),
        ('name = "#lobby"', 'name = "a b"', 20, "channels[0].name"),
        ('channel = "#lobby"', 'channel = "#other"', 25, "none of #lobby"),
        ("authors = 5", "authors = 21", 26, "publish[0].authors"),
        ("messages = 60", "messages = 600", 27, "after the end"),
        ('kind = "partition"', 'kind = "earthquake"', 33, "none of crash, restart"),
        ('kind = "partition"', 'kind = "hostil"', 33, "(did you mean hostile?)"),
        ("at_s = 90", "at_s = 130", 34, "quiet time, which begins at 120"),
        ("groups = [0.5, 0.5]", "groups = [0.5, 0.6]", 36, "sum up to at most 1"),
        ("groups = [0.5, 0.5]", "groups = [[1], [1]]", 36, "lists of different indices"),
        ("groups = [0.5, 0.5]", "parts = [0.5, 0.5]", 36, "faults[0].parts: is not a known key"),
        ("groups = [0.5, 0.5]", "nodes = [1]", 36, "faults[0].nodes: is not a known key"),
        ("nodes = [3, 4]", "nodes = [3, 50]", 41, "from 0 to 49"),
        ("nodes = [3, 4]", "nodes = [3]\ncount = 2", 42, "either nodes or count"),
        ("duplicates_max = 0", "duplicates = 0", 46, "expect.duplicates: is not a known key"),
        ("[expect]", "[expectations]", 43, "expectations: is not a known key"),
        ("[[publish]]", "[publish]", 24, "write [[publish]]"),
        ('name = "lossy"', "", 1, "name: is missing"),
        ('name = "lossy"', 'nam = "lossy"', 1, "nam: is not a known key (did you mean name?)"),
        ("duration_s = 180", "duration_s = inf", 3, "duration_s: inf is not a number from 1 to 1e+06"),
        ("duration_s = 180", "duration_s = 0.5", 3, "duration_s"),
        ("seed = 7", "seed = 1.5", 2, "seed: 1.5 is not a whole number"),
        ("seed = 7", "seed = 2026-01-01", 2, "seed"),
        ("[network]", "[netwrok]", 6, "netwrok: is not a known key (did you mean network?)"),
        ("[10, 150]", "[10, 20, 30]", 7, "network.one_way_ms: [10, 20, 30] is not [from, to]"),
        ("[10, 150]", "10", 7, "is not [from, to]"),
        ("[10, 150]", "[0, 60001]", 7, "0 <= from <= to <= 60000"),
        ("jitter_ms = 2", "jitter_ms = -1", 8, "network.jitter_ms: -1 is not a number from 0 to 10000"),
        ("jitter_ms = 2", 'jitter_ms = "2"', 8, "network.jitter_ms: '2' is not a number"),
        ("jitter_ms = 2", 'model = "clusterz"', 8, "(did you mean clusters?)"),
        ("jitter_ms = 2", 'model = "clusters"', 7, 'one_way_ms: belongs to model = "uniform"'),
        ("jitter_ms = 2", 'matrix = "m.csv"', 8, 'network.matrix: belongs to model = "matrix"'),
        ("[nodes]", "[node]", 13, "node: is not a known key (did you mean nodes?)"),
        ("count = 50", "count = 10001", 14, "nodes.count: 10001 is not a whole number from 1 to 10000"),
        ("count = 50", "cuont = 50", 14, "nodes.cuont: is not a known key (did you mean count?)"),
        ("count = 50", "", 13, "nodes.count: is missing"),
        ("bootstrap = 3", "bootstrap = 0", 15, "nodes.bootstrap"),
        ("bootstrap = 3", "bootstrap = 3\nup_kbit_s = 0", 16, "nodes.up_kbit_s: 0 is not a number from 0.1"),
        ("bootstrap = 3", "bootstrap = 3\ndown_kbit_s = [9, 2]", 16, "0.1 <= from <= to"),
        ("bootstrap = 3", "bootstrap = 3\nclock_skew_ms = -1", 16, "nodes.clock_skew_ms"),
        ("bootstrap = 3", "bootstrap = 3\nclock_drift_ppm = 1e9", 16, "nodes.clock_drift_ppm"),
        (
            "bootstrap = 3",
            "bootstrap = 3\nsmall_channel_max = 33",
            16,
            "nodes.small_channel_max: 33 is not a whole",
        ),
        ("{ none = 0.8, port = 0.2 }", "{ none = 2 }", 16, "nodes.nat.none: 2 is not a number from 0 to 1"),
        ("{ none = 0.8, port = 0.2 }", '"port"', 16, "nodes.nat: 'port' is not a table"),
        ("over_s = 10", "over_s = 180", 17, "nodes.online.over_s: the last one, at 180 s, is after the end"),
        ("at_s = 20, over_s = 0", "at_s = 200", 22, "channels[0].join.at_s: the last one, at 200 s"),
        ("members = 20", "members = 0", 21, "channels[0].members"),
        ("members = 20", "members = 20\ntopic = 1", 22, "channels[0].topic: is not a known key"),
        ("[[channels]]", "[[channel]]", 19, "channel: is not a known key (did you mean channels?)"),
        ('channel = "#lobby"', "channel = 1", 25, "publish[0].channel: 1 is not a text"),
        ('channel = "#lobby"', 'channel = "#loby"', 25, "(did you mean #lobby?)"),
        ("messages = 60", "messages = 0", 27, "publish[0].messages: 0 is not a whole number from 1"),
        (
            "messages = 60",
            "mesages = 60",
            27,
            "mesages: is not a known key (did you mean messages?)",
        ),
        ("start_s = 60", "start_s = -1", 28, "publish[0].start_s"),
        ("every_s = 1.0", "every_s = []", 29, "publish[0].every_s: [] is not a number"),
        ("size_bytes = 200", "size_bytes = 20000", 30, "from 1 to 16384"),
        ("[[publish]]", "[[publishes]]", 24, "(did you mean publish?)"),
        ('kind = "partition"', "kind = 3", 33, "faults[0].kind: 3 is not a text"),
        ('kind = "partition"', "", 32, "faults[0].kind: is missing"),
        ("at_s = 90", "", 32, "faults[0].at_s: is missing"),
        ("at_s = 90", "at_s = -1", 34, "faults[0].at_s: -1 is not a number from 0"),
        ("for_s = 30", "for_s = 0", 35, "faults[0].for_s: 0 is not a number from 0.001"),
        (
            "for_s = 30",
            "spread_s = 30",
            35,
            "spread_s: begins at 120 s at the latest, in the quiet",
        ),
        ("for_s = 30", "draw = -1", 35, "faults[0].draw"),
        ("for_s = 30", "fors_s = 30", 35, "faults[0].fors_s: is not a known key (did you mean for_s?)"),
        ("groups = [0.5, 0.5]", "groups = []", 36, "faults[0].groups"),
        ("groups = [0.5, 0.5]", "groups = [[]]", 36, "lists of different indices"),
        ("groups = [0.5, 0.5]", "groups = [nan]", 36, "faults[0].groups"),
        ("groups = [0.5, 0.5]", "groups = [[1], [50]]", 36, "from 0 to 49"),
        ("nodes = [3, 4]", "nodes = []", 41, "faults[1].nodes: [] is not a list of different whole numbers"),
        ("nodes = [3, 4]", "nodes = [3, 3]", 41, "faults[1].nodes"),
        ("nodes = [3, 4]", "nodes = 3", 41, "faults[1].nodes"),
        ("nodes = [3, 4]", "count = 51", 41, "faults[1].count: 51 is not a whole number from 1 to 50"),
        (
            "nodes = [3, 4]",
            'disk = "half"',
            41,
            "disk: 'half' is none of drawn, lost, survives, torn",
        ),
        ("nodes = [3, 4]", "in_flush = 1", 41, "faults[1].in_flush: 1 is neither true nor false"),
        ("delivered_min = 1.0", "delivered_min = -1", 44, "expect.delivered_min"),
        ("lost_acked_max = 0", "lost_acked_maxx = 0", 45, "(did you mean lost_acked_max?)"),
        ("lost_acked_max = 0", "listed_min = 200", 45, "expect.listed_min: 200 is not a number from 0 to 1"),
        ("lost_acked_max = 0", 'listed_min = "all"', 45, "expect.listed_min: 'all' is not a number"),
        ("lost_acked_max = 0", "listed_mn = 1", 45, "(did you mean listed_min?)"),
    ],
)
def test_mistakes_are_named_by_line_and_key(old: str, new: str, line: int, words: str) -> None:
    assert WHOLE.count(old) >= 1
    with pytest.raises(ScenarioError) as refused:
        parse(WHOLE.replace(old, new, 1), "my.toml")
    assert str(refused.value).startswith(f"my.toml:{line}: ")
    assert words in str(refused.value)


@pytest.mark.parametrize(
    ("kind", "lines", "words"),
    [
        ("loss", "loss = 2", "faults[0].loss: 2 is not a number from 0 to 1"),
        ("latency", "extra_ms = 1e9", "faults[0].extra_ms"),
        ("latency", "extra_s = 1", "faults[0].extra_s: is not a known key (did you mean extra_ms?)"),
        ("block", "to = [50]", "faults[0].to: [50] is not a list of different whole numbers from 0 to 49"),
        ("duplicate", "duplicate = true", "faults[0].duplicate"),
        ("reorder", "reorder = -0.1", "faults[0].reorder"),
        ("bandwidth", "up_kbit_s = 0", "faults[0].up_kbit_s: 0 is not a number from 0.1"),
        ("clock_skew", "drift_ppm = 1e6", "faults[0].drift_ppm"),
        ("clock_skew", "skew_ms = 1e9", "faults[0].skew_ms"),
        ("churn", "rate = 1.1", "faults[0].rate"),
        ("churn", "count = 3", "faults[0].count: is not a known key"),
        ("initiators_crash", 'channel = "#x"', "faults[0].channel: '#x' is none of #lobby"),
        ("initiators_crash", "count = 0", "faults[0].count"),
        ("disk_full", "free_bytes = -1", "faults[0].free_bytes"),
        ("disk_slow", "flush_ms = []", "faults[0].flush_ms"),
        ("bit_rot", "rows = 0", "faults[0].rows"),
        ("hostile", "modes = []", "faults[0].modes: [] is not a list of some of garbage"),
        ("hostile", 'modes = ["rude"]', "faults[0].modes: 'rude' is none of garbage, forged, replayed"),
        ("hostile", 'modes = ["forged", "forged"]', "faults[0].modes"),
        ("hostile", "rate_per_s = 0", "faults[0].rate_per_s"),
        ("hostile", 'withhold = 0.1\nmodes = ["forged"]', "faults[0].withhold: means nothing without"),
        ("hostile", 'rate_per_s = 5\nmodes = ["withheld"]', "faults[0].rate_per_s: means nothing"),
    ],
)
def test_mistakes_in_the_keys_of_a_kind_are_named(kind: str, lines: str, words: str) -> None:
    with pytest.raises(ScenarioError) as refused:
        parse(with_fault(f'kind = "{kind}"\n{lines}'), "my.toml")
    assert str(refused.value).startswith("my.toml:34: ")
    assert words in str(refused.value)


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ('name = "x"\nnodes.count = 0', 2, "nodes.count: 0 is not a whole number"),
        ('name = "x"\nnodes.count = 2\nnodes.nat.cone = 1', 3, "nodes.nat.cone: is not a known key"),
        ('name = "x"\nnodes.count = 2\nnodes.count = 3', 3, "not TOML"),
        ('name = "x"\n[nodes]\ncount = 2\n[nodes]\ncount = 3', 4, "not TOML"),
        ('name = "x"\nnodes = { count = 2, bootstrap = 3 }', 2, "nodes.bootstrap"),
        ('name = "x"\nnodes.count = 2\nchannels = [\n  { name = "#a" },\n  { name = "#a" },\n]', 5, "twice"),
        (
            'name = "x"\nnodes.count = 2\n[[channels]]\nname = "#a"\n[channels.join]\nat_s = -1',
            6,
            "join.at_s",
        ),
        ('name = """x\n[nodes]\n"""\nnodes.count = 0', 4, "nodes.count"),
        ("nodes = 3", 1, "nodes: 3 is not a table"),
        ("", 1, "is missing"),
        ('name = "x', 1, "not TOML"),
    ],
)
def test_mistakes_are_found_in_every_way_of_writing(text: str, line: int, words: str) -> None:
    with pytest.raises(ScenarioError) as refused:
        parse(text, "my.toml")
    assert str(refused.value).startswith(f"my.toml:{line}: ")
    assert words in str(refused.value)


def test_every_key_of_the_whole_schema_has_a_line() -> None:
    def paths(value: object, path: str) -> list[str]:
        inside: list[tuple[str, object]] = []
        if isinstance(value, dict):
            return [p for key, v in value.items() for p in paths(v, f"{path}.{key}" if path else key)] + [
                path
            ]
        if isinstance(value, list):
            inside = [(f"{path}[{number}]", item) for number, item in enumerate(value)]
        return [path, *(found for name, item in inside for found in paths(item, name))]

    for text in (WHOLE, *(path.read_text() for path in SHIPPED.glob("*.toml"))):
        lines = lines_of_keys(text)
        assert set(paths(tomllib.loads(text), "")) - {""} <= set(lines)
        for path, number in lines.items():
            key = path.rpartition(".")[2].partition("[")[0]
            assert key in text.splitlines()[number - 1]
