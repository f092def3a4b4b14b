"""Bytes that anybody may have written, served so that they can do nothing.

The one place of the headers under which people's pictures and files leave this server. Invariant: opened by
itself, what is served can run nothing, load nothing, frame nothing, and is no part of another site's page.
"""

from __future__ import annotations

from django.http import HttpResponseBase

POLICY = "default-src 'none'; sandbox"


def inert(response: HttpResponseBase, disposition: str, kept: str) -> None:
    """Let it be looked at and saved, no more; ``kept``: how a browser of this person may keep it."""
    response["Content-Security-Policy"] = POLICY
    response["Content-Disposition"] = disposition
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = f"private, {kept}"
