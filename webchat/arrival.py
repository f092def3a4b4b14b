"""Whether another site has sent a browser here, as far as it tells.

Browsers say it of every request (``Sec-Fetch-Site``), but only to HTTPS and to the machine itself. Over plain
HTTP there is the ``Referer``, which our pages let browsers send to this very origin alone
(``SECURE_REFERRER_POLICY``). Invariant: who says nothing counts as sent by another site, because any site can
have a browser say nothing; so an address typed by hand over plain HTTP does, too. Another port of this host
is another site, as it is for the WebSocket (``webchat.chat.origin``).
"""

from __future__ import annotations

from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest

OURS = ("none", "same-origin")
"""What ``Sec-Fetch-Site`` says of a page that was opened by its reader, or from here."""


def is_from_elsewhere(request: HttpRequest) -> bool:
    """See the module."""
    said = request.headers.get("Sec-Fetch-Site")
    if said is not None:
        return said not in OURS
    try:
        came_from = urlsplit(request.headers.get("Referer", ""))
    except ValueError:
        return True
    ours = settings.DEPLOYMENT.origins or (f"{request.scheme}://{request.get_host()}",)
    return f"{came_from.scheme}://{came_from.netloc}".lower() not in {origin.lower() for origin in ours}
