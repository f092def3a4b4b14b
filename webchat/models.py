"""What the app itself keeps: who is administrator, and each user's peer identity.

Channels, messages and the outbox are the node's, in the node's own store; they are not here.
"""

from __future__ import annotations

from django.conf import settings
from django.db import models


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
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"peer identity of {self.user}"
