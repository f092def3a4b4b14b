"""The file of an identity: what opens it, and that no bytes do harm."""

from __future__ import annotations

import base64
import json
import secrets
from typing import Any

import pytest
from nacl.pwhash import argon2id
from nacl.secret import SecretBox

from tests.webchat.carrying import CARRIED, PASSPHRASE, PROFILE, SEED
from webchat.accounts import identityfile
from webchat.bridge import node_id_of
from webchat.chat.commands import CommandError

KDF = "kdf"


def changed(content: bytes, **fields: Any) -> bytes:
    known = json.loads(content)
    kdf = {**known[KDF], **fields.pop(KDF, {})}
    return json.dumps({**known, KDF: kdf, **fields}).encode()


def base64_of(content: bytes) -> str:
    return base64.b64encode(content).decode()


def test_an_exported_identity_opens_with_its_pass_phrase_alone(exported: bytes) -> None:
    assert identityfile.opened(exported, PASSPHRASE) == CARRIED
    assert SEED.hex() not in exported.decode()
    assert json.loads(exported)["node_id"] == node_id_of(SEED)
    with pytest.raises(CommandError) as caught:
        identityfile.opened(exported, PASSPHRASE + ".")
    assert caught.value.code == "IDENTITY_PASSPHRASE_WRONG"


@pytest.mark.parametrize(
    "bad",
    [
        {"format": "other"},
        {"version": 3},
        {"version": None},
        {"box": "not base64!"},
        {"box": 7},
        {"kdf": {"name": "scrypt"}},
        {"kdf": {"salt": "AAAA"}},
        {"kdf": {"opslimit": 10**6}},
        {"kdf": {"opslimit": True}},
        {"kdf": {"memlimit": 2**40}},
        {"kdf": {"memlimit": "64"}},
    ],
)
def test_a_file_that_is_none_is_refused_before_it_costs_anything(
    exported: bytes, bad: dict[str, Any]
) -> None:
    with pytest.raises(CommandError) as caught:
        identityfile.opened(changed(exported, **bad), PASSPHRASE)
    assert caught.value.code == "IDENTITY_FILE_INVALID"


@pytest.mark.parametrize("content", [b"", b"\xff", b"[]", b"7", b"{}", b"[" * 4000, b" " * 50_000])
def test_any_bytes_are_refused_with_a_code(content: bytes) -> None:
    with pytest.raises(CommandError) as caught:
        identityfile.opened(content, PASSPHRASE)
    assert caught.value.code == "IDENTITY_FILE_INVALID"


def test_a_file_that_names_another_node_is_refused(exported: bytes) -> None:
    with pytest.raises(CommandError) as caught:
        identityfile.opened(changed(exported, node_id="00" * 20), PASSPHRASE)
    assert caught.value.code == "IDENTITY_FILE_INVALID"


def test_a_file_of_the_first_version_opens() -> None:
    salt = secrets.token_bytes(argon2id.SALTBYTES)
    key = argon2id.kdf(SecretBox.KEY_SIZE, PASSPHRASE.encode(), salt, 1, argon2id.MEMLIMIT_MIN)
    kdf = {"name": "argon2id", "opslimit": 1, "memlimit": argon2id.MEMLIMIT_MIN, "salt": base64_of(salt)}
    box = base64_of(bytes(SecretBox(key).encrypt(SEED)))
    fields = {
        "format": "starling-identity",
        "version": 1,
        "node_id": node_id_of(SEED),
        "kdf": kdf,
        "box": box,
    }
    assert identityfile.opened(json.dumps(fields).encode(), PASSPHRASE) == identityfile.Carried(SEED, None)


@pytest.mark.parametrize(
    "profile",
    [
        {},
        [],
        {**PROFILE, "name": ""},
        {**PROFILE, "about": "a" * 241},
        {**PROFILE, "picture": "?"},
        {**PROFILE, "picture": 7},
        {**PROFILE, "picture": None},
        {**PROFILE, "picture": base64_of(b"no picture")},
    ],
)
def test_a_profile_in_a_file_is_judged_like_a_browsers(profile: Any) -> None:
    content = identityfile.wrapped(identityfile.Carried(SEED, profile), PASSPHRASE)
    with pytest.raises(CommandError) as caught:
        identityfile.opened(content, PASSPHRASE)
    assert caught.value.code == "IDENTITY_FILE_INVALID"
