"""How far apart hosts are: the models, their files, and what they cost."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from peernode.simulation.scenario import load, parse
from peernode.simulation.schema import ScenarioError
from peernode.simulation.world.host import SimWorld
from peernode.simulation.world.latency import SELF_MS, Cluster, Clusters, Delays, Matrix, Uniform
from peernode.simulation.world.network import NetworkSettings
from tests.simulation.test_network import listeners

HEAD = 'name = "x"\nnodes.count = 4\n[network]\n'
CLUSTERS = """\
model = "clusters"
clusters = [
    { share = 0.75, within_ms = [2, 10] },
    { share = 0.25, within_ms = [1, 1] },
]
between_ms = [60, 120]
"""


def test_uniform_delays_fill_their_range_and_depend_on_the_seed() -> None:
    delays, again, other = (
        Delays(Uniform((10, 150)), 1),
        Delays(Uniform((10, 150)), 1),
        Delays(Uniform((10, 150)), 2),
    )
    pairs = [(first, second) for first in range(1, 101) for second in range(1, first)]
    drawn = [delays.one_way_ms(*pair) for pair in pairs]
    assert sum(drawn) / len(drawn) == pytest.approx(80, rel=0.02)
    tenths = [0] * 10
    for delay in drawn:
        tenths[int((delay - 10) / 14)] += 1
    assert min(tenths) > 0.9 * len(pairs) / 10
    assert [again.one_way_ms(second, first) for first, second in pairs] == drawn
    assert [other.one_way_ms(*pair) for pair in pairs] != drawn
    assert delays.one_way_ms(7, 7) == SELF_MS


def test_nothing_is_kept_per_pair() -> None:
    delays = Delays(Uniform((10, 150)), 1)
    for number in range(1, 10_001):
        delays.one_way_ms(number, 10_001 - number)
    kept = [value for value in vars(delays).values() if isinstance(value, list | dict)]
    assert max(len(value) for value in kept) <= 10_001


def test_clusters_hold_their_shares_and_ranges() -> None:
    model = Clusters((Cluster(0.75, (2, 10)), Cluster(0.25, (1, 1))), (60, 120))
    delays = Delays(model, 3)
    near = [host for host in range(1, 41) if delays.cluster_of(host) == 0]
    far = [host for host in range(1, 41) if host not in near]
    assert (len(near), len(far)) == (30, 10)
    assert all(2 <= delays.one_way_ms(a, b) <= 10 for a in near for b in near if a != b)
    assert all(delays.one_way_ms(a, b) == 1 for a in far for b in far if a != b)
    between = [delays.one_way_ms(a, b) for a in near for b in far]
    assert 60 <= min(between) < 65
    assert 115 < max(between) <= 120


def test_a_matrix_is_taken_round_robin_and_may_be_asymmetric() -> None:
    settings = NetworkSettings(Matrix(((1, 10, 20), (30, 2, 40), (50, 60, 3))))
    with SimWorld(settings=settings) as world:
        first, second, _, fourth = listeners(world, *["none"] * 4)

        async def main() -> None:
            first.send(second)
            second.send(first)
            first.send(fourth)
            await asyncio.sleep(1)

        world.run(main())
        assert [at for at, _, _ in second.heard] == [0.010]
        assert [at for at, _, _ in first.heard] == [0.030]
        assert [at for at, _, _ in fourth.heard] == [0.001]


def test_models_are_read_from_scenarios(tmp_path: Path) -> None:
    assert parse(HEAD).network.latency == Uniform((10, 40))
    assert parse(HEAD + 'model = "uniform"\none_way_ms = [1, 2]').network.latency == Uniform((1, 2))
    clusters = (Cluster(0.75, (2, 10)), Cluster(0.25, (1, 1)))
    assert parse(HEAD + CLUSTERS).network.latency == Clusters(clusters, (60, 120))
    (tmp_path / "delays.csv").write_text("# from, to\n0.5, 10\n\n20, 0.5  # back\n")
    scenario = tmp_path / "scenario.toml"
    scenario.write_text(HEAD + 'model = "matrix"\nmatrix = "delays.csv"')
    model = load(scenario).network.latency
    assert isinstance(model, Matrix)
    assert model.rows == ((0.5, 10), (20, 0.5))


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("0.75", "0.8", 5, "network.clusters: the shares must sum up to 1"),
        ("0.75", "0", 6, "network.clusters[0].share: 0 is not a number from"),
        ("[1, 1]", "[2, 1]", 7, "network.clusters[1].within_ms"),
        (
            "within_ms = [1, 1]",
            "with_ms = [1, 1]",
            7,
            "with_ms: is not a known key (did you",
        ),
        ("between_ms = [60, 120]", "", 3, "network.between_ms: is missing"),
        ("between_ms = [60, 120]", "one_way_ms = [1, 2]", 9, 'belongs to model = "uniform"'),
        ('model = "clusters"', "", 5, 'network.clusters: belongs to model = "clusters"'),
        (CLUSTERS[CLUSTERS.index("[\n") : CLUSTERS.index("between")], "3\n", 5, "write clusters = [{ share"),
        (CLUSTERS[CLUSTERS.index("[\n") : CLUSTERS.index("between")], "[]\n", 5, "1 to 100 clusters"),
    ],
)
def test_mistakes_in_clusters_are_named(old: str, new: str, line: int, words: str) -> None:
    with pytest.raises(ScenarioError) as refused:
        parse(HEAD + CLUSTERS.replace(old, new, 1), "my.toml")
    assert str(refused.value).startswith(f"my.toml:{line}: ")
    assert words in str(refused.value)


@pytest.mark.parametrize(
    ("content", "line", "words"),
    [
        ("1, 2\n3, x\n", 2, "column 2: 'x' is not a number of ms from 0 to 60000"),
        ("1, 2\n# note\n3, -4\n", 3, "column 2: '-4'"),
        ("1, nan\n3, 4\n", 1, "column 2: 'nan'"),
        ("1, 2\n3\n", 2, "1 delays, the first line has 2"),
        ("1, 2\n", 1, "1 lines of 2 delays: not a square"),
        ("1, 2\n3, 4\n5, 6\n", 3, "3 lines of 2 delays: not a square"),
        ("", 1, "0 lines of 0 delays"),
    ],
)
def test_mistakes_in_a_matrix_are_named_by_its_own_line(
    content: str, line: int, words: str, tmp_path: Path
) -> None:
    (tmp_path / "delays.csv").write_text(content)
    with pytest.raises(ScenarioError) as refused:
        parse(HEAD + 'model = "matrix"\nmatrix = "delays.csv"', "my.toml", tmp_path)
    assert str(refused.value).startswith(f"{tmp_path / 'delays.csv'}:{line}: ")
    assert words in str(refused.value)


def test_a_matrix_that_is_not_there_is_named_by_the_scenario(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match=r"my\.toml:5: network\.matrix: .*none\.csv can't be read"):
        parse(HEAD + 'model = "matrix"\nmatrix = "none.csv"', "my.toml", tmp_path)
    with pytest.raises(ScenarioError, match=r"my\.toml:3: network\.matrix: is missing"):
        parse(HEAD + 'model = "matrix"', "my.toml", tmp_path)
