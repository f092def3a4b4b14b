"""Kinds of messages: which bodies they may have, and what a set of changes makes of a message."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from peernode.channel.changes import UNCHANGED, changes_of
from peernode.channel.draft import Draft
from peernode.channel.kinds import (
    ABOUT_MAX_BYTES,
    CHANGES,
    EMOJI_MAX_BYTES,
    TARGET_BYTES,
    Kind,
    Target,
    UnknownKind,
    check_body,
    inline_text,
    reaction_of,
    target_of,
)
from peernode.channel.message import SEQ_MAX, Message, decode_message, sign_message
from peernode.channel.parts import join_parts, part_digest
from peernode.channel.quota import cost_of_raw
from peernode.config import NodeConfig
from peernode.errors import LocalProtocolError, PeerNodeError, RemoteProtocolError
from peernode.identity import Identity
from tests.channel.making import CHANNEL, INSTANCE, unchecked, uuid7

ALICE, BOB = (Identity.from_seed(bytes([number]) * 32) for number in (1, 2))
MINE = Target(ALICE.node_id, uuid7(1)).key
THEIRS = Target(BOB.node_id, uuid7(1)).key
SMILE = "🙂".encode()


def message(kind: int, body: bytes, hlc: int = 1, author: Identity = ALICE, seq: int = 1) -> Message:
    prev = bytes(16) if seq == 1 else b"p" * 16
    place = {"channel_id": CHANNEL, "instance": INSTANCE, "seq": seq, "prev": prev, "id": uuid7(hlc)}
    return sign_message(author, hlc=hlc << 16, kind=kind, body=body, **place)  # type: ignore[arg-type]


BROKEN = [
    (Kind.EDIT, b"no target"),
    (Kind.EDIT, MINE),
    (Kind.EDIT, THEIRS + b"not mine to change"),
    (Kind.EDIT, MINE + b"\xff"),
    (Kind.DELETE, THEIRS),
    (Kind.DELETE, MINE + b"because"),
    (Kind.DELETE, MINE[:-1]),
    (Kind.REPLY, THEIRS),
    (Kind.REPLY, THEIRS[:-1]),
    (Kind.REACTION, THEIRS),
    (Kind.REACTION, THEIRS + b"\x01"),
    (Kind.REACTION, THEIRS + b"\x02" + SMILE),
    (Kind.REACTION, THEIRS + b"\x01\xff"),
    (Kind.REACTION, THEIRS + b"\x01" + b"x" * (EMOJI_MAX_BYTES + 1)),
    (Kind.CARD, b"x" * (ABOUT_MAX_BYTES + 1)),
    (Kind.CARD, b"\xff"),
]


@pytest.mark.parametrize(("kind", "body"), BROKEN)
def test_a_body_that_does_not_fit_its_kind_is_refused(kind: Kind, body: bytes) -> None:
    with pytest.raises(RemoteProtocolError):
        check_body(kind, ALICE.public_key, body, ())


@pytest.mark.parametrize("kind", [Kind.DELETE, Kind.REACTION, Kind.PROFILE, Kind.SKIP])
def test_only_texts_and_cards_have_parts(kind: Kind) -> None:
    body = MINE + b"\x01" + SMILE if kind is Kind.REACTION else MINE
    with pytest.raises(RemoteProtocolError):
        check_body(kind, ALICE.public_key, body, (bytes(32),))


def test_a_kind_of_a_later_version_is_kept_and_says_nothing() -> None:
    later = message(99, b"whatever a later version means by it")
    assert decode_message(later.raw) == later
    assert (later.kind, later.target, later.skips) == (UnknownKind(99), None, None)
    assert changes_of([later]) == UNCHANGED


@pytest.mark.parametrize("kind", [Kind.EDIT, Kind.DELETE, Kind.REACTION, Kind.REPLY, Kind.CARD, Kind.FILE])
def test_what_does_not_fit_its_kind_says_nothing_but_is_a_message_and_is_signed_by_nobody_here(
    kind: Kind,
) -> None:
    kept = decode_message(unchecked(ALICE, kind, b"\xff whatever"))
    assert (kept.kind, kept.target, kept.skips) == (UnknownKind(kind), None, None)
    assert changes_of([kept]) == UNCHANGED
    assert cost_of_raw(kept.raw) == len(kept.raw)
    with pytest.raises(LocalProtocolError):
        message(kind, b"\xff whatever")


@given(st.sampled_from([Kind.TEXT, Kind.REPLY, Kind.EDIT]), st.text(min_size=1, max_size=4000))
def test_a_drafts_words_come_out_again(kind: Kind, text: str) -> None:
    target = None if kind is Kind.TEXT else Target(ALICE.node_id, uuid7(1))
    if not text.strip():
        text += "."
    body, blocks = Draft(kind, text, target).encoded(NodeConfig())
    check_body(kind, ALICE.public_key, body, tuple(bytes(32) for _ in blocks))
    assert target_of(kind, body) == target
    assert (inline_text(kind, body) or join_parts(blocks)).decode() == text


def test_the_fullest_card_is_a_message() -> None:
    about, picture = "ü" * (ABOUT_MAX_BYTES // 2), bytes(range(256)) * 64
    body, blocks = Draft(Kind.CARD, about, picture=picture).encoded(NodeConfig())
    place = {"channel_id": CHANNEL, "instance": b"\xff" * 8, "seq": SEQ_MAX, "prev": b"p" * 16}
    digests = tuple(part_digest(block) for block in blocks)
    card = sign_message(
        ALICE, id=uuid7(1), hlc=(1 << 63) - 1, kind=Kind.CARD, body=body, parts=digests, **place
    )  # type: ignore[arg-type]
    assert decode_message(card.raw) == card
    assert (card.body.decode(), join_parts(blocks)) == (about, picture)
    with pytest.raises(PeerNodeError) as large:
        Draft(Kind.CARD, about, picture=picture + b"x").encoded(NodeConfig())
    assert large.value.code == "TOO_LARGE"


@pytest.mark.parametrize("on", [True, False])
def test_a_drafts_emoji_comes_out_again(on: bool) -> None:
    target = Target(BOB.node_id, uuid7(1))
    body, blocks = Draft(Kind.REACTION, target=target, emoji="👩‍👩‍👧", on=on).encoded(NodeConfig())
    assert not blocks
    check_body(Kind.REACTION, ALICE.public_key, body, ())
    assert (target_of(Kind.REACTION, body), reaction_of(body)) == (target, ("👩‍👩‍👧", on))
    assert len(THEIRS) == TARGET_BYTES


def changes() -> st.SearchStrategy[list[Message]]:
    reaction = st.builds(
        lambda on, emoji: (Kind.REACTION, bytes([on]) + emoji),
        st.integers(0, 1),
        st.sampled_from([SMILE, b"+1"]),
    )
    edit = st.sampled_from([(Kind.EDIT, b"one"), (Kind.EDIT, b"two")])
    word = st.tuples(st.one_of(reaction, reaction, edit), st.sampled_from([ALICE, BOB]), st.integers(1, 9))

    def made(words: list[tuple[tuple[Kind, bytes], Identity, int]]) -> list[Message]:
        return [
            message(kind, MINE + rest, hlc, ALICE if kind is Kind.EDIT else author, seq)
            for seq, ((kind, rest), author, hlc) in enumerate(words, 1)
        ]

    return st.lists(word, max_size=12).map(made)


@settings(max_examples=100)
@given(changes(), st.randoms(use_true_random=False), st.booleans())
def test_everybody_with_the_same_changes_sees_the_same(
    said: list[Message], rng: random.Random, deleted: bool
) -> None:
    if deleted:
        said.append(message(Kind.DELETE, MINE, 5, ALICE, 99))
    shuffled = [*said]
    rng.shuffle(shuffled)
    seen = [changes_of(sorted(order, key=lambda one: one.order_key)) for order in (said, shuffled)]
    assert seen[0] == seen[1]
    assert seen[0].deleted == deleted
    ordered = sorted(said, key=lambda one: one.order_key)
    edits = [one for one in ordered if one.kind is Kind.EDIT]
    assert seen[0].edit == (edits[-1] if edits and not deleted else None)
    for emoji, people in seen[0].reactions:
        for person in people:
            words = [
                reaction_of(one.body)
                for one in ordered
                if one.kind is Kind.REACTION
                and person in (ALICE.node_id, BOB.node_id)
                and (one.author == ALICE.public_key) == (person == ALICE.node_id)
            ]
            assert [on for which, on in words if which == emoji][-1]
    assert all(one.kind in CHANGES for one in said)
