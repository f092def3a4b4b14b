"""What every store promises, on a real file and on the simulated disk."""

from __future__ import annotations

import asyncio

import pytest

from peernode.channel.kinds import Target
from peernode.channel.message import Kind
from peernode.channel.parts import part_digest
from peernode.errors import LocalProtocolError
from peernode.store.base import (
    ABOUT_MAX,
    SAME_ID_MAX,
    ChannelRow,
    DropChannel,
    DropMessages,
    DropOutbox,
    PutChannel,
    PutMessage,
    PutMeta,
    PutOutbox,
    PutPart,
    PutPeers,
)
from tests.store.disks import (
    ALICE,
    BOB,
    CHANNEL,
    INSTANCE,
    NODE,
    OTHER_CHANNEL,
    OTHER_NODE,
    Disk,
    message,
    message_id,
    outbox_row,
)


def place(number: int) -> tuple[bytes, bytes, int, bytes]:
    one = message(number)
    return one.author, one.instance, one.seq, one.digest


async def test_an_empty_store_has_nothing(disk: Disk) -> None:
    store = disk.store()
    assert store.meta("a") is None
    assert store.metas("", "", 9) == []
    assert store.channels() == store.outbox() == store.peers() == []
    assert list(store.heads(CHANNEL)) == []
    assert store.messages(CHANNEL, ALICE.public_key, INSTANCE, 1, 9, 9) == []
    assert store.newest(CHANNEL, None, 9) == store.by_id(CHANNEL, message_id(1)) == []
    assert store.digest_at(CHANNEL, ALICE.public_key, INSTANCE, 1) is None
    assert store.part(bytes(32)) is None
    assert store.count(CHANNEL) == 0
    await store.commit()


async def test_what_was_committed_is_there_after_a_restart(disk: Disk) -> None:
    row = ChannelRow(CHANNEL, "größe", True, False)
    waiting = outbox_row(1, text="hello 👋")
    store = disk.store()
    await store.commit(
        PutMeta("a", b"1"),
        PutMeta("b", b""),
        PutChannel(row),
        PutMessage(message(1)),
        PutPart(part_digest(b"block"), b"block"),
        PutOutbox(waiting),
        PutPeers((b"second", b"first")),
    )
    disk.restart()
    store = disk.store()
    assert (store.meta("a"), store.meta("b")) == (b"1", b"")
    assert store.channels() == [row]
    assert store.newest(CHANNEL, None, 9) == [message(1).raw]
    assert store.part(part_digest(b"block")) == b"block"
    assert store.outbox() == [waiting]
    assert store.peers() == [b"second", b"first"]
    assert store.bad_rows == 0


async def test_nodes_of_one_disk_do_not_see_each_other(disk: Disk) -> None:
    store, other = disk.store(), disk.store(OTHER_NODE)
    await store.commit(
        PutMeta("a", b"1"),
        PutChannel(ChannelRow(CHANNEL, "lobby", True, True)),
        PutMessage(message(1)),
        PutPart(part_digest(b"block"), b"block"),
        PutOutbox(outbox_row(1)),
        PutPeers((b"first",)),
    )
    await other.commit(DropChannel(CHANNEL), DropOutbox(message_id(1)), PutPeers(()))
    assert other.meta("a") is None
    assert other.channels() == other.outbox() == other.peers() == other.newest(CHANNEL, None, 9) == []
    assert other.part(part_digest(b"block")) is None
    assert store.count(CHANNEL) == len(store.channels()) == len(store.outbox()) == len(store.peers()) == 1


async def test_later_writes_replace_earlier_ones_also_in_one_commit(disk: Disk) -> None:
    store = disk.store()
    row = ChannelRow(CHANNEL, "lobby", True, True)
    await store.commit(PutMeta("a", b"1"), PutMeta("a", b"2"), PutOutbox(outbox_row(1)))
    await store.commit(
        DropOutbox(message_id(1)),
        PutOutbox(outbox_row(1, 5)),
        PutChannel(row),
        DropChannel(CHANNEL),
        PutMessage(message(1)),
        PutPeers((b"old", b"older")),
        PutPeers((b"new",)),
    )
    assert store.meta("a") == b"2"
    assert store.outbox() == [outbox_row(1, 5)]
    assert store.channels() == []
    assert store.newest(CHANNEL, None, 9) == [message(1).raw]
    assert store.peers() == [b"new"]


