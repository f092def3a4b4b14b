"""Invitations: a link with a secret, good for some days and some accounts, until it is taken back.

Only a hash of the secret is kept, so the database opens no door; the link is shown once. A use counts in the
transaction that makes the account, by one conditional update: of two who want the last use, one gets it.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta

from django.conf import settings
from django.contrib.auth.models import AnonymousUser, User
from django.db.models import F
from django.utils import timezone

from webchat.chat.commands import CommandError
from webchat.models import Invitation

DAYS = (1, 7, 30)
USES = (1, 5, 25)


def may_invite(user: User | AnonymousUser) -> bool:
    """Whether invitations are needed here, and this person makes them."""
    deployment = settings.DEPLOYMENT
    return deployment.signup == "invite" and (user.is_staff or deployment.invites == "members")


def invite(user: User, days: int, uses: int) -> str:
    """A new invitation's secret; raises ``CommandError`` ``INVITES_FULL``."""
    if (
        len([None for one in Invitation.objects.filter(made_by=user) if one.is_good])
        >= settings.INVITATIONS_PER_PERSON_MAX
    ):
        raise CommandError("INVITES_FULL", limit=settings.INVITATIONS_PER_PERSON_MAX)
    token = secrets.token_urlsafe(24)
    expires_at = timezone.now() + timedelta(days=days)
    Invitation.objects.create(token_hash=_hash(token), made_by=user, expires_at=expires_at, uses_left=uses)
    return token


def check(token: str) -> None:
    """Raises ``CommandError``: ``INVITE_INVALID`` (unknown), ``INVITE_EXPIRED`` (was good once)."""
    found = Invitation.objects.filter(token_hash=_hash(token)).first()
    if found is None:
        raise CommandError("INVITE_INVALID")
    if not found.is_good:
        raise CommandError("INVITE_EXPIRED")


def use(token: str) -> None:
    """Count a use, inside the transaction that makes the account; raises as ``check`` does."""
    check(token)
    good = Invitation.objects.filter(
        token_hash=_hash(token),
        revoked=False,
        uses_left__gt=0,
        expires_at__gt=timezone.now(),
        made_by__is_active=True,
    )
    if not good.update(uses_left=F("uses_left") - 1):
        raise CommandError("INVITE_EXPIRED")


def _hash(token: str) -> str:
    return hashlib.sha256(b"invitation\0" + token.encode(errors="replace")).hexdigest()
