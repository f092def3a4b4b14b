"""What the code names that a document must name too: settings, error codes.

Pure functions from source to names, tested on planted sources; ``tests/test_docs.py`` compares
their result with the documents.
"""

from __future__ import annotations

import ast
import re

from tools.tidy import dotted

SETTING = re.compile(r"^(STARLING_[A-Z_]+|DATABASE_URL|REDIS_URL)$")
CODE = re.compile(r"^[A-Z][A-Z0-9]*(_[A-Z0-9]+)*$")
READS_ENVIRONMENT = ("environ.get", "getenv", "environ.setdefault", "environ.pop")
RAISED = ("PeerNodeError", "CommandError", "FrameError")
"""Errors that a person is told: each has a code."""

TAKES_CODE = (*RAISED, "error_info", "failed", "warning")

ANONYMOUS = ("Exception", "BaseException", "RuntimeError")
"""Errors that nobody can tell from others."""

_ACTIONS = """
Ask Check Choose Close Create Discard Forward Free Join Leave Look Make Move Open Press Reload Reply Restart
Restore Run Send Set Share Shorten Sign Start Stop Take Try Type Unblock Update Wait Write
"""
ACTIONS = frozenset(_ACTIONS.split())
"""Words with which a remedy begins; a new one is added here when it is something that a person can do."""


def environment_variables(tree: ast.AST) -> set[str]:
    """Names of environment variables: read through ``os.environ``, or a constant of their form."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and SETTING.match(node.value):
            found.add(node.value)
        elif isinstance(node, ast.Call) and dotted(node.func).endswith(READS_ENVIRONMENT):
            found |= _first_string(node)
        elif isinstance(node, ast.Subscript) and dotted(node.value).endswith("environ"):
            found |= _string(node.slice)
    return found


def error_codes(tree: ast.AST) -> set[str]:
    """Codes given to an error: the first argument of ``TAKES_CODE``, ``code=``, or ``"code": …``."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            if dotted(node.func).split(".")[-1] in TAKES_CODE:
                found |= _first_string(node)
            for keyword in node.keywords:
                if keyword.arg == "code":
                    found |= _string(keyword.value)
        elif isinstance(node, ast.Dict):
            for key, value in zip(node.keys, node.values, strict=True):
                if isinstance(key, ast.Constant) and key.value == "code":
                    found |= _string(value)
    return {code for code in found if CODE.match(code)}


def raises_without_code(path: str, tree: ast.AST) -> list[str]:
    """Errors for a person that are raised without a code, or with a sentence in its place."""
    found = []
    for node in ast.walk(tree):
        if not isinstance(node, ast.Raise) or node.exc is None:
            continue
        call = node.exc if isinstance(node.exc, ast.Call) else None
        name = dotted(call.func if call else node.exc).split(".")[-1]
        if name in ANONYMOUS:
            found.append(f"{path}:{node.lineno}: raises {name}, which has no code")
        if name in RAISED and (call is None or not call.args or _is_sentence(call.args[0])):
            found.append(f"{path}:{node.lineno}: {name} without a code")
    return found


def _is_sentence(node: ast.AST) -> bool:
    """Text that is no code; what is computed may be one."""
    if isinstance(node, ast.JoinedStr):
        return True
    return isinstance(node, ast.Constant) and not (isinstance(node.value, str) and CODE.match(node.value))


def values_left_open(path: str, tree: ast.AST, wanted: dict[str, set[str]]) -> list[str]:
    """Errors whose texts have values (``wanted``: code -> their names) that are not given with the code."""
    found = []
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or dotted(node.func).split(".")[-1] not in TAKES_CODE:
            continue
        given = {keyword.arg for keyword in node.keywords}
        for code in _first_string(node) & wanted.keys():
            if None not in given and (missing := wanted[code] - given):
                found.append(f"{path}:{node.lineno}: {code} without {', '.join(sorted(missing))}")
    return found


def is_followed(remedy: str) -> bool:
    """Whether a remedy tells a person to do something: whole sentences, of which the first is an order."""
    words = remedy.split()
    return len(words) >= 3 and remedy.endswith(".") and words[0] in ACTIONS


def _first_string(call: ast.Call) -> set[str]:
    return _string(call.args[0]) if call.args else set()


def _string(node: ast.AST) -> set[str]:
    return {node.value} if isinstance(node, ast.Constant) and isinstance(node.value, str) else set()
