"""The one catalogue of error codes: what a code means, why it happens, what a person can do.

User interface, log, command line and documentation read the same entries, so a code never means two
things. Invariant: every code that the engine or the app raises is in ``CATALOGUE``; placeholders in
the texts are filled from the error's parameters, and a missing parameter leaves the text readable.
"""

from __future__ import annotations

import logging
from collections import Counter
from typing import Any

from peernode.diagnostics import catalogue, catalogue_doctor, catalogue_health, catalogue_people
from peernode.diagnostics.catalogue import Code
from peernode.errors import PeerNodeError
from peernode.events import ErrorInfo

PARTS = (catalogue, catalogue_people, catalogue_health, catalogue_doctor)
CATALOGUE: dict[str, Code] = {entry.code: entry for part in PARTS for entry in part.ENTRIES}


LOG = logging.getLogger("peernode.diagnostics")

UNKNOWN_MAX = 64
"""Unknown codes that are counted by their names; all others count as one."""

unknown: Counter[str] = Counter()
"""Code that somebody asked for and the catalogue lacks -> how often, in this process."""


def _note_unknown(code: str) -> None:
    name = code if code in unknown or len(unknown) < UNKNOWN_MAX else "others"
    if name not in unknown:
        LOG.error("error code %r is not in the catalogue", code)
    unknown[name] += 1


class _Blank(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return "…"


def error_info(code: str, **params: Any) -> ErrorInfo:
    """The texts of ``code`` with ``params`` filled in.

    An unknown code is a bug: it is counted, logged once, and told to the person as ``INTERNAL``; a test in
    which it happens fails (``tests/conftest.py``).
    """
    entry = CATALOGUE.get(code)
    if entry is None:
        _note_unknown(code)
        entry = CATALOGUE["INTERNAL"]
    blank = _Blank(params)
    return ErrorInfo(
        entry.code, entry.meaning.format_map(blank), entry.remedy.format_map(blank), entry.retryable
    )


def info_of(error: PeerNodeError) -> ErrorInfo:
    """The texts of an error that was raised."""
    return error_info(error.code, **error.params)
