"""A forgotten password: a letter with a link, and the page behind it. Django's views, with bounds.

Nobody learns here who has an account: whatever address is given, the answer and the time it takes are the
same, also beyond ``RESET_LETTERS_PER_ADDRESS_MAX`` letters. ``RESET_LETTERS_PER_CLIENT_MAX`` bounds what one
network address asks for, and is said. A new password ends all sessions of the account.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.forms import PasswordResetForm
from django.contrib.auth.views import PasswordResetConfirmView, PasswordResetDoneView, PasswordResetView
from django.core.mail import EmailMultiAlternatives
from django.http import HttpRequest, HttpResponse
from django.template import loader
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _

from webchat.accounts.client import address_of
from webchat.accounts.letters import post
from webchat.accounts.sessions import end_sessions
from webchat.accounts.throttle import take

TOO_MANY = _("Too many requests from your address. Wait %(minutes)s minutes, then try again.")
NO_ADDRESS = _(
    "Letters can't be sent from here: the server does not know its own public name. "
    "The administrator sets it with STARLING_ORIGINS, or gives you a new password."
)


def letters_are_sent() -> bool:
    """Whether a letter reaches a mailbox, not the console alone."""
    return settings.DEPLOYMENT.smtp is not None


class ResetForm(PasswordResetForm):
    """The address of the account."""

    def send_mail(
        self,
        subject_template_name: str,
        email_template_name: str,
        context: dict[str, Any],
        from_email: str | None,
        to_email: str,
        html_email_template_name: str | None = None,
    ) -> None:
        """Write the letter now, hand it over later."""
        subject = " ".join(loader.render_to_string(subject_template_name, context).split())
        post(
            EmailMultiAlternatives(
                subject, loader.render_to_string(email_template_name, context), from_email, [to_email]
            )
        )

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Write to the account's address, unless it has got enough letters lately."""
        bound, window_s = settings.RESET_LETTERS_PER_ADDRESS_MAX, settings.RESET_WINDOW_S
        if take("letter", self.cleaned_data["email"].casefold(), bound, window_s):
            super().save(*args, **kwargs)


class PasswordReset(PasswordResetView):
    """Ask for the letter."""

    template_name = "webchat/people/reset.html"
    subject_template_name = "webchat/people/reset_subject.txt"
    email_template_name = "webchat/people/reset_letter.txt"
    form_class = ResetForm
    success_url = reverse_lazy("password_reset_done")
    extra_context = {"letters_are_sent": letters_are_sent}  # noqa: RUF012 - Django's own way

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Check the bound of the asking address, and that a link in the letter leads to us."""
        client, window_s = address_of(request), settings.RESET_WINDOW_S
        if not settings.DEPLOYMENT.trusts_host:
            return self._refused(str(NO_ADDRESS), 503)
        if not take("reset", client, settings.RESET_LETTERS_PER_CLIENT_MAX, window_s):
            return self._refused(TOO_MANY % {"minutes": window_s // 60}, 429)
        return super().post(request, *args, **kwargs)

    def _refused(self, why: str, status: int) -> HttpResponse:
        form = self.get_form_class()()
        return self.render_to_response(self.get_context_data(form=form, refusal=why), status=status)

    def form_valid(self, form: PasswordResetForm) -> HttpResponse:
        """The link leads to the first public origin where there is one."""
        if settings.DEPLOYMENT.origins:
            self.extra_email_context = {"domain": urlsplit(settings.DEPLOYMENT.origins[0]).netloc}
        return super().form_valid(form)


class PasswordResetDone(PasswordResetDoneView):
    """What happens now."""

    template_name = "webchat/people/reset_done.html"
    extra_context = {"letters_are_sent": letters_are_sent}  # noqa: RUF012 - Django's own way


class PasswordResetConfirm(PasswordResetConfirmView):
    """The page behind the link: a new password, twice."""

    template_name = "webchat/people/reset_confirm.html"
    success_url = reverse_lazy("signin")

    def form_valid(self, form: Any) -> HttpResponse:
        """Change it, and end whatever was opened with the old one."""
        response = super().form_valid(form)
        assert self.user is not None
        end_sessions(self.user)
        messages.success(
            self.request, _("Your password is changed. Sign in with it; all devices are signed out.")
        )
        return response
