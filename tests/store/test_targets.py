"""What a stored message is about: read off its bytes, whatever the row on a real file says of it."""

from __future__ import annotations

import pytest

from peernode.channel.kinds import Kind
from peernode.channel.message import Message, decode_message
from peernode.store.base import PutMessage
from peernode.store.sqlite import SqliteDatabase
from peernode.wire.codec import pack
from tests.store.disks import ALICE, CHANNEL, FileDisk, message
from tests.store.rot import ABOUT_ONE, COUNT, filled
from tests.store.test_file import execute
from tests.store.test_file_versions import VERSION_1

WRONG_TARGETS = ["NULL", "x''", "substr(target, 1, 35)", "CAST(substr(target, 1, 35) || x'77' AS BLOB)"]


@pytest.mark.parametrize("wrong", WRONG_TARGETS)
async def test_what_a_message_is_about_is_read_off_its_bytes(file_disk: FileDisk, wrong: str) -> None:
    ours = await filled(file_disk)
    store = file_disk.store()
    file_disk.execute(f"UPDATE messages SET target = {wrong} WHERE seq = 5")
    others = [one.raw for one in ours if one.seq != 5]
    assert (store.newest(CHANNEL, None, 99), store.bad_rows) == (others[::-1], 1)
    store.charges(CHANNEL)
    assert store.about(CHANNEL, ABOUT_ONE) == [one.raw for one in ours[1:]]
    assert store.righted == 1


def does_not_fit(number: int) -> Message:
    """A deletion that does not say of what: of no kind that this version knows."""
    first = message(number)
    place = [1, CHANNEL, first.author, first.instance, number, first.prev]
    items = [*place, first.id, first.hlc, int(Kind.DELETE), b"?", []]
    return decode_message(pack([*items, ALICE.sign("message", pack(items))]))


async def test_a_body_that_does_not_fit_its_kind_is_about_nothing(file_disk: FileDisk) -> None:
    await filled(file_disk)
    ours = [does_not_fit(COUNT + 1), message(COUNT + 2, kind=Kind.REPLY, body=ABOUT_ONE + b"x" * 400)]
    await file_disk.store().commit(*(PutMessage(one) for one in ours))
    store = file_disk.store()
    assert store.charges(CHANNEL)
    assert store.newest(CHANNEL, None, 2) == [one.raw for one in ours[::-1]], "a long one is read too"
    assert store.bad_rows == 0


async def test_a_row_that_lost_its_target_and_its_end_says_what_to_fetch(file_disk: FileDisk) -> None:
    await filled(file_disk)
    store = file_disk.store()
    end = "raw = CAST(substr(raw, 1, length(raw) - 9) AS BLOB)"
    file_disk.execute(f"UPDATE messages SET target = NULL, {end} WHERE seq = 5")
    told: list[int] = []
    store.on_bad_row = lambda channel_id, author, instance, seq: told.append(seq)
    assert store.charges(CHANNEL)
    assert len(store.newest(CHANNEL, None, 99)) == COUNT - 1
    assert (told, store.righted) == ([5], 0)


async def test_a_change_in_a_file_that_knew_no_targets_takes_effect(file_disk: FileDisk) -> None:
    """A file of version 1 may hold some: a kind that a version does not know is kept."""
    ours = await filled(file_disk)
    await file_disk.store().commit(PutMessage(does_not_fit(COUNT + 1)))
    file_disk.close()
    execute(file_disk.path, *VERSION_1)
    for bad in (1, 0):
        file_disk.database = SqliteDatabase(file_disk.path)
        store = file_disk.store()
        store.charges(CHANNEL)
        assert store.about(CHANNEL, ABOUT_ONE) == [one.raw for one in ours[1:]]
        assert (store.count(CHANNEL), store.bad_rows) == (COUNT + 1, bad)
        file_disk.close()
