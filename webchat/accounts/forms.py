"""The forms of the account pages; labels and button texts are part of the stable interface."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth import get_user_model, password_validation
from django.contrib.auth.forms import AuthenticationForm, PasswordChangeForm
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from webchat.accounts.identityfile import FILE_MAX_BYTES, PASSPHRASE_MAX_CHARS, Carried, opened

NAME_CHARS_MAX = 40
NAME_TAKEN = _("This name is taken. Choose another one.")


class SignInForm(AuthenticationForm):
    """Username and password."""

    error_messages = {  # noqa: RUF012 - Django's own way to declare them
        "invalid_login": _("Username or password is wrong. Passwords distinguish upper and lower case."),
        "inactive": _("This account is switched off. Ask the administrator."),
    }


class SignUpForm(forms.ModelForm):
    """A new account; the page can show the password, so it is asked for once."""

    password = forms.CharField(
        label=_("Password"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    class Meta:
        model = get_user_model()
        fields = ("username", "email")
        labels = {"username": _("Username"), "email": _("E-mail (optional)")}  # noqa: RUF012 - Django's own way to declare a form
        help_texts = {  # noqa: RUF012
            "username": _("Others see this name. Letters, digits and @ . + - _"),
            "email": _("Only for a link to a new password when you have forgotten yours."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        username = self.fields["username"]
        attributes = {"autocomplete": "username", "autocapitalize": "none", "autofocus": True}
        username.widget.attrs.update({**attributes, "maxlength": NAME_CHARS_MAX})
        self.fields["email"].widget.attrs["autocomplete"] = "email"
        self.order_fields(["username", "password", "email"])
        self.fields["password"].help_text = password_validation.password_validators_help_text_html()

    def clean_username(self) -> str:
        """Names that differ in upper and lower case alone would be taken for one another."""
        username: str = self.cleaned_data["username"]
        if len(username) > NAME_CHARS_MAX:
            raise ValidationError(_("At most %(most)s characters.") % {"most": NAME_CHARS_MAX})
        if get_user_model().objects.filter(username__iexact=username).exists():
            raise ValidationError(NAME_TAKEN)
        return username

    def _post_clean(self) -> None:
        # Here the name is on the instance already, and the password is compared with it.
        super()._post_clean()  # type: ignore[misc]
        password = self.cleaned_data.get("password")
        if password is not None:
            try:
                password_validation.validate_password(password, self.instance)
            except ValidationError as error:
                self.add_error("password", error)


class IdentityForm(forms.Form):
    """An identity to bring along, or nothing."""

    file = forms.FileField(
        label=_("Identity file"), required=False, widget=forms.FileInput(attrs={"accept": ".json"})
    )
    passphrase = forms.CharField(
        label=_("Pass phrase of the file"),
        required=False,
        strip=False,
        max_length=PASSPHRASE_MAX_CHARS,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
    )

    def carried(self) -> Carried | None:
        """What the file carries; None without a file. Raises ``CommandError``."""
        file = self.cleaned_data["file"]
        if file is None:
            return None
        return opened(file.read(FILE_MAX_BYTES + 1), self.cleaned_data["passphrase"])


class ChangePasswordForm(PasswordChangeForm):
    """Old password, and the new one twice."""
