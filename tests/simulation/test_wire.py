"""The watch on the wire: what a node may send to an address that has proven nothing, and what it shows."""

from __future__ import annotations

import pytest

from peernode.simulation.evidence import Evidence
from peernode.simulation.observation.wire import ALLOWANCE_DATAGRAMS, REMEMBERED_EVERY_S, WINDOW_S, WireWatch

KEY = (1, 0)
ME, OTHER = ("10.0.0.1", 7400), ("10.0.0.2", 7400)
SECRET = b"k" * 32


class Wire:
    """A watch on one node, with a clock that is set by hand."""

    def __init__(self, remembered: bool = False, nodes: int = 3) -> None:
        self.now = 0.0
        self.evidence = Evidence()
        self.watch = WireWatch(self.evidence, lambda: self.now, nodes)
        self.watch.life_begins(KEY, 1, ME[0], [OTHER] if remembered else [], SECRET)

    def sends(self, size: int = 100, count: int = 1) -> None:
        for _ in range(count):
            self.watch.sent(KEY, ME, bytes(size), OTHER)

    def gets(self, size: int = 100, fill: bytes = b"\0") -> None:
        self.watch.received(KEY, OTHER, fill * size)

    @property
    def found(self) -> int:
        return len(self.evidence.amplifications)


def test_the_allowance_is_used_up_and_comes_back_with_the_window() -> None:
    wire = Wire()
    wire.sends(count=ALLOWANCE_DATAGRAMS)
    assert wire.found == 0
    wire.sends()
    assert wire.found == 1
    wire.now = WINDOW_S + 0.1
    wire.sends(count=ALLOWANCE_DATAGRAMS)
    assert wire.found == 1


def test_the_allowance_is_bytes_too() -> None:
    wire = Wire()
    wire.sends(1200, count=4)
    wire = Wire()
    wire.sends(4801)
    assert wire.found == 1


def test_three_times_what_came_may_go_back() -> None:
    wire = Wire()
    wire.gets(1000)
    wire.sends(1000, count=3)
    wire.sends(count=ALLOWANCE_DATAGRAMS)
    assert wire.found == 0
    wire.sends()
    assert wire.found == 1


def test_an_answer_proves_the_address() -> None:
    wire = Wire()
    wire.sends()
    wire.gets()
    wire.sends(1200, count=100)
    assert wire.found == 0


def test_what_came_before_anything_was_sent_proves_nothing() -> None:
    wire = Wire()
    wire.gets(10)
    wire.gets(10)
    wire.sends(count=ALLOWANCE_DATAGRAMS + 1)
    assert wire.found == 1


@pytest.mark.parametrize("key", [(9, 0), KEY], ids=["by no node", "by a node in another's name"])
def test_what_was_forged_proves_nothing(key: tuple[int, int]) -> None:
    wire = Wire()
    wire.sends()
    wire.watch.sent(key, OTHER, b"f" * 10, ME)
    wire.gets(10, b"f")
    wire.sends(count=ALLOWANCE_DATAGRAMS)
    assert wire.found == 1


def test_a_new_life_has_no_proof() -> None:
    wire = Wire()
    wire.sends()
    wire.gets()
    wire.watch.life_ends(KEY)
    wire.watch.life_begins(KEY, 0, ME[0], [], SECRET)
    wire.sends(count=ALLOWANCE_DATAGRAMS + 1)
    assert wire.found == 1


def test_a_remembered_address_may_be_tried_now_and_then() -> None:
    wire = Wire(remembered=True)
    wire.sends(count=ALLOWANCE_DATAGRAMS + 1)
    assert wire.found == 0
    wire.sends()
    assert wire.found == 1
    wire.now = REMEMBERED_EVERY_S
    wire.sends()
    assert wire.found == 1


def test_nothing_is_expected_of_a_hostile_node() -> None:
    wire = Wire()
    wire.evidence.hostile[1] = None
    wire.sends(count=ALLOWANCE_DATAGRAMS + 1)
    assert wire.found == 0


def test_of_many_nodes_a_sample_is_judged() -> None:
    for nodes, found in ((200, 1), (1000, 0)):
        wire = Wire(nodes=nodes)
        wire.sends(count=ALLOWANCE_DATAGRAMS + 1)
        assert wire.found == found
        assert wire.evidence.coverage["looked at samples only: no_amplification"] == (not found)


def test_a_text_or_the_own_key_in_clear_is_seen() -> None:
    wire = Wire()
    wire.watch.sent(KEY, ME, b"\x81\xa6" + b"0.1 from node 3 ...", OTHER)
    wire.watch.sent(KEY, ME, b"abc" + SECRET, OTHER)
    wire.watch.sent(KEY, ME, b"from nothing", OTHER)
    assert len(wire.evidence.disclosures) == 2
