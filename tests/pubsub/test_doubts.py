"""One initiator that lies about the channel: what it says stays in its own row, and it is named."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from peernode.diagnostics.windows import Tally
from peernode.pubsub.doubts import (
    BYTES_MARGIN,
    MESSAGES_MARGIN,
    PUSHES_EACH_MAX,
    PUSHES_MARGIN,
    SUBSCRIBERS_MARGIN,
    WITNESS_UPTIME_MS,
    believed,
    doubts,
)
from peernode.pubsub.matrix import Cell, Row
from peernode.pubsub.picture import Said, replication
from peernode.pubsub.reachability import BOTH
from peernode.pubsub.vitals import SLICES_FROM, Share, Vitals
from peernode.wire.codec import Fields
from peernode.wire.contact import Contact
from peernode.wire.ops import Op
from tests.pubsub.flock import Bird, Flock, story
from tests.pubsub.test_channel_health import cast, health, settle

CONTACTS = [Contact(bytes([index]) * 32, "192.0.2.1", 7_000 + index) for index in range(5)]


def vitals(
    messages: int = 9, recent: int = 0, size: int = 900, listed: int = 7, uptime_ms: int = WITNESS_UPTIME_MS
) -> Vitals:
    return Vitals(messages, recent, size, bytes(16), bytes(16), listed, uptime_ms, False)


def said(
    index: int, word: Vitals | None, *names: bytes, shares: tuple[Share, ...] = (), until: bytes | None = None
) -> Said:
    contact = CONTACTS[index]
    cells = [Cell(name * 20, BOTH, 20, 100, None, 0, 0, None) for name in names]
    return Said(contact, index == 0, "ok", Row(contact, "ok", cells, until), 0.0, 20.0, word, shares)


def pushed(attempted: int, place: int = 0) -> tuple[Share, ...]:
    return (Share(place, 0, Tally(attempted, failed=attempted)),)


NAMES = tuple(bytes([65 + index]) for index in range(SUBSCRIBERS_MARGIN + 1))


@pytest.mark.parametrize(
    ("word", "doubted"),
    [
        (said(3, vitals(MESSAGES_MARGIN + 10)), {"messages"}),
        (said(3, vitals(MESSAGES_MARGIN + 10, recent=1)), set()),
        (said(3, vitals(size=BYTES_MARGIN + 901)), {"bytes"}),
        (said(3, vitals(size=BYTES_MARGIN)), set()),
        (said(3, vitals(listed=14 + SUBSCRIBERS_MARGIN + 1)), {"subscribers"}),
        (said(3, vitals(listed=14 + SUBSCRIBERS_MARGIN)), set()),
        (said(3, vitals(), *NAMES), {"subscribers"}),
        (said(3, vitals(), *NAMES[1:]), set()),
        (said(3, vitals(), shares=pushed(PUSHES_MARGIN + 1)), {"pushes"}),
        (said(3, vitals(), shares=pushed(200_001, SLICES_FROM + 4)), {"pushes"}),
        (said(3, vitals(), shares=pushed(PUSHES_MARGIN)), set()),
        (said(0, vitals(1 << 40)), set()),
        (said(3, None), set()),
    ],
)
def test_what_the_others_contradict_is_doubted(word: Said, doubted: set[str]) -> None:
    words = [word, said(1, vitals()), said(2, vitals())]
    assert doubts(words, None) == ({word.contact.id: doubted} if doubted else {})


@pytest.mark.parametrize(
    ("others", "held", "doubted"),
    [
        ([vitals()], None, False),
        ([vitals()], (9, 900), True),
        ([vitals()], (10, 900), False),
        ([vitals(), vitals(uptime_ms=WITNESS_UPTIME_MS - 1)], None, False),
        ([vitals(), vitals(10)], None, False),
        ([vitals(8), vitals(8), vitals(9)], None, True),
    ],
)
def test_one_word_against_another_is_no_contradiction(
    others: list[Vitals], held: tuple[int, int] | None, doubted: bool
) -> None:
    words = [
        said(4, vitals(MESSAGES_MARGIN + 10)),
        *(said(index + 1, word) for index, word in enumerate(others)),
    ]
    assert bool(doubts(words, held)) == doubted


def test_who_alone_holds_messages_is_believed_so_that_they_are_seen_to_be_at_risk() -> None:
    words = [said(1, vitals(9)), said(2, vitals(9)), said(3, vitals(900, size=BYTES_MARGIN))]
    assert doubts(words, (9, 900)) == {}
    found = replication(believed(words, {}))
    assert (found["of"], found["under"]) == (3, 891)


def test_who_does_all_the_pushing_is_believed() -> None:
    pushes = PUSHES_EACH_MAX * 5_000 * 40
    others = [said(1, vitals(5_000, listed=40)), said(2, vitals(5_000, listed=40))]
    assert doubts([said(3, vitals(5_000, listed=40), shares=pushed(pushes)), *others], None) == {}
    many = said(3, vitals(5_000, listed=40), shares=pushed(pushes + 1))
    assert doubts([many, *others], None) == {many.contact.id: {"pushes"}}


def test_a_row_of_which_only_a_part_has_come_contradicts_nobody() -> None:
    words = [said(3, vitals(), *NAMES), said(1, vitals(), until=b""), said(2, vitals(), until=b"A" * 20)]
    assert doubts(words, None) == {}


def test_in_a_large_channel_one_may_fail_to_reach_whom_the_others_reach() -> None:
    words = [said(3, vitals(listed=300), *NAMES), said(1, vitals(listed=300)), said(2, vitals(listed=300))]
    assert doubts(words, None, failing_only=True) == {}


def test_of_who_is_doubted_at_most_what_others_say_is_believed() -> None:
    lie = said(3, vitals(1 << 40, 5, 1 << 40, 1 << 40), *NAMES, shares=pushed(1 << 30))
    words = [lie, said(1, vitals(8, 1), NAMES[0]), said(2, vitals(9, 3))]
    found = believed(words, doubts(words, None))
    assert found[1:] == words[1:]
    assert found[0].vitals == vitals(7, 0)
    assert [cell.subscriber[:1] for cell in found[0].row.cells] == [NAMES[0]]
    assert found[0].shares == ()


Lie = Callable[[list[Any], list[Any]], None]
"""Changes the vitals and the shares of an honest answer."""


def lies(bird: Bird, lie: Lie) -> None:
    """Its answers about the channel's condition are changed."""
    servers = bird.node._context.rpc._servers
    honest = servers[Op.HEALTH]

    def lying(caller: Any, body: Fields) -> list[Any]:
        answer = honest(caller, body)
        assert isinstance(answer, list)
        lie(answer[0] if answer[0] is not None else list(range(8)), answer[1])
        return answer

    servers[Op.HEALTH] = lying


