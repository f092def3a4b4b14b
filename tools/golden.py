"""``python -m tools.golden``: write the golden messages of version 1 to ``tests/golden/``.

Each is stored as bytes in hex beside what they mean. What a release said must be understood for ever: its
bytes are kept in a file of their own (``messages-0.1.0.json``) and have to stay among those written here.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from peernode.channel.lease import decode_lease
from peernode.channel.message import decode_message
from peernode.channel.receipt import decode_receipt, verify_ack
from peernode.wire.codec import unpack
from peernode.wire.ops import Status
from peernode.wire.payload import decode_messages, encode_answer, encode_request
from tools.golden_examples import BEN, NETWORK, OBJECTS, STATUSES, TEXT, ops

FILE = Path("tests/golden/messages-v1.json")
REQUEST_ID = 0x0123456789ABCDEF


def readable(value: Any) -> Any:
    """The form in JSON: bytes become ``hex:…``, lists are gone through."""
    if isinstance(value, bytes):
        return f"hex:{value.hex()}"
    if isinstance(value, list | tuple):
        return [readable(item) for item in value]
    return value


def understood(name: str, raw: bytes) -> Any:
    """What today's decoders read in a signed object, its signature verified; raises when it isn't one."""
    kind = name.partition(".")[0]
    if kind == "message":
        return readable(unpack(decode_message(raw).raw))
    if kind == "lease":
        return readable(unpack(decode_lease(raw, NETWORK).raw))
    if kind == "receipt":
        return readable(unpack(decode_receipt(raw).raw))
    return {"ack of message.text by Ben": verify_ack(BEN.public_key, TEXT, raw)}


def heard(raw: bytes) -> Any:
    """What today's decoder reads in a message of a datagram: [kind, request id, code, body]."""
    (message,) = decode_messages(raw)
    return readable([message.kind, message.request_id, message.code, list(message.body)])


def made_today() -> dict[str, Any]:
    """The file's content as today's encoders make it."""
    found: dict[str, Any] = {"ops": {}, "statuses": {}, "objects": {}}
    for op, examples in sorted(ops().items()):
        requests = [encode_request(REQUEST_ID, op, body) for body in examples.requests]
        answers = [encode_answer(REQUEST_ID, Status.OK, body) for body in examples.answers]
        found["ops"][op.name] = {
            "requests": [{"hex": raw.hex(), "decoded": heard(raw)} for raw in requests],
            "answers": [{"hex": raw.hex(), "decoded": heard(raw)} for raw in answers],
        }
    for status, body in sorted(STATUSES.items()):
        if status is not Status.OK:
            raw = encode_answer(REQUEST_ID, status, body)
            found["statuses"][status.name] = {"hex": raw.hex(), "decoded": heard(raw)}
    for name, raw in OBJECTS.items():
        found["objects"][name] = {"hex": raw.hex(), "decoded": understood(name, raw)}
    return found


def main() -> int:
    """Write the file; says where."""
    FILE.write_text(json.dumps(made_today(), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    sys.stdout.write(f"{FILE}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
