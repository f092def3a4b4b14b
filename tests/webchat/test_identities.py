"""Peer identities at rest: made once, wrapped, bound to their user, never silently replaced."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.auth.models import User

from webchat.identities import IdentityUnreadable, seed_of
from webchat.models import PeerIdentity

pytestmark = pytest.mark.django_db


@pytest.fixture
def ann() -> User:
    return User.objects.create_user("ann")


@pytest.fixture
def bob() -> User:
    return User.objects.create_user("bob")


def test_a_user_keeps_the_same_seed_and_has_it_alone(ann: User, bob: User) -> None:
    assert len(seed_of(ann.pk)) == 32
    assert seed_of(ann.pk) == seed_of(ann.pk)
    assert seed_of(ann.pk) != seed_of(bob.pk)


def test_the_database_does_not_hold_the_seed_nor_the_key(ann: User) -> None:
    seed = seed_of(ann.pk)
    key = Path(settings.DEPLOYMENT.keys / "identities.key")
    stored = bytes(PeerIdentity.objects.get(user=ann).wrapped_seed)
    assert seed not in stored
    assert key.read_bytes() not in stored
    assert key.stat().st_mode & 0o777 == 0o600


def test_a_seed_that_was_copied_to_another_user_does_not_open(ann: User, bob: User) -> None:
    seed_of(ann.pk)
    stolen = PeerIdentity.objects.get(user=ann).wrapped_seed
    PeerIdentity.objects.create(user=bob, wrapped_seed=stolen)
    with pytest.raises(IdentityUnreadable, match="somebody else"):
        seed_of(bob.pk)


@pytest.mark.parametrize("position", [0, 30, -1])
def test_a_damaged_seed_is_an_error_and_stays(ann: User, position: int) -> None:
    seed_of(ann.pk)
    row = PeerIdentity.objects.get(user=ann)
    damaged = bytearray(row.wrapped_seed)
    damaged[position] ^= 1
    PeerIdentity.objects.filter(user=ann).update(wrapped_seed=bytes(damaged))
    with pytest.raises(IdentityUnreadable):
        seed_of(ann.pk)
    assert bytes(PeerIdentity.objects.get(user=ann).wrapped_seed) == bytes(damaged)