def bloated(head: list[Any], shares: list[Any]) -> None:
    head[0], head[1], head[2], head[5] = 1 << 47, 0, 1 << 47, 1 << 47


def busy(head: list[Any], shares: list[Any]) -> None:
    shares[:] = [[SLICES_FROM + 1, 1_000, 1 << 40, 1, 0, (1 << 40) - 1, 1, [0, 1]]]


@pytest.mark.parametrize(
    ("lie", "doubted"), [(bloated, ["bytes", "messages", "subscribers"]), (busy, ["pushes"])]
)
def test_a_liars_numbers_stay_in_its_own_row(lie: Lie, doubted: list[str]) -> None:
    async def tell(flock: Flock) -> None:
        await settle(flock)
        await asyncio.sleep(20)
        initiators, others = cast(flock)
        lies(initiators[0], lie)
        found = await health(others[0])
        assert found["verdict"]["code"] == "INITIATOR_DOUBTED"
        assert len(found["verdict"]["reasons"]) == 1
        assert found["verdict"]["sentence"].startswith(
            "The others contradict the numbers of 1 of 5 initiators; 5 of 5 initiators answer; 7 of 7"
        )
        rows = {row["id"]: row for row in found["initiators"]}
        assert rows.pop(initiators[0].node.node_id)["doubted"] == doubted
        assert all((row["doubted"], row["behind"]) == ([], 0) for row in rows.values())
        replication = {"of": 5, "held_by": [0, 0, 0, 0, 0, 5], "under": 0, "apart": 0}
        assert found["replication"] == replication
        assert (found["coordinator"]["messages"], found["audience"]) == (5, 7)
        assert found["coordinator"]["bytes"] < 1 << 20
        assert max(slot["attempted"] for slot in found["series"]) < 100

    story(tell, 7, loss=0)


def test_one_that_says_its_pushes_fail_says_so_of_itself_alone() -> None:
    """Nobody can contradict it: the sentence says whose pushes they are, and calls nobody else's slow."""

    def failing(head: list[Any], shares: list[Any]) -> None:
        shares[:] = [[SLICES_FROM + 1, 1_000, 500, 100, 0, 400, 1 << 28, [160, 100]]]

    async def tell(flock: Flock) -> None:
        await settle(flock)
        initiators, others = cast(flock)
        for number in range(8):
            await flock[number % 7].say(f"during {number}")
        await asyncio.sleep(2)
        lies(initiators[0], failing)
        found = await health(others[0])
        clauses = {reason["code"]: reason["clause"] for reason in found["verdict"]["reasons"]}
        assert set(clauses) == {"PUSHES_FAIL", "DELIVERY_SLOW"}
        assert clauses["PUSHES_FAIL"].startswith("400 of 500 pushes of 1 of ")
        assert clauses["DELIVERY_SLOW"].startswith("deliveries of 1 of 5 initiators are slow, p95 10")
        assert found["verdict"]["sentence"].count("p95") == 1, "of nobody else"

    story(tell, 7, loss=0)


@pytest.mark.parametrize("count", [3, 40])
def test_subscribers_whom_one_alone_names_are_not_unreached_ones(count: int) -> None:
    async def tell(flock: Flock) -> None:
        await settle(flock)
        await asyncio.sleep(20)
        initiators, others = cast(flock)
        phantoms = [[bytes([index]) * 20, 4, 0, None, 900, 9, 0, None] for index in range(count)]
        servers = initiators[0].node._context.rpc._servers

        def lying(caller: Any, body: Fields) -> list[Any]:
            start = 0 if body[1] is None else body[1][0] + 1
            page = phantoms[start : start + 16]
            return [page, page[-1][0] if start + 16 < count else None]

        servers[Op.ROW] = lying
        found = await health(others[0])
        code = "SUBSCRIBER_UNLISTED" if count <= SUBSCRIBERS_MARGIN else "INITIATOR_DOUBTED"
        assert found["verdict"]["state"] == "degraded"
        assert [reason["code"] for reason in found["verdict"]["reasons"]] == [code]
        assert "7 of 7 subscribers are reached" in found["verdict"]["sentence"]
        lone = Counter(row["lone"] for row in found["subscribers"])
        assert lone == ({False: 7, True: count} if count <= SUBSCRIBERS_MARGIN else {False: 7})

    story(tell, 7, loss=0)