async def test_the_newest_page_by_page(disk: Disk) -> None:
    store = disk.store()
    mine = [message(number) for number in range(1, 8)]
    others = [message(n, author=BOB, hlc=message(n).hlc) for n in range(1, 8)]
    elsewhere = message(9, channel_id=OTHER_CHANNEL)
    await store.commit(*(PutMessage(one) for one in [*others, *mine[::-1], elsewhere]))
    expected = sorted([*mine, *others], key=lambda one: one.order_key, reverse=True)
    seen: list[bytes] = []
    before = None
    while page := store.newest(CHANNEL, before, 4):
        seen += page
        before = expected[len(seen) - 1].order_key
    assert seen == [one.raw for one in expected]
    assert store.newest(CHANNEL, None, 0) == []
    assert store.newest(CHANNEL, expected[-1].order_key, 4) == []


async def test_ranges_of_a_stream(disk: Disk) -> None:
    store = disk.store()
    await store.commit(*(PutMessage(message(number)) for number in (1, 2, 3, 5, 6, 300)))
    await store.commit(PutMessage(message(2, author=BOB)))

    def found(low: int, high: int, limit: int) -> list[int]:
        rows = store.messages(CHANNEL, ALICE.public_key, INSTANCE, low, high, limit)
        assert [raw for _, raw in rows] == [message(seq).raw for seq, _ in rows]
        return [seq for seq, _ in rows]

    assert found(2, 5, 9) == [2, 3, 5]
    assert found(2, 5, 2) == [2, 3]
    assert found(4, 4, 9) == found(6, 5, 9) == found(1, 300, 0) == []
    assert found(0, 1 << 62, 9) == [1, 2, 3, 5, 6, 300]
    assert found(1 << 61, 1 << 62, 9) == []


async def test_heads_name_every_message_in_order(disk: Disk) -> None:
    store = disk.store()
    ours = [message(number) for number in (300, 2, 1)]
    theirs = [message(number, author=BOB) for number in (2, 1)]
    await store.commit(*(PutMessage(one) for one in [*ours, *theirs, message(1, channel_id=OTHER_CHANNEL)]))
    expected = sorted((one.author, one.instance, one.seq, one.digest) for one in ours + theirs)
    assert list(store.heads(CHANNEL)) == expected


async def test_both_sides_of_a_fork_are_kept(disk: Disk) -> None:
    store = disk.store()
    sides = [message(1, body=text) for text in (b"a", b"b", b"c")]
    await store.commit(*(PutMessage(side) for side in sides))
    lowest = sorted(sides, key=lambda side: side.digest)
    rows = store.messages(CHANNEL, ALICE.public_key, INSTANCE, 1, 1, 9)
    assert rows == [(1, side.raw) for side in lowest]
    assert store.digest_at(CHANNEL, ALICE.public_key, INSTANCE, 1) == lowest[0].digest
    assert store.count(CHANNEL) == 3


async def test_messages_by_id_are_bounded(disk: Disk) -> None:
    store = disk.store()
    same = [message(number, id_number=7) for number in range(1, SAME_ID_MAX + 3)]
    await store.commit(*(PutMessage(one) for one in [*same[::-1], message(900)]))
    await store.commit(PutMessage(message(1, id_number=7, author=BOB, hlc=0)))
    raws = store.by_id(CHANNEL, message_id(7))
    assert raws[1:] == [one.raw for one in same[: SAME_ID_MAX - 1]]
    assert raws[0] == message(1, id_number=7, author=BOB, hlc=0).raw


async def test_messages_of_a_kind(disk: Disk) -> None:
    store = disk.store()
    names = [message(number, kind=Kind.PROFILE, body=b"name") for number in (4, 2)]
    await store.commit(*(PutMessage(one) for one in [*names, message(1), message(3)]))
    assert store.of_kind(CHANNEL, Kind.PROFILE) == [one.raw for one in names[::-1]]
    assert store.of_kind(CHANNEL, Kind.TEXT) == [message(1).raw, message(3).raw]
    assert store.of_kind(CHANNEL, Kind.SKIP) == store.of_kind(OTHER_CHANNEL, Kind.TEXT) == []


async def test_messages_about_another_one(disk: Disk) -> None:
    store = disk.store()
    first, second = (Target(ALICE.node_id, message_id(number)).key for number in (1, 2))
    emoji = b"\x01" + "👍".encode()
    about = [message(number, kind=Kind.REACTION, body=first + emoji) for number in (5, 3, 4)]
    other = message(6, author=BOB, kind=Kind.REACTION, body=second + emoji)
    await store.commit(*(PutMessage(one) for one in [*about, other, message(1)]))
    disk.restart()
    store = disk.store()
    assert store.about(CHANNEL, first) == [about[1].raw, about[2].raw, about[0].raw]
    assert store.about(CHANNEL, second) == [other.raw]
    assert store.about(OTHER_CHANNEL, first) == store.about(CHANNEL, bytes(36)) == []
    await store.commit(DropMessages(CHANNEL, ALICE.public_key, INSTANCE, (3, 5)))
    assert store.about(CHANNEL, first) == [about[2].raw]


