"""People's pictures over HTTP: bytes that anybody may have written, served so that they are a picture alone.

The address names the contents, so what a browser has kept is right for ever. Invariants: only a signed-in
user's own node is asked, which gives only what a channel of this user has said; the type is what the bytes
are, not what anybody says; opened by itself it can run nothing, load nothing and frame nothing.
"""

from __future__ import annotations

import base64

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from webchat.accounts.asking import ask
from webchat.chat.commands import CommandError
from webchat.chat.frames import NODE_ID, PICTURE
from webchat.images import portrait_of
from webchat.inert import inert

KEPT_S = 31_536_000


@login_required
@require_safe
async def picture(request: HttpRequest, node: str, picture: str) -> HttpResponse:
    """Somebody's picture, by node id and name; 404 when the user's node does not have it, or it is none."""
    if not NODE_ID.fullmatch(node) or not PICTURE.fullmatch(picture):
        raise Http404
    user = await request.auser()
    assert user.pk is not None
    try:
        answer = await ask(user.pk, "person.picture", {"node": node, "picture": picture})
        content = base64.b64decode(answer["content"])
        image = portrait_of(content)
    except CommandError as error:
        if error.code == "WORKER_UNAVAILABLE":
            return HttpResponse(status=503, headers={"Retry-After": "5", "Cache-Control": "no-store"})
        raise Http404 from error
    if image is None:
        raise Http404
    response = HttpResponse(content, content_type=image.media_type)
    inert(response, "inline", f"max-age={KEPT_S}, immutable")
    return response
