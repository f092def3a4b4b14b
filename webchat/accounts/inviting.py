"""The pages of invitations: make one, see those that are good, take one back."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from webchat.accounts.invitations import DAYS, USES, invite, may_invite
from webchat.accounts.wayon import way_to
from webchat.accounts.words import words_of
from webchat.bridge import channel_name
from webchat.chat.commands import CommandError
from webchat.models import Invitation


class InvitationForm(forms.Form):
    """How long, and for how many."""

    days = forms.TypedChoiceField(
        label=_("Good for"),
        coerce=int,
        choices=lambda: [(days, ngettext("%(n)s day", "%(n)s days", days) % {"n": days}) for days in DAYS],
        initial=DAYS[1],
    )
    uses = forms.TypedChoiceField(
        label=_("Accounts"),
        coerce=int,
        choices=lambda: [
            (uses, ngettext("%(n)s person", "%(n)s people", uses) % {"n": uses}) for uses in USES
        ],
    )
    channel = forms.CharField(
        label=_("Channel that they come to (optional)"),
        required=False,
        widget=forms.TextInput(
            attrs={"placeholder": "#lobby", "autocapitalize": "none", "spellcheck": "false"}
        ),
    )

    def clean_channel(self) -> str:
        """Its name as everybody spells it, also when it was typed without the ``#``."""
        typed = self.cleaned_data["channel"].strip()
        if not typed:
            return ""
        try:
            return channel_name(typed if typed.startswith("#") else f"#{typed}", is_new=True)
        except CommandError as error:
            raise forms.ValidationError(words_of(error)) from error


@login_required
@never_cache
def invitations(request: HttpRequest) -> HttpResponse:
    """Make an invitation; its link is on the answer and nowhere else."""
    user = request.user
    assert isinstance(user, User)
    if settings.DEPLOYMENT.signup != "invite":
        address = _origin(request) + reverse("signup") if settings.DEPLOYMENT.signup == "open" else ""
        return render(request, "webchat/people/uninvited.html", {"address": address})
    if not may_invite(user):
        raise PermissionDenied
    asked = {"channel": request.GET.get("channel", "")}
    form = InvitationForm(request.POST if request.method == "POST" else None, initial=asked)
    link, refusal = "", ""
    if form.is_valid():
        try:
            token = invite(user, form.cleaned_data["days"], form.cleaned_data["uses"])
            channel = form.cleaned_data["channel"]
            way = {"next": way_to(channel)} if channel else {}
            link = _origin(request) + reverse("signup") + "?" + urlencode({**way, "invite": token})
        except CommandError as error:
            refusal = words_of(error)
    good: list[Any] = [one for one in Invitation.objects.filter(made_by=user).order_by("-pk") if one.is_good]
    context = {"form": form, "link": link, "refusal": refusal, "good": good, "now": timezone.now()}
    return render(request, "webchat/people/invitations.html", context)


@login_required
@require_POST
def take_back(request: HttpRequest) -> HttpResponse:
    """An own invitation is good no more; accounts that were made with it stay."""
    number = request.POST.get("invitation", "")
    if number.isdecimal():
        Invitation.objects.filter(pk=int(number), made_by_id=request.user.pk).update(revoked=True)
    messages.success(request, _("The invitation is taken back."))
    return redirect("invitations")


def _origin(request: HttpRequest) -> str:
    origins = settings.DEPLOYMENT.origins
    return origins[0] if origins else f"{request.scheme}://{request.get_host()}"
