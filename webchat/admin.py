"""The administration pages, ``/admin/``: Django's, for staff.

Nothing secret is on them: identities are shown by node id, invitations by who made them. Accounts are
switched off here, which ends their nodes and keeps what they hold, and not deleted: who leaves does it on
the own account page. Signing in and changing the own password lead to the site's pages, with their bounds.
"""

from __future__ import annotations

import logging
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import UserChangeForm
from django.contrib.auth.models import Group, User
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator
from django.db import transaction
from django.db.models import Field
from django.forms import Field as FormField
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from webchat.accounts.asking import ask_worker
from webchat.accounts.confirming import is_administrator, other_administrators
from webchat.accounts.forms import NAME_CHARS_MAX
from webchat.accounts.sessions import end_sessions
from webchat.accounts.words import words_of
from webchat.chat.commands import CommandError
from webchat.models import Invitation, PeerIdentity

log = logging.getLogger("webchat.admin")

admin.site.site_header = _("Starling administration")
admin.site.site_title = "Starling"
admin.site.site_url = "/account/"
admin.site.index_title = _("Accounts of this server")
admin.site.unregister(Group)
admin.site.unregister(User)


HEADINGS = [heading for heading, _fields in UserAdmin.fieldsets or ()]
"""Django's own words for the parts of an account, in every language that it knows."""


ONLY_ADMINISTRATOR = _("This is the only administrator. Make somebody else administrator first.")


class AccountForm(UserChangeForm):
    """Nobody takes away the last one who could give it back."""

    def clean(self) -> dict[str, Any]:
        """The only active administrator stays one."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        stays = cleaned.get("is_active") and cleaned.get("is_superuser")
        if is_administrator(self.instance) and not stays and not other_administrators(self.instance):
            raise ValidationError(ONLY_ADMINISTRATOR)
        return cleaned


@admin.register(User)
class Accounts(UserAdmin):
    """Accounts: who may sign in, and who is staff."""

    form = AccountForm
    list_display = ("username", "email", "is_active", "is_staff", "date_joined", "last_login")
    list_filter = ("is_staff", "is_active")
    # Without groups, which nobody can make here, and with the browser's own list, which every reader can use.
    fieldsets = (
        (None, {"fields": ("username", "password", "email")}),
        (
            HEADINGS[2],
            {"fields": ("is_active", "is_staff", "is_superuser", "user_permissions")},
        ),
        (HEADINGS[3], {"fields": ("last_login", "date_joined")}),
    )
    filter_horizontal = ()
    readonly_fields = ("last_login", "date_joined")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never: see the module."""
        return False

    def formfield_for_dbfield(self, db_field: Field, request: HttpRequest, **kwargs: Any) -> FormField | None:
        """Names are as short as at sign-up."""
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field is not None and db_field.name == "username":
            field.validators = [*field.validators, MaxLengthValidator(NAME_CHARS_MAX)]
        return field

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        """Who is switched off is signed out at once, and the node ends; it starts again with the account."""
        super().save_model(request, obj, form, change)
        if change and not obj.is_active:
            end_sessions(obj)
            # Afterwards, because the worker sees only what is committed.
            transaction.on_commit(lambda: _end_node(request, obj.pk))
        elif "is_active" in form.changed_data:
            transaction.on_commit(lambda: _wake_node(obj.pk))

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:
        """What was opened with the old password ends, as when people change it themselves."""
        user, old_key = self.get_object(request, unquote(id)), request.session.session_key
        old = user.password if user is not None else ""
        response: HttpResponse = super().user_change_password(request, id, form_url)
        if user is not None and User.objects.get(pk=user.pk).password != old:
            own = request.session.session_key if user.pk == request.user.pk else None
            end_sessions(user, but=own, known_as=own and old_key)
        return response


def _end_node(request: HttpRequest, user_id: int) -> None:
    try:
        ask_worker(user_id, "account.rest", {})
    except CommandError as error:
        log.error("the node of user %s goes on: %s", user_id, error)
        words = _("The account is switched off, but its node still runs: %(reason)s Save it again, please.")
        messages.warning(request, words % {"reason": words_of(error)})


def _wake_node(user_id: int) -> None:
    try:
        ask_worker(user_id, "account.wake", {})
    except CommandError as error:  # at the latest it starts when the person comes
        log.warning("the node of user %s does not start yet: %s", user_id, error)


class ReadOnly(admin.ModelAdmin):
    """To look at."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Never."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never."""
        return False


@admin.register(PeerIdentity)
class Identities(ReadOnly):
    """Whose node has which id."""

    list_display = ("user", "node_id", "created_at")
    fields = list_display
    search_fields = ("user__username", "node_id")


@admin.register(Invitation)
class Invitations(ReadOnly):
    """Who invited whom is not kept; only how often a link can still be used."""

    list_display = ("made_by", "created_at", "expires_at", "uses_left", "revoked")
    fields = list_display
    actions = ("take_back",)

    @admin.action(description=_("Take back"), permissions=["view"])
    def take_back(self, request: HttpRequest, queryset: Any) -> None:
        """The links are good no more."""
        self.message_user(request, _("%(n)s taken back.") % {"n": queryset.update(revoked=True)})
