"""The ``[network]`` section: which model of delays, and what happens to datagrams on the way."""

from __future__ import annotations

from pathlib import Path

from peernode.simulation.schema import ScenarioError, Table
from peernode.simulation.world.latency import Cluster, Clusters, Matrix, Model, Uniform
from peernode.simulation.world.network import NetworkSettings

MODELS = ("uniform", "matrix", "clusters")
DELAY_MS_MAX = 60_000.0
MATRIX_ROWS_MAX = 2_000
MATRIX_BYTES_MAX = 64 << 20
CLUSTERS_MAX = 100


def read_network(table: Table, folder: Path) -> NetworkSettings:
    """The section's values; a matrix file's path is relative to ``folder``."""
    settings = NetworkSettings(
        latency=_read_model(table, folder),
        jitter_ms=table.number("jitter_ms", 0.0, 0.0, 10_000.0),
        loss=table.number("loss", 0.0, 0.0, 1.0),
        duplicate=table.number("duplicate", 0.0, 0.0, 1.0),
        reorder=table.number("reorder", 0.0, 0.0, 1.0),
    )
    table.done()
    return settings


def _read_model(table: Table, folder: Path) -> Model:
    model = table.choice("model", MODELS, "uniform")
    own_key = {"one_way_ms": "uniform", "matrix": "matrix", "clusters": "clusters", "between_ms": "clusters"}
    for key, belongs_to in own_key.items():
        if key in table and belongs_to != model:
            table.refuse(key, f'belongs to model = "{belongs_to}", and the model here is "{model}"')
    if model == "matrix":
        name = table.text("matrix")
        return read_matrix(table, folder / name)
    if model == "clusters":
        return _read_clusters(table)
    return Uniform(table.span("one_way_ms", (10.0, 40.0)))


def _read_clusters(table: Table) -> Clusters:
    tables = table.tables("clusters", "write clusters = [{ share = 0.5, within_ms = [2, 10] }, …]")
    if not 1 <= len(tables) <= CLUSTERS_MAX:
        table.refuse("clusters", f"1 to {CLUSTERS_MAX} clusters are expected")
    clusters = []
    for one in tables:
        clusters.append(Cluster(one.number("share", low=1e-6, high=1.0), one.span("within_ms")))
        one.done()
    if abs(sum(cluster.share for cluster in clusters) - 1) > 1e-6:
        table.refuse("clusters", "the shares must sum up to 1")
    return Clusters(tuple(clusters), table.span("between_ms"))


def read_matrix(table: Table, path: Path) -> Matrix:
    """A square of one-way delays in ms: a line per sender, a comma between receivers; # is a comment."""
    try:
        if path.stat().st_size > MATRIX_BYTES_MAX:
            table.refuse("matrix", f"{path} is longer than {MATRIX_BYTES_MAX} bytes")
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        table.refuse("matrix", f"{path} can't be read: {error}")
    rows: list[tuple[float, ...]] = []
    for number, line in enumerate(lines, start=1):
        content = line.partition("#")[0].strip()
        if content:
            rows.append(_row(str(path), number, content))
            if len(rows[-1]) != len(rows[0]):
                problem = f"{len(rows[-1])} delays, the first line has {len(rows[0])}"
                raise ScenarioError(str(path), number, "", problem)
    if not rows or len(rows) != len(rows[0]):
        width = len(rows[0]) if rows else 0
        raise ScenarioError(
            str(path), max(1, len(lines)), "", f"{len(rows)} lines of {width} delays: not a square"
        )
    if len(rows) > MATRIX_ROWS_MAX:
        raise ScenarioError(str(path), len(lines), "", f"more than {MATRIX_ROWS_MAX} lines")
    return Matrix(tuple(rows), str(path.resolve()))


def _row(source: str, number: int, content: str) -> tuple[float, ...]:
    row = []
    for column, cell in enumerate(content.split(","), start=1):
        try:
            delay_ms = float(cell)
        except ValueError:
            delay_ms = -1.0
        if not 0 <= delay_ms <= DELAY_MS_MAX:
            expected = f"a number of ms from 0 to {DELAY_MS_MAX:g}"
            raise ScenarioError(source, number, "", f"column {column}: {cell.strip()!r} is not {expected}")
        row.append(delay_ms)
    return tuple(row)
