"""What a hostile node sends is what it says it is, bounded, seeded, and only while its machine runs."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from peernode.channel.message import Message, check_signature
from peernode.channel.receipt import decode_receipt, sign_receipt, verify_ack
from peernode.errors import RemoteProtocolError
from peernode.identity import Identity, network_id_of, verify
from peernode.overlay.lookup import CONTACTS_MAX
from peernode.simulation.faults.forgery import Forger, is_sealed, sender_in, token_in
from peernode.simulation.faults.hostile import ADDRESSES_MAX, MADE_MAX, OVERHEARD_MAX, Overheard
from peernode.simulation.faults.invention import ELSEWHERE_MAX, Inventor
from peernode.simulation.faults.kinds import HOSTILE_MODES
from peernode.simulation.faults.naming import Namer
from peernode.simulation.faults.perjury import Perjurer
from peernode.simulation.faults.stage import Occurrence
from peernode.simulation.scenario import FaultSpec
from peernode.simulation.world.standin import sealer_for
from peernode.wire.contact import decode_contacts
from peernode.wire.frames import DATAGRAM_MAX, Hello, Sealed, Welcome, decode_frame
from peernode.wire.ops import Op
from peernode.wire.payload import KIND_ANSWER, KIND_REQUEST, decode_messages, encode_request
from peernode.wire.sealing import Sealer
from tests.channel.making import Author
from tests.simulation.test_run import judged, with_fault

NETWORK = network_id_of("test")
EVE, ALICE, BOB = (Identity.from_seed(bytes([number]) * 32) for number in (1, 2, 3))
TOKEN = b"tokentok"


def forger(seed: int = 1) -> Forger:
    return Forger(EVE, NETWORK, random.Random(seed))


def overheard() -> Overheard:
    spec = FaultSpec("hostile", 0.0, None, None, None, {})
    return Overheard(Occurrence(0, spec, random.Random(1), 0.0, 1.0))


def real(number: int = 0) -> bytes:
    return Sealer(ALICE, NETWORK, 9).seal(BOB.public_key, TOKEN, b"hello", number.to_bytes(24, "big"))


def test_words_in_anothers_name_are_right_but_for_the_signature() -> None:
    receiver, made = Sealer(BOB, NETWORK, 9), forger()
    channel, now_ms = bytes(20), 1_700_000_000_000
    ops: Counter[int] = Counter()
    for _ in range(20):
        frame = decode_frame(made.words(BOB.public_key, TOKEN, channel, ALICE.public_key, now_ms) or b"")
        assert isinstance(frame, Sealed)
        (request,) = decode_messages(receiver.open(frame))
        message = Message.trusted(request.body[-1])
        assert (message.author, message.channel_id, message.seq) == (ALICE.public_key, channel, 1)
        with pytest.raises(RemoteProtocolError, match="signature"):
            check_signature(message)
        ops[request.code] += 1
    assert set(ops) == {Op.PUBLISH, Op.PUSH}


def test_nonsense_is_properly_sealed_and_tries_every_op() -> None:
    receiver, made = Sealer(BOB, NETWORK, 9), forger()
    ops: Counter[int] = Counter()
    malformed = 0
    for _ in range(3_000):
        frame = decode_frame(made.nonsense(BOB.public_key, TOKEN) or b"")
        assert isinstance(frame, Sealed)
        assert (frame.sender, frame.token) == (EVE.public_key, TOKEN)
        try:
            messages = decode_messages(receiver.open(frame))
        except RemoteProtocolError as error:
            assert "does not open" not in str(error)
            malformed += 1
            continue
        ops.update(message.code for message in messages if message.kind == KIND_REQUEST)
    assert set(Op) <= set(ops)
    assert 300 < malformed < 2_700


def test_nonsense_is_sealed_as_the_run_seals() -> None:
    sealer = sealer_for(1_000)
    sealed = Forger(EVE, NETWORK, random.Random(1), sealer).nonsense(BOB.public_key, TOKEN)
    frame = decode_frame(sealed or b"")
    assert isinstance(frame, Sealed)
    assert sealer(BOB, NETWORK, 9).open(frame)
    with pytest.raises(RemoteProtocolError, match="does not open"):
        Sealer(BOB, NETWORK, 9).open(frame)


def test_an_unusable_key_makes_no_nonsense() -> None:
    assert forger().nonsense(bytes(32), TOKEN) is None


def test_forged_frames_are_well_formed_and_not_what_they_claim() -> None:
    made, receiver = forger(), Sealer(BOB, NETWORK, 9)
    for _ in range(100):
        for sealed, sender in (
            (made.impersonation(ALICE.public_key, TOKEN), ALICE),
            (made.broken_seal(real()), ALICE),
            (made.appropriated(real()), EVE),
        ):
            frame = decode_frame(sealed)
            assert isinstance(frame, Sealed)
            assert frame.sender == sender.public_key
            with pytest.raises(RemoteProtocolError, match="does not open"):
                receiver.open(frame)
    assert isinstance(decode_frame(made.hello()), Hello)
    signed: Counter[bool] = Counter()
    for _ in range(40):
        welcome = decode_frame(made.welcome(ALICE.public_key, ("10.0.0.1", 7)))
        assert isinstance(welcome, Welcome)
        good = verify(welcome.public_key, "welcome", welcome.signed_bytes(), welcome.signature)
        assert good == (welcome.public_key == EVE.public_key)
        signed[good] += 1
    assert min(signed[True], signed[False]) > 5


def test_garbage_is_of_every_size_and_the_same_for_the_same_seed() -> None:
    def garbage(seed: int) -> list[bytes]:
        made = forger(seed)
        return [made.noise() for _ in range(200)] + [made.mutated(real()) for _ in range(200)]

    sizes = [len(datagram) for datagram in garbage(1)]
    assert min(sizes) <= 2
    assert max(sizes) > DATAGRAM_MAX
    assert garbage(1) == garbage(1) != garbage(2)
    assert real() not in [datagram for datagram in garbage(1)[200:] if len(datagram) != len(real())]


def test_what_is_overheard_is_bounded_and_even() -> None:
    heard = overheard()
    total = 8 * OVERHEARD_MAX
    for number in range(total):
        heard((f"10.0.{number >> 8}.{number & 255}", 1), ("10.9.9.9", number), real(number))
    assert len(heard.datagrams) == OVERHEARD_MAX
    assert len(heard.keys) == len(heard.tokens) == ADDRESSES_MAX
    early = sum(target[1] < total / 2 for _, target, _ in heard.datagrams)
    assert early == pytest.approx(OVERHEARD_MAX / 2, rel=0.2)
    assert set(heard.keys.values()) == {ALICE.public_key}
    assert set(heard.tokens.values()) == {TOKEN}


def test_nothing_is_learned_from_what_it_made_itself() -> None:
    heard = overheard()
    heard.made(real(1))
    heard(("10.0.0.1", 1), ("10.9.9.9", 1), real(1))
    assert (heard.datagrams, heard.keys, heard.tokens) == ([], {}, {})
    for number in range(2, MADE_MAX + 2):
        heard.made(real(number))
    heard(("10.0.0.1", 1), ("10.9.9.9", 1), real(1))
    assert len(heard.datagrams) == 1


def test_keys_and_tokens_lie_in_the_clear_where_the_forger_looks() -> None:
    assert is_sealed(real())
    assert not is_sealed(forger().hello())
    assert not is_sealed(real()[:40])
    assert (sender_in(real()), token_in(real())) == (ALICE.public_key, TOKEN)


def test_it_sends_nothing_while_its_machine_is_frozen() -> None:
    frozen = '\n[[faults]]\nkind = "pause"\nat_s = 10\nfor_s = 10\nnodes = [2]'
    lines = 'kind = "hostile"\nat_s = 10\nfor_s = 10\nnodes = [2]\nmodes = ["garbage", "forged", "replayed"]'
    _, result = judged(with_fault(lines + frozen))
    assert result.coverage["fault hostile"] == 1
    assert not [mode for mode in HOSTILE_MODES if result.coverage.get(f"fault hostile: {mode}")]


def test_a_hostile_node_is_the_same_for_the_same_seed() -> None:
    text = with_fault('kind = "hostile"\nat_s = 10\nfor_s = 5')
    first, second, other = (judged(text, seed)[1] for seed in (3, 3, 4))
    assert first.trace_hash == second.trace_hash != other.trace_hash


def test_who_looks_for_somebody_is_named_nodes_that_do_not_exist() -> None:
    made, target = Inventor(EVE, NETWORK, random.Random(1)), bytes(20)
    asking = encode_request(7, Op.FIND_NODE, [target, b""]) + encode_request(8, Op.PING, [1, 1])
    asked = Sealer(ALICE, NETWORK, 9).seal(EVE.public_key, TOKEN, asking, bytes(24))
    assert made.questions(asked) == (ALICE.public_key, [(7, target)])
    assert made.questions(real())[1] == made.questions(b"noise")[1] == []
    frame = decode_frame(made.answer(ALICE.public_key, TOKEN, 7, target, [("10.0.0.9", 7)]) or b"")
    assert isinstance(frame, Sealed)
    (answer,) = decode_messages(Sealer(ALICE, NETWORK, 9).open(frame))
    named = decode_contacts(answer.body.take(), CONTACTS_MAX)
    assert (answer.request_id, len(named)) == (7, CONTACTS_MAX)
    assert sum(contact.address == ("10.0.0.9", 7) for contact in named) == ELSEWHERE_MAX
    assert max(contact.long_id for contact in named) < 1 << 157


def test_inventions_are_told_in_a_run_that_asks_for_them() -> None:
    lines = 'kind = "hostile"\nat_s = 6\nfor_s = 12\ncount = 1\nmodes = ["invented"]'
    _, result = judged(with_fault(lines))
    assert result.coverage["fault hostile: invented"] > 0
    assert result.ok, result.checkers


def test_a_namer_reads_the_messages_that_come_and_lies_about_each_once() -> None:
    namer, frank = Namer(EVE, NETWORK, random.Random(1)), Sealer(ALICE, NETWORK, 9)
    words = forger().words  # a message in somebody's name is enough of one here
    made = Namer(BOB, NETWORK, random.Random(2))
    sealed = Forger(ALICE, NETWORK, random.Random(1)).words(
        EVE.public_key, TOKEN, bytes(20), BOB.public_key, 9
    )
    assert sealed is not None
    (message,) = namer.news(sealed)
    assert namer.news(sealed) == []
    assert made.news(sealed) == [], "it was not for this one"
    assert (
        namer.news(b"")
        == namer.news(words(BOB.public_key, TOKEN, bytes(20), ALICE.public_key, 9) or b"")
        == []
    )
    frame = decode_frame(namer.lie(ALICE.public_key, TOKEN, message, [BOB.public_key, EVE.public_key]) or b"")
    assert isinstance(frame, Sealed)
    (request,) = decode_messages(frank.open(frame))
    assert (request.kind, request.code) == (KIND_REQUEST, Op.ACKED)
    channel_id, acks, named = request.body
    assert (channel_id, acks) == (bytes(20), [])
    assert named == [[message.digest, BOB.node_id[:8] + EVE.node_id[:8]]]


def test_names_are_told_in_a_run_that_asks_for_them() -> None:
    lines = 'kind = "hostile"\nat_s = 6\nfor_s = 12\ncount = 1\nmodes = ["named"]'
    _, result = judged(with_fault(lines))
    assert result.coverage["fault hostile: named"] > 0
    assert result.ok, result.checkers


def brought(op: Op, body: list[object]) -> bytes:
    """Alice brings something to Eve's node."""
    return Sealer(ALICE, NETWORK, 9).seal(EVE.public_key, TOKEN, encode_request(7, int(op), body), bytes(24))


