"""The files of the repository as git knows them: tracked, or new and not ignored."""

from __future__ import annotations

import ast
import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


@cache
def tracked(*suffixes: str) -> tuple[str, ...]:
    """Paths below the root with one of the suffixes (all without any), sorted."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    return tuple(
        sorted(p for p in set(listed) if (not suffixes or p.endswith(suffixes)) and (ROOT / p).is_file())
    )


def text_of(path: str) -> str:
    """The text of a tracked file."""
    return (ROOT / path).read_text(encoding="utf-8")


@cache
def tree_of(path: str) -> ast.Module:
    """The syntax tree of a tracked Python file."""
    return ast.parse(text_of(path), path)
