"""One example at least of each thing that nodes say to each other, made by today's encoders.

Keys, times and numbers are fixed, so the bytes are the same on every machine. Every op has its requests
and answers here; the engine's own traffic is held against their form (``tests/wire/test_golden_ops.py``),
so an example that the engine has left behind is noticed.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from peernode.channel.assignment import set_hash
from peernode.channel.filetree import FileRef
from peernode.channel.ids import channel_id_of
from peernode.channel.kinds import Target
from peernode.channel.lease import sign_lease
from peernode.channel.leasebatch import LeaseBatch
from peernode.channel.message import Kind, Message, sign_message
from peernode.channel.parts import part_digest, split_parts
from peernode.channel.receipt import sign_ack, sign_receipt
from peernode.channel.summary import StreamSummary, encode_summary
from peernode.diagnostics.windows import Tally
from peernode.identity import Identity, network_id_of
from peernode.pubsub.matrix import Cell
from peernode.pubsub.mending import Found
from peernode.pubsub.reachability import BOTH, HEARD, NEITHER, UNKNOWN
from peernode.pubsub.tracing import Try
from peernode.pubsub.vitals import SLICES_FROM, Share, Vitals
from peernode.wire.codec import pack
from peernode.wire.contact import Contact, encode_ip
from peernode.wire.ops import Op, Status

NETWORK_NAME = "golden"
CHANNEL_NAME = "#golden"
NETWORK = network_id_of(NETWORK_NAME)
CHANNEL = channel_id_of(NETWORK, CHANNEL_NAME)
ANN, BEN, CLEO = (Identity.from_seed(letter * 32) for letter in (b"a", b"b", b"c"))
WALL_MS = 1_700_000_000_000
INSTANCE = bytes(range(8))
MACHINE = b"machine."
NONCE = bytes(range(16))
TTL_S = 60
CONTACTS = [
    Contact(identity.public_key, f"192.0.2.{number}", 7400 + number, public=number == 1)
    for number, identity in enumerate((ANN, BEN, CLEO), 1)
]
ENCODED = [contact.encode() for contact in CONTACTS]
RELAYED = [CHANNEL, BEN.node_id, ANN.public_key, NONCE]
SET_HASH = set_hash([contact.public_key for contact in CONTACTS])
LONG_TEXT = "A text that is too long for one datagram. " * 40


def message_id(number: int) -> bytes:
    """A UUIDv7 of a fixed time."""
    return WALL_MS.to_bytes(6, "big") + bytes((0x70, number, 0x80)) + bytes(7)


def _message(seq: int, prev: bytes, kind: Kind | int, body: bytes, parts: tuple[bytes, ...] = ()) -> Message:
    return sign_message(
        ANN,
        channel_id=CHANNEL,
        instance=INSTANCE,
        seq=seq,
        prev=prev,
        id=message_id(seq),
        hlc=(WALL_MS << 16) + seq,
        kind=kind,
        body=body,
        parts=parts,
    )


BLOCKS = split_parts(LONG_TEXT.encode(), 1024)
DIGESTS = tuple(part_digest(block) for block in BLOCKS)
TEXT = _message(1, bytes(16), Kind.TEXT, "Grüße".encode())
LONG = _message(2, TEXT.digest, Kind.TEXT, b"", DIGESTS)
SKIP = _message(3, LONG.digest, Kind.SKIP, pack([INSTANCE, 2, LONG.digest]))
PROFILE = _message(4, SKIP.digest, Kind.PROFILE, b"Ann")
MINE, THEIRS = (Target(node.node_id, message_id(1)).key for node in (ANN, BEN))
EDIT = _message(5, PROFILE.digest, Kind.EDIT, MINE + "Grüße an alle".encode())
LONG_EDIT = _message(6, EDIT.digest, Kind.EDIT, MINE, DIGESTS)
REACTION = _message(7, LONG_EDIT.digest, Kind.REACTION, THEIRS + b"\x01" + "👍".encode())
REPLY = _message(8, REACTION.digest, Kind.REPLY, THEIRS + b"why not?")
DELETE = _message(9, REPLY.digest, Kind.DELETE, MINE)
CARD = _message(10, DELETE.digest, Kind.CARD, "Bäume und Vögel".encode(), DIGESTS)
FILE = _message(11, CARD.digest, Kind.FILE, FileRef(40_000, part_digest(b"root"), "Vögel.png").body)
LATER = _message(12, FILE.digest, 200, b"of a kind that version 1 does not know")
LEASE = sign_lease(BEN, NETWORK, CHANNEL, WALL_MS, TTL_S)
LEAVING = sign_lease(BEN, NETWORK, CHANNEL, WALL_MS + 1, 0)
OTHERS = [channel_id_of(NETWORK, f"#golden-{number}") for number in range(4)]
BATCH = LeaseBatch(BEN, NETWORK, [CHANNEL, *OTHERS], WALL_MS + 2, TTL_S, b"a secret of Ben.")
BATCH_OF_ONE = LeaseBatch(BEN, NETWORK, [CHANNEL], WALL_MS + 3, TTL_S, b"a secret of Ben.")
LEASE_OF_MANY = BATCH.lease(CHANNEL)
RECEIPT = sign_receipt(CLEO, TEXT, MACHINE)
ACK = sign_ack(BEN, TEXT)
ROOT = b"a root of 16 byt"
SUBSCRIBERS = b"digest of leases"
BUCKETS = [index.to_bytes(8, "big") for index in range(64)]
SUMMARY = StreamSummary(ANN.public_key, INSTANCE, 0, 5, 4, PROFILE.digest)


@dataclass(frozen=True, slots=True)
class Examples:
    """Bodies of the requests and of the answers of one op."""

    requests: list[list[Any]]
    answers: list[list[Any]]


OBJECTS: dict[str, bytes] = {
    "message.text": TEXT.raw,
    "message.text.parts": LONG.raw,
    "message.skip": SKIP.raw,
    "message.profile": PROFILE.raw,
    "message.edit": EDIT.raw,
    "message.edit.parts": LONG_EDIT.raw,
    "message.reaction": REACTION.raw,
    "message.reply": REPLY.raw,
    "message.delete": DELETE.raw,
    "message.card": CARD.raw,
    "message.file": FILE.raw,
    "message.later": LATER.raw,
    "lease": LEASE.raw,
    "lease.leaving": LEAVING.raw,
    "lease.of.many": LEASE_OF_MANY.raw,
    "receipt": RECEIPT.raw,
    "ack": ACK,
}
"""Each signed thing in its canonical bytes."""

STATUSES: dict[Status, list[Any]] = {
    **{status: [] for status in Status},
    Status.NOT_INITIATOR: [ENCODED],
    Status.NOT_YET: [90_000],
    Status.RATE_LIMITED: [21],
}
"""The body beside each status that is not ``OK``."""


def ops() -> dict[Op, Examples]:
    """The examples of every op."""
    return {**_overlay(), **_subscriptions(), **_messages(), **_logs(), **_checkups()}


def _overlay() -> dict[Op, Examples]:
    pong = [1, 1, WALL_MS, encode_ip("192.0.2.1"), 7401, 1]
    return {
        Op.PING: Examples([[1, 1]], [pong]),
        Op.FIND_NODE: Examples([[BEN.node_id, bytes(370)]], [[ENCODED]]),
        Op.DIALBACK: Examples(
            [[None], [None, None], [None, BEN.public_key], [ENCODED[1]]], [[], [ENCODED[2]]]
        ),
        Op.PING_VIA: Examples([[ENCODED[1]]], [[True], [False]]),
    }


def _subscriptions() -> dict[Op, Examples]:
    known = [True, ROOT, SET_HASH, ENCODED, 2, SUBSCRIBERS]
    cells = [
        Cell(BEN.node_id, BOTH, 48, 1_500, None, 0, 0, None).encode(),
        Cell(CLEO.node_id, HEARD, 51, 9_000, 6_500, 3, 2, BEN.node_id).encode(),
        Cell(CLEO.node_id, NEITHER, 51, 9_000, 6_500, 3, 2, None).encode(),
        Cell(CLEO.node_id, UNKNOWN, 0, None, None, 0, 0, None).encode(),
    ]
    everything = [CHANNEL, *OTHERS]
    renewed = [0, None, SET_HASH[:8], 2, SUBSCRIBERS[:8]]
    behind = [0, ROOT, SET_HASH[:8], 2, SUBSCRIBERS[:8]]
    large = [0, None, SET_HASH[:8], 33, None]
    return {
        Op.SUBSCRIBE: Examples([[LEASE.raw, ROOT, CHANNEL_NAME, True]], [known]),
        Op.RENEW: Examples(
            [
                BATCH_OF_ONE.show([CHANNEL], [ROOT]),
                BATCH.show(everything, [ROOT] * 5),
                BATCH.show(everything[:2], [ROOT] * 2),
            ],
            [[[renewed, behind, large, [int(Status.MISSING)], [int(Status.NOT_INITIATOR)]]]],
        ),
        Op.PROBE: Examples([[CHANNEL, NONCE]], [[]]),
        Op.ECHO: Examples([[CHANNEL, NONCE]], [[True]]),
        Op.ECHO_VIA: Examples([[CHANNEL, NONCE, ENCODED[1]]], [[]]),
        Op.SUBSCRIBERS: Examples(
            [[CHANNEL, None], [CHANNEL, BEN.node_id]],
            [[[[LEASE.raw, 45_000, ENCODED[1]], [LEASE_OF_MANY.raw, 60_000, ENCODED[1]]], False]],
        ),
        Op.COORDINATOR: Examples([[CHANNEL]], [[12, ROOT, SUBSCRIBERS, SET_HASH, ENCODED, 0]]),
        Op.ROW: Examples(
            [[CHANNEL, None, False], [CHANNEL, BEN.node_id, True]], [[cells, None], [cells, BEN.node_id]]
        ),
    }


def _messages() -> dict[Op, Examples]:
    ids = [BEN.node_id, CLEO.node_id]
    short, whole = BEN.node_id[:8], BEN.public_key
    return {
        Op.PUBLISH: Examples(
            [[TEXT.raw]],
            [
                [RECEIPT.raw, SET_HASH, ids, 2, SUBSCRIBERS, False, 1_500],
                [RECEIPT.raw, SET_HASH, ids, 2, SUBSCRIBERS, False],
                [RECEIPT.raw, SET_HASH, None, 33, SUBSCRIBERS, True],
                [RECEIPT.raw, SET_HASH, None, 33, SUBSCRIBERS],
                [RECEIPT.raw, SET_HASH, ids, 2, SUBSCRIBERS],
            ],
        ),
        Op.PUSH: Examples([[SET_HASH, TEXT.raw]], [[ACK, 1_500], [ACK]]),
        Op.ACKED: Examples(
            [
                [CHANNEL, [[TEXT.digest, [[short, ACK]]]], [], []],
                [CHANNEL, [[TEXT.digest, [[whole, ACK]]]], [], []],
                [CHANNEL, [[TEXT.digest, [[short, ACK]]]], [[TEXT.digest, CLEO.node_id[:8] + short]], []],
                [CHANNEL, [], [], [[TEXT.id, TEXT.digest, short], [TEXT.id, TEXT.digest, 6 * short]]],
                [CHANNEL, [[TEXT.digest, [[short, ACK]]]], []],
                [CHANNEL, [[TEXT.digest, [[whole, ACK]]]], []],
                [CHANNEL, [[TEXT.digest, [[short, ACK]]]], [[TEXT.digest, CLEO.node_id[:8] + short]]],
                [CHANNEL, [[TEXT.digest, [[short, ACK]]]]],
                [CHANNEL, [[TEXT.digest, [[whole, ACK]]]]],
            ],
            [[], [[[TEXT.digest, whole, ACK]]]],
        ),
        Op.GET_PART: Examples([[CHANNEL, DIGESTS[0]]], [[BLOCKS[0]]]),
        Op.HOLDS: Examples([[CHANNEL, DIGESTS[0], 40_000]], [[True], [False]]),
        Op.TYPING: Examples([[CHANNEL]], [[]]),
        Op.RELAY: Examples(
            [
                [*RELAYED, int(Op.PUSH), [SET_HASH, TEXT.raw]],
                [*RELAYED, int(Op.PROBE), [CHANNEL, NONCE]],
                [*RELAYED, int(Op.PUSH), [SET_HASH, TEXT.raw], ENCODED[1]],
                [*RELAYED, int(Op.PROBE), [CHANNEL, NONCE], ENCODED[1]],
            ],
            [[[ACK], 850], [[ACK, 1_500], 850], [[], 850], [[ACK], None], [[ACK, 1_500], None], [[], None]],
        ),
    }


def _logs() -> dict[Op, Examples]:
    stream = ANN.public_key + INSTANCE
    return {
        Op.SYNC: Examples([[CHANNEL, CHANNEL_NAME, ROOT, SUBSCRIBERS, ENCODED]], [[ROOT, SUBSCRIBERS]]),
        Op.SUMMARY: Examples(
            [[CHANNEL, ROOT, BUCKETS, None], [CHANNEL, ROOT, BUCKETS, stream]],
            [[ROOT, [encode_summary(SUMMARY)], True]],
        ),
        Op.PULL: Examples(
            [[CHANNEL, [[ANN.public_key, INSTANCE, 1, 2], [ANN.public_key, INSTANCE, 4, 4]]]],
            [[[TEXT.raw, LONG.raw], 1, 4]],
        ),
        Op.HISTORY: Examples(
            [[CHANNEL, None, 16], [CHANNEL, TEXT.order_key, 16]], [[[PROFILE.raw, TEXT.raw], False]]
        ),
    }


def _checkups() -> dict[Op, Examples]:
    vitals = Vitals(12, 2, 3_456, ROOT, SET_HASH, 3, 61_000, False)
    tally = Tally(9, 8, 1, 1, 412.0, Counter({30: 1, 45: 6, 61: 1}))
    nobody = Tally(2, 0, 1, 2)
    shares = [Share(0, 0, tally), Share(2, 0, nobody), Share(SLICES_FROM + 7, 31_000, tally)]
    told = [share.encode() for share in shares]
    tries = [
        Try(1_500, BEN.node_id, "initiator", "ok", 41_250, (0, 0, 41_000, 0, 0)).encode(),
        Try(
            900, CLEO.node_id, "relay", "RpcTimeout by 0a1b2c3d", 1_500_000, (0, 0, 0, 1_500_000, 0)
        ).encode(),
    ]
    found = [Found("under way"), Found("directly", None, 48), Found("relay", CLEO.node_id, 1_900)]
    return {
        Op.HEALTH: Examples(
            [[CHANNEL, None], [CHANNEL, 2]],
            [[vitals.encode(), told, None], [vitals.encode(), told, 2], [None, told, None]],
        ),
        Op.TRACE: Examples(
            [[CHANNEL, message_id(1), 0], [CHANNEL, message_id(1), 12]],
            [[TEXT.digest, tries, None], [TEXT.digest, tries, 12]],
        ),
        Op.REPAIR: Examples([[CHANNEL, BEN.node_id]], [one.encode() for one in found]),
    }
