"""Forms that ask for the account's password, because what they do outlasts the session."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth import get_user_model
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from webchat.accounts.identityfile import FILE_MAX_BYTES, PASSPHRASE_MAX_CHARS, PASSPHRASE_MIN_CHARS
from webchat.accounts.throttle import Attempt
from webchat.accounts.words import too_many_attempts


class ConfirmedForm(forms.Form):
    """Asks for the password last; guessing it is bounded as at the sign-in page."""

    password = forms.CharField(
        label=_("Your password"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )

    def __init__(self, user: User, address: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        self._attempt = Attempt(user.get_username(), address)
        self.order_fields([*(name for name in self.fields if name != "password"), "password"])

    def clean_password(self) -> str:
        """It must be the account's."""
        password: str = self.cleaned_data["password"]
        if not self._attempt.allowed():
            raise ValidationError(too_many_attempts())
        if not self.user.check_password(password):
            raise ValidationError(_("This is not your password."))
        self._attempt.succeeded()
        return password


class EmailForm(ConfirmedForm):
    """The address for letters; nothing: none."""

    email = forms.EmailField(
        label=_("E-mail address"),
        required=False,
        help_text=_("Only for a link to a new password. Leave it empty to have none."),
        widget=forms.EmailInput(attrs={"autocomplete": "email", "autofocus": True}),
    )


class ExportForm(ConfirmedForm):
    """The pass phrase that will open the file."""

    passphrase = forms.CharField(
        label=_("Pass phrase for the file"),
        strip=False,
        min_length=PASSPHRASE_MIN_CHARS,
        max_length=PASSPHRASE_MAX_CHARS,
        help_text=format_lazy(
            _("At least {least} characters. Nobody can recover it."), least=PASSPHRASE_MIN_CHARS
        ),
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
    )
    again = forms.CharField(
        label=_("Pass phrase again"), strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "off"})
    )

    def clean_again(self) -> str:
        """A slip would make the file useless."""
        again: str = self.cleaned_data["again"]
        if self.cleaned_data.get("passphrase") not in (None, again):
            raise ValidationError(_("The two pass phrases differ."))
        return again


class ImportForm(ConfirmedForm):
    """The file, and what opens it."""

    file = forms.FileField(label=_("Identity file"), widget=forms.FileInput(attrs={"accept": ".json"}))
    passphrase = forms.CharField(
        label=_("Pass phrase of the file"),
        strip=False,
        max_length=PASSPHRASE_MAX_CHARS,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
    )

    def content(self) -> bytes:
        """What the file holds, read no further than it may be long."""
        return bytes(self.cleaned_data["file"].read(FILE_MAX_BYTES + 1))


class DeleteForm(ConfirmedForm):
    """Nothing but the password."""


LAST_ADMINISTRATOR = _(
    "You are the only administrator, and there are other accounts. "
    "Make somebody else administrator first, in the administration pages."
)


def is_administrator(user: User) -> bool:
    """Whether somebody administers this server."""
    return user.is_superuser and user.is_active


def other_administrators(user: User) -> bool:
    """Whether somebody else does, too."""
    others = get_user_model().objects.exclude(pk=user.pk)
    return others.filter(is_active=True, is_superuser=True).exists()


def is_last_administrator(user: User) -> bool:
    """Whether others would be left without anybody who can administer."""
    others = get_user_model().objects.exclude(pk=user.pk).filter(is_active=True)
    return user.is_superuser and others.exists() and not other_administrators(user)
