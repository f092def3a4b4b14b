"""The operations and statuses of the protocol; numbers are forever (``docs/protocol.md``)."""

from __future__ import annotations

from enum import IntEnum


class Op(IntEnum):
    """What a request asks for."""

    PING = 1
    FIND_NODE = 2
    DIALBACK = 3
    PING_VIA = 4
    SUBSCRIBE = 10
    PROBE = 11
    ECHO = 12
    ECHO_VIA = 13
    RENEW = 14
    PUBLISH = 20
    PUSH = 21
    ACKED = 22
    GET_PART = 23
    RELAY = 24
    HOLDS = 25
    SYNC = 30
    SUMMARY = 31
    PULL = 32
    HISTORY = 33
    SUBSCRIBERS = 34
    ROW = 35
    COORDINATOR = 36
    HEALTH = 37
    TRACE = 38
    REPAIR = 39
    TYPING = 40


PATIENT_OPS = frozenset({Op.ACKED})
"""Nobody waits for their answers, which therefore wait a moment to travel together."""

UNTIMED_OPS = PATIENT_OPS | {Op.RELAY, Op.DIALBACK, Op.ECHO_VIA}
"""Their answers wait for something else than the path: they say nothing of its round trip."""


class Status(IntEnum):
    """How a request ended; everything but ``OK`` reaches the caller as ``Refused``."""

    OK = 0
    UNSUPPORTED = 1
    MALFORMED = 2
    NOT_INITIATOR = 3
    NOT_YET = 4
    RATE_LIMITED = 5
    STORE_FULL = 6
    INVALID = 7
    NOT_SUBSCRIBED = 8
    MISSING = 9
    UNPROVEN = 10
    PARTS_MISSING = 11
    BUSY = 12
    OVER_QUOTA = 13
