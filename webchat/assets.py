"""The addresses of styles, scripts and pictures: all below one part that names what they contain.

A browser may keep such a file for ever, because another content has another address. The name is in the path
and not in each file's name, so modules import each other by relative paths as they stand in the source, and
nothing is collected or rewritten before a server starts. Whoever asks under an older name for a style or a
picture is sent to today's (``webchat.pages.older_asset``); for a script nobody is, because modules of two
versions in one page would be worse than none, which a reload heals. What an editor leaves beside a file, and
what begins with a dot, does not count.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

NAME_DIGITS = 12


def name_of(folder: Path, *more: str) -> str:
    """A name for the content of all files of a folder, and of ``more`` (versions of others' files)."""
    digest = hashlib.sha256(repr(more).encode())
    for path in sorted(each for each in folder.rglob("*") if each.is_file() and not _is_stray(each)):
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        digest.update(f"{path.relative_to(folder).as_posix()} {content}\n".encode())
    return digest.hexdigest()[:NAME_DIGITS]


def _is_stray(path: Path) -> bool:
    return path.name.startswith(".") or path.name.endswith(("~", ".swp", ".orig"))
