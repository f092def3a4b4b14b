"""Released nodes and today's in one channel, as processes on real sockets (``tools/release_archive.py``)."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.headless.processes import Headless, environment
from tools.release_archive import FOLDER

RELEASES = sorted((Path(__file__).parents[2] / FOLDER).glob("starling-*.zip"))
LINES = [f"line {number}" for number in range(20)]
LONG = "a text that needs parts " * 100


def engine_at(package: Path, folder: Path) -> str:
    """The file that the interpreter takes the engine from."""
    code = "import peernode.node; print(peernode.node.__file__)"
    found = subprocess.run(
        [sys.executable, "-c", code],
        check=True,
        capture_output=True,
        text=True,
        cwd=folder,
        env=environment(package),
    )
    return found.stdout.strip()


def test_there_are_released_nodes_to_share_a_channel_with() -> None:
    """Without one the next test has no case, and would pass by being skipped."""
    assert RELEASES, f"no starling-*.zip in {FOLDER}"


@pytest.mark.parametrize("release", RELEASES, ids=lambda path: path.stem)
def test_a_released_node_and_todays_share_a_channel(release: Path, tmp_path: Path) -> None:
    assert engine_at(release, tmp_path).startswith(str(release))
    old = Headless(tmp_path / "old", "--channel", "#lobby", "--name", "Old", package=release)
    nodes = [old]
    try:
        bootstrap = ("--bootstrap", old.address, "--channel", "#lobby")
        nodes += [
            Headless(tmp_path / "new", *bootstrap, "--name", "New"),
            Headless(tmp_path / "third", *bootstrap, package=release),
        ]
        _, new, third = nodes
        for node in nodes:
            node.first("joined")
        old.type(*LINES, LONG)
        assert new.wait_texts(21) == [*LINES, LONG]
        new.type(*LINES, LONG)
        assert old.wait_texts(21) == [*LINES, LONG]
        assert sorted(third.wait_texts(42)) == sorted([*LINES, LONG] * 2)
        for author in (old, new):
            author.wait(lambda _, node=author: len(_ids(node, "delivered")) == 21, "all delivered")
            assert author.all("failed") == []
        logs = [node.ask_log() for node in nodes]
        assert len(logs[0]) == 42
        assert logs == [logs[0]] * 3
        _restart_in_place(tmp_path, nodes, bootstrap)
    finally:
        for node in nodes:
            if node.child.poll() is None:
                node.stop()


def _restart_in_place(folder: Path, nodes: list[Headless], bootstrap: tuple[str, ...]) -> None:
    """Today's engine goes on with the database that the released one has left."""
    third = nodes.pop()
    assert third.stop() == 0
    revived = Headless(folder / "third", *bootstrap)
    nodes.append(revived)
    revived.first("joined")
    assert len(revived.ask_log()) == 42
    revived.type("after the upgrade")
    nodes[0].wait(lambda _: "after the upgrade" in nodes[0].texts(), "the first line after the upgrade")


def _ids(node: Headless, kind: str) -> set[str]:
    return {event["id"] for event in node.all(kind) if kind != "delivered" or event["n"] == event["m"]}
