"""What the app itself keeps: who is administrator, sessions, and each user's peer identity.

Channels, messages and the outbox are the node's, in the node's own store; they are not here.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.utils import timezone


class Administrator(models.Model):
    """The one claim to being the first account; its fixed primary key makes the claim race-free."""

    CLAIM = 1

    id = models.PositiveSmallIntegerField(primary_key=True, default=CLAIM)
    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)

    class Meta:
        constraints = (models.CheckConstraint(condition=models.Q(id=1), name="one_first_account"),)

    def __str__(self) -> str:
        return f"first account: {self.user}"


class PeerIdentity(models.Model):
    """The seed of a user's node, wrapped with a key that is not in the database."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True)
    wrapped_seed = models.BinaryField()
    node_id = models.CharField(max_length=40, unique=True, null=True)
    """In hex, no secret; None in rows of earlier versions until the node has started once."""
    created_at = models.DateTimeField(auto_now_add=True)
    profile = models.JSONField(null=True)
    """What came along with a seed and the node has not been told yet; public anyway."""

    class Meta:
        verbose_name_plural = "peer identities"

    def __str__(self) -> str:
        return f"peer identity of {self.user}"


class Invitation(models.Model):
    """A link with which accounts can be created; see ``webchat.accounts.invitations``."""

    token_hash = models.CharField(max_length=64, unique=True)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    uses_left = models.PositiveIntegerField()
    revoked = models.BooleanField(default=False)

    def __str__(self) -> str:
        return f"invitation {self.pk} by {self.made_by}"

    @property
    def is_good(self) -> bool:
        """Whether somebody can still use it; not when the account that made it is switched off."""
        in_time = self.uses_left > 0 and self.expires_at > timezone.now()
        return bool(in_time and not self.revoked and self.made_by.is_active)


class BrowserSession(AbstractBaseSession):
    """A session, with the user in a column; see ``webchat.accounts.sessionstore``."""

    user_id = models.IntegerField(null=True, db_index=True)

    @classmethod
    def get_session_store_class(cls) -> Any:
        """What reads and writes it."""
        from webchat.accounts.sessionstore import SessionStore

        return SessionStore
