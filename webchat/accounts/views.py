"""Sign up, sign in, sign out, change the password."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.mixins import LoginRequiredMixin
from django.contrib.auth.models import User
from django.contrib.auth.views import LoginView, LogoutView, PasswordChangeView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from webchat.accounts.client import address_of
from webchat.accounts.creation import create_account
from webchat.accounts.forgetting import DRAFTS, have_forgotten
from webchat.accounts.forms import NAME_TAKEN, ChangePasswordForm, IdentityForm, SignInForm, SignUpForm
from webchat.accounts.invitations import check
from webchat.accounts.sessions import end_sessions
from webchat.accounts.signups import SignUps, too_many
from webchat.accounts.throttle import Attempt, take
from webchat.accounts.wayon import channel_of, way_on
from webchat.accounts.words import too_many_attempts, words_of
from webchat.chat.commands import CommandError

REFUSALS = {
    "closed": _("Accounts are not open here. The administrator can create one for you."),
    "invite": _(
        "Accounts are by invitation here. Ask somebody who has one, or the administrator, for a link."
    ),
}


class SignIn(LoginView):
    """The sign-in page; too many failures are refused before the password is looked at."""

    template_name = "webchat/signin.html"
    form_class = SignInForm
    redirect_authenticated_user = True

    def post(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        """Check the attempt's bound, then the password."""
        self.attempt = Attempt(request.POST.get("username", ""), address_of(request))
        if not self.attempt.allowed():
            form = self.get_form_class()(request)
            context = self.get_context_data(form=form, refusal=too_many_attempts())
            return self.render_to_response(context, status=429)
        return super().post(request, *args, **kwargs)

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        """The password was right."""
        self.attempt.succeeded()
        return super().form_valid(form)

    def get_context_data(self, **kwargs: object) -> dict[str, object]:
        """Whether to offer the way to a new account, and to which channel somebody was sent."""
        policy = settings.DEPLOYMENT.signup
        channel = channel_of(way_on(self.request))
        context: dict[str, object] = {"signup_open": policy == "open", "channel": channel}
        context["forget"] = settings.FORGET_COOKIE_NAME
        return {**context, "no_signup": REFUSALS.get(policy, ""), **super().get_context_data(**kwargs)}


class SignOut(LogoutView):
    """POST alone: a link on another site must not sign anybody out."""

    http_method_names = ["post", "options"]  # noqa: RUF012 - Django's own way to declare it

    def post(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        """End the session, then have the browser forget what it kept."""
        number = request.user.pk
        response = super().post(request, *args, **kwargs)
        return response if number is None else have_forgotten(request, response, number, DRAFTS)


class PasswordChange(LoginRequiredMixin, PasswordChangeView):
    """A new password: this session stays, all others end (``webchat.accounts.sessions``)."""

    template_name = "webchat/password.html"
    form_class = ChangePasswordForm
    success_url = reverse_lazy("chat")

    def form_valid(self, form: ChangePasswordForm) -> HttpResponse:  # type: ignore[override]
        """Change it, end the other sessions' sockets, and say so on the next page."""
        old_key = self.request.session.session_key
        response = super().form_valid(form)  # gives this session a new key
        end_sessions(form.user, but=self.request.session.session_key, known_as=old_key)
        messages.success(self.request, _("Your password is changed. Other devices are signed out."))
        return response


@sensitive_post_parameters("password")
@never_cache
def sign_up(request: HttpRequest) -> HttpResponse:
    """A new account, signed in at once; the first one is the administrator."""
    if request.user.is_authenticated:
        return redirect(way_on(request) or "chat")
    context: dict[str, Any] = {
        "next": way_on(request),
        "channel": channel_of(way_on(request)),
        "invite": request.POST.get("invite") or request.GET.get("invite", ""),
        "forget": settings.FORGET_COOKIE_NAME,
    }
    refusal = _refusal(context["invite"])
    if refusal is not None:
        return render(request, "webchat/signup.html", {**context, "refusal": refusal}, status=403)
    posted = (request.POST, request.FILES) if request.method == "POST" else ()
    form, identity = SignUpForm(*posted), IdentityForm(*posted)
    context |= {"form": form, "identity": identity}
    if form.is_valid() and identity.is_valid():
        signups = SignUps(address_of(request), forwarded="X-Forwarded-For" in request.headers)
        if not signups.allowed():
            return _too_many(request, context, signups.wait_s())
        user = _new_account(request, form, identity)
        if user is not None:
            login(request, user)
            return redirect(context["next"] or "chat")
        signups.undone()
    return render(request, "webchat/signup.html", context)


def _too_many(request: HttpRequest, context: dict[str, Any], wait_s: int) -> HttpResponse:
    context = {**context, "refusal": too_many(wait_s)}
    response = render(request, "webchat/signup.html", context, status=429)
    response["Retry-After"] = str(wait_s)
    return response


def _refusal(token: str) -> str | None:
    """Why nobody creates an account here, or not with this invitation."""
    policy = settings.DEPLOYMENT.signup
    if policy == "invite" and token:
        try:
            check(token)
        except CommandError as error:
            return words_of(error)
        return None
    return str(REFUSALS[policy]) if policy in REFUSALS else None


def _new_account(request: HttpRequest, form: SignUpForm, identity: IdentityForm) -> User | None:
    """The account, or None and a form that says why not."""
    client, chosen = address_of(request), form.cleaned_data
    if identity.cleaned_data["file"] is not None and not take(
        "identity", client, settings.IDENTITY_FILES_PER_CLIENT_MAX, settings.SIGNIN_WINDOW_S
    ):
        identity.add_error(None, too_many_attempts())
        return None
    try:
        token = request.POST.get("invite", "") if settings.DEPLOYMENT.signup == "invite" else None
        account = (chosen["username"], chosen["password"], chosen["email"])
        user = create_account(*account, identity.carried(), token)
    except CommandError as error:
        identity.add_error(None, words_of(error))
        return None
    if user is None:
        form.add_error("username", NAME_TAKEN)
    return user
