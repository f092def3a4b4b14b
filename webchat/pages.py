"""The chat page; everything on the page comes over the WebSocket."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import redirect_to_login
from django.contrib.staticfiles import finders
from django.core.exceptions import PermissionDenied, SuspiciousFileOperation
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.templatetags.static import static
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from webchat.accounts.invitations import may_invite
from webchat.arrival import is_from_elsewhere
from webchat.bridge import channel_name
from webchat.chat.commands import CommandError
from webchat.limits import LIMITS

WEBSOCKET_PATH = "/ws/chat/"
DEFAULT_CHANNEL = "#lobby"


@login_required
@require_safe
@never_cache
def chat(request: HttpRequest, join: str = "") -> HttpResponse:
    """The page of the chat; ``page`` is what its script needs to begin (``page|json_script``).

    Who joins a channel shows its people a name, a picture and an address. So a page to which another site has
    sent the browser asks first (``asks``); whoever has just signed in or up for it comes from here.
    """
    page = {
        "user": {
            "id": request.user.pk,
            "name": request.user.get_username(),
            "is_staff": request.user.is_staff,
        },
        "websocket": WEBSOCKET_PATH,
        "channel": DEFAULT_CHANNEL,
        "join": join,
        "asks": is_from_elsewhere(request),
        "limits": LIMITS,
        "inviting": {
            "signup": settings.DEPLOYMENT.signup,
            "invitations": reverse("invitations") if may_invite(request.user) else "",
        },
    }
    return render(request, "webchat/chat.html", {"page": page})


def channel(request: HttpRequest, name: str) -> HttpResponse:
    """A link to a channel: the chat page, which joins it, or asks; who has no account gets one on the way."""
    try:
        return chat(request, join=channel_name(f"#{name}", is_new=True))
    except CommandError as error:
        raise Http404 from error


@require_safe
@never_cache
def admin_sign_in(request: HttpRequest) -> HttpResponse:
    """Strangers who want to administer sign in as everybody does; others are told that they may not."""
    if request.user.is_authenticated:
        raise PermissionDenied
    return redirect_to_login(request.GET.get("next") or "/admin/")


@never_cache
@require_safe
def older_asset(request: HttpRequest, path: str) -> HttpResponse:
    """Where a style or picture is today that was asked for under an older address; a script is nowhere."""
    if path.endswith(".js"):
        raise Http404  # half a page of another version would not work, and nobody would see why
    try:
        found = finders.find(path)
    except SuspiciousFileOperation as error:
        raise Http404 from error
    if found is None or request.path == static(path):
        raise Http404
    return redirect(static(path))


def forbidden(request: HttpRequest, exception: Exception | None = None, reason: str = "") -> HttpResponse:
    """The 403 page, also for a form without its CSRF token, of which alone ``reason`` tells."""
    return render(request, "webchat/403.html", {"is_form": exception is None}, status=403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """The 404 page."""
    return render(request, "webchat/404.html", status=404)


def failed(request: HttpRequest) -> HttpResponse:
    """The 500 page; it needs nothing that may have just failed."""
    return render(request, "webchat/500.html", status=500)