def test_a_perjurer_swears_to_have_what_is_brought_and_each_lie_is_one() -> None:
    message = Author().next()
    perjurer, alice = Perjurer(EVE, NETWORK, random.Random(1)), Sealer(ALICE, NETWORK, 9)
    kinds: Counter[str] = Counter()
    for _ in range(40):
        (one,) = perjurer.brought(brought(Op.PUBLISH, [message.raw]))
        for kind, _, made in perjurer.words([one], TOKEN, [BOB.public_key]):
            kinds[kind] += 1
            frame = decode_frame(made)
            assert isinstance(frame, Sealed)
            (said,) = decode_messages(alice.open(frame))
            if kind == "forged acks":
                channel_id, ((digest, ((name, signature),)),), _ = said.body
                assert (channel_id, digest) == (message.channel_id, message.digest)
                assert name in (BOB.public_key, BOB.node_id[:8])
                assert not verify_ack(BOB.public_key, message, signature)
                continue
            assert (said.kind, said.request_id) == (KIND_ANSWER, 7)
            raw = said.body.take_bytes(len(sign_receipt(EVE, message, bytes(8)).raw))
            if kind == "another's word":
                with pytest.raises(RemoteProtocolError, match="forged"):
                    decode_receipt(raw)
            else:
                receipt = decode_receipt(raw)
                assert receipt.initiator == EVE.public_key
                assert (receipt.message_digest == message.digest) == (kind == "own word")
    assert min(kinds[kind] for kind in ("own word", "another's word", "word of another message")) > 5
    assert kinds["forged acks"] == 40


def test_a_perjurer_leaves_to_the_node_what_is_no_message() -> None:
    perjurer = Perjurer(EVE, NETWORK, random.Random(1))
    assert perjurer.brought(brought(Op.PING, [])) == perjurer.brought(b"noise") == []
    assert perjurer.brought(real()) == [], "it was not for this one"


def test_what_a_perjurer_swears_to_never_gets_to_its_node_and_costs_nothing() -> None:
    lines = 'kind = "hostile"\nat_s = 6\nfor_s = 12\ncount = 1\nmodes = ["perjured"]'
    _, result = judged(with_fault(lines))
    assert result.coverage["fault hostile: perjured, own word"] > 0
    assert result.ok, result.checkers
