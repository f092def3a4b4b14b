"""A headless node whose join is refused before it has begun says so, and joins when that has passed."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from peernode import cli
from peernode.diagnostics.codes import error_info
from peernode.errors import PeerNodeError
from peernode.events import JoinDelayed
from peernode.simulation.world.host import SimWorld
from tests.pubsub.flock import LOBBY, Flock, story


class Refusing:
    """A node that refuses to join with these codes, one after the other, and tells ``told`` before."""

    def __init__(self, *codes: str, told: JoinDelayed | None = None) -> None:
        self.codes = list(codes)
        self.told = told
        self.heard: Any = None
        self.joins = 0

    def channels(self) -> dict[str, bool]:
        return {}

    async def join(self, name: str) -> None:
        self.joins += 1
        if self.told is not None:
            self.heard(self.told)
        if self.codes:
            raise PeerNodeError(self.codes.pop(0), retry_after=1)


def headless(path: Path) -> cli.Headless:
    return cli.Headless(cli.parser().parse_args(["--data", str(path), "--channel", LOBBY]))


def errors(printed: str) -> list[tuple[str, bool]]:
    """Code of each error line, and whether it has a remedy."""
    lines = [json.loads(line) for line in printed.splitlines()]
    return [(line["code"], bool(line["remedy"])) for line in lines if line["event"] == "error"]


@pytest.mark.parametrize(
    ("codes", "told", "joins"),
    [
        (["STORE_FULL"] * 3, ["STORE_FULL"], 4),
        (["STORE_FULL", "RATE_LIMITED"], ["STORE_FULL", "RATE_LIMITED"], 3),
        (["TOO_MANY_CHANNELS"], ["TOO_MANY_CHANNELS"], 1),
        (["STORE_CORRUPT"], ["STORE_CORRUPT"], 1),
        ([], [], 1),
    ],
    ids=str,
)
def test_a_refused_join_is_told_and_tried_again_where_that_may_help(
    codes: list[str], told: list[str], joins: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    node = Refusing(*codes)
    with SimWorld(seed=1) as world:
        world.run(headless(tmp_path).join(node))  # type: ignore[arg-type]
    assert errors(capsys.readouterr().out) == [(code, True) for code in told]
    assert node.joins == joins


def test_a_join_that_was_told_to_be_delayed_is_not_told_twice(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    delayed = JoinDelayed(LOBBY, "find", 5000.0, error_info("NO_INITIATOR"))
    node, line = Refusing("NO_INITIATOR", told=delayed), headless(tmp_path)
    node.heard = line.heard
    with SimWorld(seed=1) as world:
        world.run(line.join(node))  # type: ignore[arg-type]
    assert errors(capsys.readouterr().out) == [("NO_INITIATOR", True)]


def test_with_a_full_disk_the_channel_is_joined_when_there_is_room(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async def tell(flock: Flock) -> None:
        (bird,) = flock
        bird.disk.full = True
        joining = asyncio.ensure_future(bird.call(headless(tmp_path).join(bird.node)))
        await asyncio.sleep(3 * cli.JOIN_AGAIN_S)
        assert errors(capsys.readouterr().out) == [("STORE_FULL", True)]
        assert bird.node.channels() == {}
        bird.disk.full = False
        await joining
        assert bird.node.channels() == {LOBBY: True}

    story(tell, 1)
