"""The users' peer identities: a 32-byte seed each, made at first use, wrapped at rest.

The database holds only the wrapped seed; the wrapping key is a file of its own in the key directory.
The user's number is wrapped along with the seed, so a row that was copied to another user does not
open. A seed that is there but can't be opened is an error: a new one would be another person to
everybody else.
"""

from __future__ import annotations

import secrets

from django.conf import settings
from nacl.exceptions import CryptoError
from nacl.secret import SecretBox

from webchat.keyfiles import load_or_create
from webchat.models import PeerIdentity

SEED_BYTES = 32
_OWNER_BYTES = 8


class IdentityUnreadable(Exception):
    """A stored seed does not open with this server's wrapping key."""


def seed_of(user_id: int) -> bytes:
    """The seed of a user's node, made at the first call; raises ``IdentityUnreadable``."""
    fresh = wrap(user_id, secrets.token_bytes(SEED_BYTES))
    # Of two that ask at once one creates the row and both read it.
    row, _ = PeerIdentity.objects.get_or_create(user_id=user_id, defaults={"wrapped_seed": fresh})
    return unwrap(user_id, bytes(row.wrapped_seed))


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
