"""Three real processes on loopback: lines go through once each and in order, and kill -9 loses nothing."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.headless.processes import Headless

LINES = [f"line {number}" for number in range(100)]


class Trio:
    """A bootstrap and two nodes on #lobby."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.boot = Headless(path / "boot")
        self.ann = self.member("ann")
        self.bob = self.member("bob")
        self.ann.first("joined")
        self.bob.first("joined")

    def member(self, name: str) -> Headless:
        return Headless(self.path / name, "--bootstrap", self.boot.address, "--channel", "#lobby")

    def write_and_settle(self) -> set[str]:
        """A hundred lines by Ann; the ids that were sent."""
        self.ann.type(*LINES)
        assert self.bob.wait_texts(100)[:100] == LINES
        self.ann.wait(lambda _: len({e["id"] for e in self.ann.all("sent")}) == 100, "100 sent")
        return {event["id"] for event in self.ann.all("sent")}

    def stop(self) -> list[int]:
        return [node.stop() for node in (self.ann, self.bob, self.boot) if node.child.returncode is None]


@pytest.fixture
def trio(tmp_path: Path) -> Iterator[Trio]:
    made = Trio(tmp_path)
    yield made
    assert all(status == 0 for status in made.stop())
    for log in tmp_path.glob("*.log"):
        assert "Traceback" not in log.read_text(), log.read_text()


def test_a_hundred_lines_arrive_once_each_in_order(trio: Trio) -> None:
    sent = trio.write_and_settle()
    assert trio.ann.all("failed") == []
    delivered = {event["id"] for event in trio.ann.all("delivered") if (event["n"], event["m"]) == (1, 1)}
    trio.ann.wait(lambda _: len({e["id"] for e in trio.ann.all("delivered")}) >= 99, "delivered")
    assert delivered <= sent
    trio.bob.type("the answer")
    trio.ann.wait(lambda _: "the answer" in trio.ann.texts(), "the answer")
    assert trio.bob.texts() == LINES, "each once"
    assert trio.ann.ask_log() == trio.bob.ask_log()
    assert len(trio.ann.ask_log()) == 101


@pytest.mark.parametrize("victim", ["boot", "ann", "bob"])
def test_kill_nine_and_restart_loses_nothing_that_was_sent(trio: Trio, victim: str) -> None:
    sent = trio.write_and_settle()
    address = trio.boot.address
    getattr(trio, victim).kill()
    if victim == "boot":
        trio.boot = Headless(trio.path / "boot", "--listen", address, "--channel", "#lobby")
        revived = trio.boot
    else:
        revived = trio.member(victim)
        setattr(trio, victim, revived)
    revived.first("joined")
    assert sent <= set(revived.ask_log())
    assert sent <= set(trio.ann.ask_log())
    assert sent <= set(trio.bob.ask_log())
    history = [event for event in revived.all("message") if event["history"]]
    assert [event["text"] for event in history] == LINES
    trio.ann.type("afterwards")
    trio.bob.wait(lambda _: trio.bob.texts().count("afterwards") == 1, "afterwards")


def test_subscribers_and_errors_are_told_as_json(trio: Trio) -> None:
    expected = sorted(str(node.first("ready")["node_id"]) for node in (trio.ann, trio.bob))

    def complete(listed: dict[str, list[str]]) -> bool:
        return len(listed) == 3 and all(sorted(ids) == expected for ids in listed.values())

    for asked in range(1, 50):
        trio.ann.type("/subscribers")
        trio.ann.wait(lambda _, asked=asked: len(trio.ann.all("subscribers")) == asked, "an answer")
        if complete(trio.ann.all("subscribers")[-1]["initiators"]):
            break
    assert complete(trio.ann.all("subscribers")[-1]["initiators"])
    trio.boot.type("to no channel")
    error = trio.boot.first("error")
    assert error["code"] == "NOT_A_MEMBER"
    assert error["remedy"]


def test_quit_ends_a_node_cleanly(tmp_path: Path) -> None:
    node = Headless(tmp_path / "solo", "--channel", "#lobby")
    joined = node.first("joined")
    assert joined["alone"] is True
    node.type("to myself", "/quit")
    assert node.child.wait(10) == 0
    assert node.first("accepted")["text"] == "to myself"
    node.stop()


@pytest.mark.parametrize("name", ["lobby", "#.."])
def test_a_channel_without_an_address_is_not_joined(tmp_path: Path, name: str) -> None:
    node = Headless(tmp_path / "solo", "--channel", name)
    error = node.first("error")
    assert (error["code"], "#lobby" in error["remedy"]) == ("CHANNEL_NAME_INVALID", True)
    node.type("/quit")
    assert node.child.wait(10) == 0
    assert node.all("joined") == []
    node.stop()


def test_two_processes_on_one_directory_and_bad_options_are_told_plainly(tmp_path: Path) -> None:
    first = Headless(tmp_path / "same")
    first.first("ready")
    second = Headless(tmp_path / "same")
    assert second.first("error")["code"] == "STORE_LOCKED"
    assert second.child.wait(10) == 1
    second.stop()
    assert first.stop() == 0
    done = subprocess.run(
        [sys.executable, "-m", "peernode", "--listen", "nonsense"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "HOST:PORT" in done.stderr
