"""A new account, in one transaction with the claim to being the first."""

from __future__ import annotations

from django.contrib.auth import get_user_model
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction

from webchat.accounts.identityfile import Carried
from webchat.accounts.invitations import use
from webchat.identities import take_over
from webchat.models import Administrator


def create_account(
    username: str,
    password: str,
    email: str = "",
    carried: Carried | None = None,
    invitation: str | None = None,
) -> User | None:
    """The new account, or None when somebody else has taken the name meanwhile.

    The first account becomes the administrator. Of several created at once exactly one does: they
    insert the same primary key, and a database lets one of them. ``carried``: an identity that is brought
    along; raises ``CommandError`` ``IDENTITY_IN_USE``, and then there is no account either.
    ``invitation``: counts a use of it; raises ``CommandError`` when it can't be used.
    """
    user = get_user_model()(username=User.normalize_username(username), email=email)
    user.set_password(password)  # slow on purpose, so not while the transaction holds its lock
    try:
        with transaction.atomic():
            user.save()
            if invitation is not None:
                use(invitation)
            if carried is not None:
                take_over(user.pk, carried.seed, carried.profile)
            if _is_first(user):
                user.is_staff = user.is_superuser = True
                user.save(update_fields=["is_staff", "is_superuser"])
    except IntegrityError:
        return None
    return user


def _is_first(user: User) -> bool:
    if get_user_model().objects.exclude(pk=user.pk).exists():
        return False
    try:
        with transaction.atomic():
            Administrator.objects.create(id=Administrator.CLAIM, user=user)
    except IntegrityError:
        return False
    return True
