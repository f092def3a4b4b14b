"""The users' peer identities: a 32-byte seed each, made at first use, wrapped at rest.

The database holds only the wrapped seed; the wrapping key is a file of its own in the key directory.
The user's number is wrapped along with the seed, so a row that was copied to another user does not
open. A seed that is there but can't be opened is an error: a new one would be another person to
everybody else.
"""

from __future__ import annotations

import secrets

from django.conf import settings
from django.db import IntegrityError, transaction
from nacl.exceptions import CryptoError
from nacl.secret import SecretBox

from webchat.bridge import node_id_of
from webchat.chat.commands import CommandError
from webchat.keyfiles import load_or_create
from webchat.models import PeerIdentity

SEED_BYTES = 32
_OWNER_BYTES = 8


class IdentityUnreadable(Exception):
    """A stored seed does not open with this server's wrapping key."""


def seed_of(user_id: int) -> bytes:
    """The seed of a user's node, made at the first call; raises ``IdentityUnreadable``."""
    fresh = secrets.token_bytes(SEED_BYTES)
    defaults = {"wrapped_seed": wrap(user_id, fresh), "node_id": node_id_of(fresh)}
    # Of two that ask at once one creates the row and both read it.
    row, _ = PeerIdentity.objects.get_or_create(user_id=user_id, defaults=defaults)
    seed = unwrap(user_id, bytes(row.wrapped_seed))
    if row.node_id is None:
        PeerIdentity.objects.filter(user_id=user_id).update(node_id=node_id_of(seed))
    return seed


def node_of(user_id: int) -> str:
    """The id of a user's node, also when its seed can't be opened; raises ``IdentityUnreadable``."""
    row = PeerIdentity.objects.filter(user_id=user_id).first()
    return (row.node_id if row else None) or node_id_of(seed_of(user_id))


def take_over(user_id: int, seed: bytes, profile: dict[str, str] | None = None) -> None:
    """Give a user this seed instead of one that may be there; raises ``CommandError`` ``IDENTITY_IN_USE``.

    ``profile``: what its node is to say of itself from its first start here on.
    """
    node_id = node_id_of(seed)
    values = {"wrapped_seed": wrap(user_id, seed), "node_id": node_id, "profile": profile}
    try:
        with transaction.atomic():
            PeerIdentity.objects.update_or_create(user_id=user_id, defaults=values)
    except IntegrityError as error:
        raise CommandError("IDENTITY_IN_USE", node_id) from error


def profile_of(user_id: int) -> dict[str, str] | None:
    """The profile that came along and the node has not been told yet."""
    return PeerIdentity.objects.filter(user_id=user_id).values_list("profile", flat=True).first()


def profile_told(user_id: int) -> None:
    """The node has it."""
    PeerIdentity.objects.filter(user_id=user_id).update(profile=None)


def wrap(user_id: int, seed: bytes) -> bytes:
    """The form in which a seed is stored."""
    return bytes(_box().encrypt(user_id.to_bytes(_OWNER_BYTES, "big") + seed))


def unwrap(user_id: int, wrapped: bytes) -> bytes:
    """The seed of a stored row; raises ``IdentityUnreadable``."""
    try:
        content = _box().decrypt(wrapped)
    except (CryptoError, ValueError) as error:
        raise IdentityUnreadable(f"the identity of user {user_id} does not open: {error}") from error
    if content[:_OWNER_BYTES] != user_id.to_bytes(_OWNER_BYTES, "big"):
        raise IdentityUnreadable(f"the identity of user {user_id} belongs to somebody else")
    return content[_OWNER_BYTES:]


def _box() -> SecretBox:
    return SecretBox(load_or_create(settings.DEPLOYMENT.keys / "identities.key"))
