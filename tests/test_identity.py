"""Identities: signatures bound to their kind, ids derived, keys wrapped at rest."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peernode.errors import PeerNodeError
from peernode.identity import Identity, load_or_create, network_id_of, node_id_of, verify

ANN = Identity.from_seed(b"a" * 32)
BEN = Identity.from_seed(b"b" * 32)


def test_a_seed_gives_one_identity() -> None:
    again = Identity.from_seed(b"a" * 32)
    assert (again.public_key, again.node_id) == (ANN.public_key, ANN.node_id)
    assert node_id_of(ANN.public_key) == ANN.node_id
    assert len(ANN.node_id) == 20
    assert Identity.generate(random.Random(1)).seed == Identity.generate(random.Random(1)).seed
    with pytest.raises(ValueError, match="32"):
        Identity.from_seed(b"short")


def test_a_signature_is_bound_to_key_kind_and_bytes() -> None:
    signature = ANN.sign("lease", b"bytes")
    assert verify(ANN.public_key, "lease", b"bytes", signature)
    assert not verify(BEN.public_key, "lease", b"bytes", signature)
    assert not verify(ANN.public_key, "message", b"bytes", signature)
    assert not verify(ANN.public_key, "lease", b"bytes.", signature)
    assert not verify(ANN.public_key, "lease\0b", b"ytes", signature)


@given(st.binary(max_size=70), st.binary(max_size=70))
def test_verifying_takes_any_bytes(key: bytes, signature: bytes) -> None:
    assert not verify(key, "message", b"", signature)


def test_a_small_order_key_signs_nothing() -> None:
    # With the neutral element as key, (R, S) = (neutral, 0) satisfies the equation for every message.
    neutral = b"\1" + bytes(31)
    assert not verify(neutral, "message", b"anything", neutral + bytes(32))


def test_networks_have_ids() -> None:
    assert network_id_of("starling") != network_id_of("starlings")
    assert len(network_id_of("")) == 8


def test_the_key_is_kept_wrapped_and_private(tmp_path: Path) -> None:
    made = load_or_create(tmp_path / "node", random.Random(1))
    assert load_or_create(tmp_path / "node", random.Random(2)).seed == made.seed
    files = sorted((tmp_path / "node").iterdir())
    assert len(files) == 2
    for file in files:
        assert file.stat().st_mode & 0o777 == 0o600
        assert made.seed not in file.read_bytes()
    assert made.seed.hex() not in repr(made)


@pytest.mark.parametrize("damage", ["missing wrapping key", "other wrapping key", "cut", "changed"])
def test_a_key_that_cannot_be_read_is_never_replaced(tmp_path: Path, damage: str) -> None:
    load_or_create(tmp_path, random.Random(1))
    sealed, wrapping = tmp_path / "identity.sealed", tmp_path / "identity.wrapping-key"
    before = sealed.read_bytes()
    match damage:
        case "missing wrapping key":
            wrapping.unlink()
        case "other wrapping key":
            wrapping.write_bytes(bytes(32))
        case "cut":
            before = before[:10]
        case "changed":
            before = before[:-1] + bytes([before[-1] ^ 1])
    sealed.write_bytes(before)
    with pytest.raises(PeerNodeError) as caught:
        load_or_create(tmp_path, random.Random(2))
    assert caught.value.code == "IDENTITY_UNREADABLE"
    assert sealed.read_bytes() == before


def test_a_crash_between_the_two_files_is_survived(tmp_path: Path) -> None:
    load_or_create(tmp_path, random.Random(1))
    (tmp_path / "identity.sealed").unlink()
    made = load_or_create(tmp_path, random.Random(2))
    assert load_or_create(tmp_path, random.Random(3)).seed == made.seed
