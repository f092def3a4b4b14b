"""The one catalogue of error codes: what a code means, why it happens, what a person can do.

User interface, log, command line and documentation read the same entries, so a code never means two
things. Invariant: every code that the engine or the app raises is in ``CATALOGUE``; placeholders in
the texts are filled from the error's parameters, and a missing parameter leaves the text readable.
"""

from __future__ import annotations

from typing import Any

from peernode.diagnostics import catalogue, catalogue_doctor, catalogue_health, catalogue_people
from peernode.diagnostics.catalogue import Code
from peernode.errors import PeerNodeError
from peernode.events import ErrorInfo

PARTS = (catalogue, catalogue_people, catalogue_health, catalogue_doctor)
CATALOGUE: dict[str, Code] = {entry.code: entry for part in PARTS for entry in part.ENTRIES}


class _Blank(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return "…"


def error_info(code: str, **params: Any) -> ErrorInfo:
    """The texts of ``code`` with ``params`` filled in; an unknown code is told as ``INTERNAL``."""
    entry = CATALOGUE.get(code) or CATALOGUE["INTERNAL"]
    blank = _Blank(params)
    return ErrorInfo(
        entry.code, entry.meaning.format_map(blank), entry.remedy.format_map(blank), entry.retryable
    )


def info_of(error: PeerNodeError) -> ErrorInfo:
    """The texts of an error that was raised."""
    return error_info(error.code, **error.params)