async def test_the_last_messages_about_another_one_are_returned(disk: Disk) -> None:
    store = disk.store()
    target = Target(ALICE.node_id, message_id(1)).key
    deletes = [message(number, kind=Kind.DELETE, body=target) for number in range(2, ABOUT_MAX + 4)]
    await store.commit(*(PutMessage(one) for one in deletes))
    assert store.about(CHANNEL, target) == [one.raw for one in deletes[-ABOUT_MAX:]]


async def test_a_dropped_channel_takes_its_messages_along(disk: Disk) -> None:
    store = disk.store()
    rows = [ChannelRow(CHANNEL, "a", True, True), ChannelRow(OTHER_CHANNEL, "b", False, True)]
    await store.commit(*(PutChannel(row) for row in rows[::-1]))
    await store.commit(PutMessage(message(1)), PutMessage(message(1, channel_id=OTHER_CHANNEL)))
    assert store.channels() == rows
    await store.commit(DropChannel(CHANNEL))
    assert store.channels() == rows[1:]
    assert (store.count(CHANNEL), store.count(OTHER_CHANNEL)) == (0, 1)
    assert list(store.heads(CHANNEL)) == store.by_id(CHANNEL, message_id(1)) == []


async def test_the_outbox_is_in_the_order_of_writing(disk: Disk) -> None:
    store = disk.store()
    rows = [outbox_row(9, 1), outbox_row(2, 5), outbox_row(3, 5), outbox_row(1, 7)]
    await store.commit(*(PutOutbox(row) for row in rows[::-1]))
    assert store.outbox() == rows
    await store.commit(DropOutbox(message_id(2)), DropOutbox(message_id(77)))
    disk.restart()
    assert disk.store().outbox() == [rows[0], *rows[2:]]


async def test_a_bad_row_is_missing_reported_and_repaired(disk: Disk) -> None:
    store = disk.store()
    ours = [message(number) for number in range(1, 5)]
    await store.commit(*(PutMessage(one) for one in ours))
    disk.damage_message(ours[1])
    reports: list[tuple[bytes, bytes, bytes, int]] = []
    store.on_bad_row = lambda *report: reports.append(report)
    assert store.newest(CHANNEL, None, 3) == [ours[3].raw, ours[2].raw, ours[0].raw]
    assert reports == [(CHANNEL, ALICE.public_key, INSTANCE, 2)]
    assert [seq for seq, _ in store.messages(CHANNEL, ALICE.public_key, INSTANCE, 1, 9, 3)] == [1, 3, 4]
    assert store.by_id(CHANNEL, message_id(2)) == []
    assert store.bad_rows == len(reports) == 3
    assert place(2) in store.heads(CHANNEL)
    await store.commit(PutMessage(ours[1]))
    assert store.newest(CHANNEL, None, 9) == [one.raw for one in ours[::-1]]
    assert (store.bad_rows, store.count(CHANNEL)) == (3, 4)


async def test_a_bad_part_is_missing_until_it_is_put_again(disk: Disk) -> None:
    store = disk.store()
    put = PutPart(part_digest(b"block"), b"block")
    await store.commit(put)
    disk.damage_part(b"block")
    assert store.part(part_digest(b"block")) is None
    assert store.bad_rows == 1
    await store.commit(put)
    assert store.part(part_digest(b"block")) == b"block"


async def test_concurrent_commits_become_durable_in_order(disk: Disk) -> None:
    store = disk.store()
    await asyncio.gather(*(store.commit(PutMeta("last", str(number).encode())) for number in range(50)))
    assert store.meta("last") == b"49"


async def test_a_cancelled_wait_leaves_the_others_alone(disk: Disk) -> None:
    store = disk.store()
    tasks = [asyncio.create_task(store.commit(PutMessage(message(number)))) for number in range(1, 6)]
    await asyncio.sleep(0)
    tasks[2].cancel()
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [
        type(None), type(None), asyncio.CancelledError, type(None), type(None)
    ]  # fmt: skip
    await store.commit(PutMessage(message(6)))
    assert {place(1), place(2), place(4), place(5), place(6)} <= set(store.heads(CHANNEL))


async def test_a_closed_view_takes_nothing_and_the_others_go_on(disk: Disk) -> None:
    store, other = disk.store(), disk.store(OTHER_NODE)
    pending = asyncio.create_task(store.commit(PutMeta("a", b"1")))
    await asyncio.sleep(0)
    store.close()
    with pytest.raises(LocalProtocolError):
        await store.commit(PutMeta("a", b"2"))
    await pending
    await other.commit(PutMeta("a", b"3"))
    assert (disk.store(NODE).meta("a"), other.meta("a")) == (b"1", b"3")
