"""An identity as a file to take along: the node's seed and the profile, wrapped with a pass phrase.

The file is JSON. The pass phrase becomes a key by argon2id with the salt and costs that the file names,
and the key opens a NaCl secret box (XSalsa20-Poly1305): JSON with the seed and what the person says of
itself (version 1: the seed alone). The node id stands in clear, so that people and programs can tell files
apart, and is compared with the seed's.

``opened`` is total: whatever bytes come, it returns what a file carries or raises ``CommandError``. The costs
that a file may ask for are bounded, or a hostile file would take the server's memory; a profile in it is
judged like one that a browser sends.
"""

from __future__ import annotations

import base64
import binascii
import json
import secrets
from dataclasses import dataclass
from typing import Any

from nacl.exceptions import CryptoError
from nacl.pwhash import argon2id
from nacl.secret import SecretBox

from webchat.bridge import node_id_of
from webchat.chat.commands import CommandError
from webchat.chat.frames import FrameError, parse
from webchat.identities import SEED_BYTES
from webchat.images import portrait_of

FORMAT = "starling-identity"
VERSION = 2
VERSIONS = (1, VERSION)
FILE_MAX_BYTES = 40_000
"""A picture of 16 KiB is in base64 twice."""

PASSPHRASE_MIN_CHARS = 12
PASSPHRASE_MAX_CHARS = 1024

KDF = "argon2id"
OPSLIMIT = 3
MEMLIMIT = 128 * 1024 * 1024
OPSLIMIT_MAX = 10
MEMLIMIT_MAX = 256 * 1024 * 1024


PROFILE_FIELDS = ("name", "about", "picture")
Profile = dict[str, str]
"""``name``, ``about`` and, in base64, ``picture``."""


@dataclass(frozen=True, slots=True)
class Carried:
    """What a file carries; ``profile`` is None in one of version 1."""

    seed: bytes
    profile: Profile | None


def wrapped(carried: Carried, passphrase: str) -> bytes:
    """The file's content."""
    salt = secrets.token_bytes(argon2id.SALTBYTES)
    content = json.dumps({"seed": _text(carried.seed), "profile": carried.profile}).encode()
    box = SecretBox(_key(passphrase, salt, OPSLIMIT, MEMLIMIT)).encrypt(content)
    kdf = {"name": KDF, "opslimit": OPSLIMIT, "memlimit": MEMLIMIT, "salt": _text(salt)}
    fields = {"format": FORMAT, "version": VERSION, "node_id": node_id_of(carried.seed), "kdf": kdf}
    return json.dumps({**fields, "box": _text(bytes(box))}, indent=1).encode() + b"\n"


def opened(content: bytes, passphrase: str) -> Carried:
    """What a file carries; raises ``CommandError`` with a code of the catalogue."""
    try:
        version, box, salt, opslimit, memlimit, node_id = _read(content)
        plain = SecretBox(_key(passphrase, salt, opslimit, memlimit)).decrypt(box)
        carried = Carried(plain, None) if version == 1 else _carried(plain)
    except CryptoError as error:
        raise CommandError("IDENTITY_PASSPHRASE_WRONG") from error
    except (ValueError, KeyError, TypeError, RecursionError, binascii.Error) as error:
        raise CommandError("IDENTITY_FILE_INVALID", repr(error), reason=_reason(error)) from error
    if len(carried.seed) != SEED_BYTES or node_id_of(carried.seed) != node_id:
        raise CommandError("IDENTITY_FILE_INVALID", reason="it names another node than it holds")
    return carried


def _carried(plain: bytes) -> Carried:
    fields = json.loads(plain)
    profile = fields["profile"]
    if profile is not None:
        try:
            frame = {"type": "profile.set", "ref": "file", **{key: profile[key] for key in PROFILE_FIELDS}}
            parse(json.dumps(frame))
            portrait_of(_bytes(profile["picture"]))
        except (FrameError, CommandError) as error:
            raise _Unusable("its profile can't be one") from error
        profile = {key: profile[key] for key in PROFILE_FIELDS}
    return Carried(_bytes(fields["seed"]), profile)


class _Unusable(ValueError):
    """What is wrong, in words for the person."""


def _read(content: bytes) -> tuple[int, bytes, bytes, int, int, str]:
    if len(content) > FILE_MAX_BYTES:
        raise _Unusable(f"it is longer than {FILE_MAX_BYTES} bytes")
    fields = json.loads(content)
    if not isinstance(fields, dict) or fields.get("format") != FORMAT:
        raise _Unusable("it is no identity file")
    if fields["version"] not in VERSIONS:
        raise _Unusable("it is of another version")
    kdf = fields["kdf"]
    opslimit, memlimit, salt = kdf["opslimit"], kdf["memlimit"], _bytes(kdf["salt"])
    if kdf["name"] != KDF or len(salt) != argon2id.SALTBYTES:
        raise _Unusable("its pass phrase is used in an unknown way")
    if not _whole(opslimit, argon2id.OPSLIMIT_MIN, OPSLIMIT_MAX):
        raise _Unusable("opening it would take too long")
    if not _whole(memlimit, argon2id.MEMLIMIT_MIN, MEMLIMIT_MAX):
        raise _Unusable("opening it would take too much memory")
    return fields["version"], _bytes(fields["box"]), salt, opslimit, memlimit, fields["node_id"]


def _whole(value: Any, low: int, high: int) -> bool:
    return type(value) is int and low <= value <= high


def _reason(error: Exception) -> str:
    return str(error) if isinstance(error, _Unusable) else "its content can't be read"


def _key(passphrase: str, salt: bytes, opslimit: int, memlimit: int) -> bytes:
    return argon2id.kdf(SecretBox.KEY_SIZE, passphrase.encode(), salt, opslimit, memlimit)


def _text(content: bytes) -> str:
    return base64.b64encode(content).decode()


def _bytes(text: str) -> bytes:
    return base64.b64decode(text, validate=True)
