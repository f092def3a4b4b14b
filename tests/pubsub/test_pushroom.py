"""Room for pushes: a bound for all, and from half full on a share for each subscriber."""

from __future__ import annotations

from peernode.config import NodeConfig
from peernode.pubsub.pushroom import PushRoom
from peernode.pubsub.retries import LINES_MAX


def test_room_for_pushes_is_shared_from_half_full_on() -> None:
    failing = {b"silent"}
    room = PushRoom(NodeConfig(pushes_max=32), failing.__contains__)
    for _ in range(16):
        assert room.has(b"silent")
        room.begin(b"silent")
    assert not room.has(b"silent")
    for _ in range(4):
        assert room.has(b"busy")
        room.begin(b"busy")
    assert not room.has(b"busy"), "a share is an eighth"
    for number in range(12):
        assert room.has(b"%d" % number)
        room.begin(b"%d" % number)
    assert not room.has(b"one more")
    assert room.sizes() == {"pushes": (32, 32 + LINES_MAX), "pushed_to": (14, 32 + LINES_MAX)}
    failing.add(b"0")
    room.end(b"busy")
    assert not room.has(b"0"), "one that is failing has one"
    assert room.has(b"one more")
    for subscriber, pushes in {
        b"silent": 16,
        b"busy": 3,
        **{b"%d" % number: 1 for number in range(12)},
    }.items():
        for _ in range(pushes):
            room.end(subscriber)
    assert room.sizes()["pushes"][0] == room.sizes()["pushed_to"][0] == 0
