"""The account page, and the pages behind its buttons."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.decorators import method_decorator
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST, require_safe
from django.views.generic import FormView

from webchat.accounts import identityfile
from webchat.accounts.asking import ask_worker
from webchat.accounts.client import address_of
from webchat.accounts.confirming import (
    LAST_ADMINISTRATOR,
    ConfirmedForm,
    DeleteForm,
    EmailForm,
    ExportForm,
    ImportForm,
    is_last_administrator,
)
from webchat.accounts.forgetting import EVERYTHING, have_forgotten
from webchat.accounts.invitations import may_invite
from webchat.accounts.reset import letters_are_sent
from webchat.accounts.sessions import end_session, end_sessions, sessions_of
from webchat.accounts.words import grouped, words_of
from webchat.chat.commands import CommandError
from webchat.identities import IdentityUnreadable, node_of, profile_of, seed_of, wrap

NODE_AWAY = ("WORKER_UNAVAILABLE", "NODE_START_FAILED")


@login_required
@require_safe
@never_cache
def account(request: HttpRequest) -> HttpResponse:
    """Everything about the account at a glance."""
    user = request.user
    assert isinstance(user, User)
    sessions = sessions_of(user, request.session.session_key)
    try:
        node_id = node_of(user.pk)
    except IdentityUnreadable as error:
        node_id, refusal = "", words_of(CommandError("IDENTITY_UNREADABLE", str(error)))
    else:
        refusal = ""
    context = {
        "sessions": sessions,
        "others": len(sessions) - 1,
        "node_id": node_id,
        "fingerprint": grouped(node_id),
        "letters_are_sent": letters_are_sent,
        "may_invite": may_invite(user),
        "refusal": refusal,
    }
    return render(request, "webchat/people/account.html", context)


@login_required
@require_POST
def end_sessions_view(request: HttpRequest) -> HttpResponse:
    """End one session, by its fingerprint, or all others."""
    user = request.user
    assert isinstance(user, User)
    name = request.POST.get("session", "")
    if name == "others":
        end_sessions(user, but=request.session.session_key)
        messages.success(request, _("All other devices are signed out."))
    elif end_session(user, name):
        messages.success(request, _("That device is signed out."))
    else:
        messages.info(request, _("That device was signed out already."))
    return redirect("account")


@method_decorator([login_required, never_cache, sensitive_post_parameters()], name="dispatch")
class ConfirmedView(ABC, FormView):
    """A page with one form that asks for the password; ``act`` does it or raises ``CommandError``."""

    def get_form_kwargs(self) -> dict[str, Any]:
        """Whose password, and from where."""
        address = address_of(self.request)
        return {"user": self.request.user, "address": address, **super().get_form_kwargs()}

    def form_valid(self, form: ConfirmedForm) -> HttpResponse:
        """The password was right."""
        try:
            return self.act(form)
        except CommandError as error:
            form.add_error(None, words_of(error))
            return self.form_invalid(form)

    @abstractmethod
    def act(self, form: Any) -> HttpResponse:
        """What the page is for."""


class EmailChange(ConfirmedView):
    """The address for letters; with somebody's open browser alone nobody can change it."""

    template_name = "webchat/people/email.html"
    form_class = EmailForm
    extra_context = {"letters_are_sent": letters_are_sent}  # noqa: RUF012 - Django's own way

    def get_initial(self) -> dict[str, Any]:
        """The present address."""
        user = self.request.user
        return {"email": user.email if isinstance(user, User) else ""}

    def act(self, form: EmailForm) -> HttpResponse:
        """Keep it."""
        form.user.email = form.cleaned_data["email"]
        form.user.save(update_fields=["email"])
        messages.success(self.request, _("Your e-mail address is changed."))
        return redirect("account")


class IdentityExport(ConfirmedView):
    """The identity as a file; see ``identityfile``."""

    template_name = "webchat/people/export.html"
    form_class = ExportForm

    def act(self, form: ExportForm) -> HttpResponse:
        """Hand the file over."""
        try:
            seed = seed_of(form.user.pk)
        except IdentityUnreadable as error:
            raise CommandError("IDENTITY_UNREADABLE", str(error)) from error
        carried = identityfile.Carried(seed, self._profile(form.user.pk))
        content = identityfile.wrapped(carried, form.cleaned_data["passphrase"])
        response = HttpResponse(content, content_type="application/json")
        response["Content-Disposition"] = 'attachment; filename="starling-identity.json"'
        return response

    def _profile(self, user_id: int) -> identityfile.Profile | None:
        """What the node says of its person; who can't ask it takes at least the identity along."""
        try:
            return ask_worker(user_id, "profile.whole", {})
        except CommandError as error:
            if error.code not in NODE_AWAY:
                raise
            brought = profile_of(user_id)
            if brought is None:
                words = _("Your profile is not in the file, because your node could not be asked: %(reason)s")
                messages.warning(self.request, words % {"reason": words_of(error)})
            return brought


class IdentityImport(ConfirmedView):
    """Be on this server who one was on another; only with an account that nobody knows yet."""

    template_name = "webchat/people/import.html"
    form_class = ImportForm

    def act(self, form: ImportForm) -> HttpResponse:
        """Open the file, and have the worker put the identity in the place of the unused one."""
        carried = identityfile.opened(form.content(), form.cleaned_data["passphrase"])
        user_id = form.user.pk
        wrapped = wrap(user_id, carried.seed).hex()
        ask_worker(user_id, "identity.take", {"wrapped": wrapped, "profile": carried.profile})
        messages.success(self.request, _("Your identity is here now. Others see you as before."))
        return redirect("account")


class AccountDeletion(ConfirmedView):
    """The end of an account: node stopped, identity and data removed, sessions ended."""

    template_name = "webchat/people/delete.html"
    form_class = DeleteForm

    def act(self, form: DeleteForm) -> HttpResponse:
        """Switch it off first, so that nothing starts the node again; on again when that fails."""
        user = form.user
        if is_last_administrator(user):
            form.add_error(None, LAST_ADMINISTRATOR)
            return self.form_invalid(form)
        user.is_active = False
        user.save(update_fields=["is_active"])
        try:
            ask_worker(user.pk, "account.remove", {})
        except CommandError:
            user.is_active = True
            user.save(update_fields=["is_active"])
            raise
        end_sessions(user, forget=EVERYTHING)
        logout(self.request)
        number = user.pk
        user.delete()
        messages.success(self.request, _("Your account is deleted."))
        return have_forgotten(self.request, redirect("signin"), number, EVERYTHING)
