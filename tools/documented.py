"""What the code names that a document must name too: settings, error codes.

Pure functions from source to names, tested on planted sources; ``tests/test_docs.py`` compares
their result with the documents.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Container

from tools.tidy import dotted

SETTING = re.compile(r"^(STARLING_[A-Z_]+|DATABASE_URL|REDIS_URL)$")
CODE = re.compile(r"^[A-Z][A-Z0-9]*(_[A-Z0-9]+)*$")
READS_ENVIRONMENT = ("environ.get", "getenv", "environ.setdefault", "environ.pop")
RAISED = ("PeerNodeError", "CommandError", "FrameError")
"""Errors that a person is told: each has a code."""

TAKES_CODE = (*RAISED, "error_info", "failed", "warning")

CODE_PLACE = {"Reason": 1}
"""What takes a code behind something else."""

CODE_TABLE = re.compile(r"(CODES|REFUSALS|CAUSES)$")
"""Names of tables whose values are codes."""

GIVES_CODE = re.compile(r"(^|_)(code|lack|reason)$")
"""Names of functions that answer with a code."""

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
    """Codes given to an error: an argument of ``TAKES_CODE`` or ``Reason``, ``code=``, ``"code": …``.

    Also those of tables (``CODE_TABLE``), of what is called ``code``, and of functions that answer with one
    (``GIVES_CODE``); of an expression that chooses, all that it may come to.
    """
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = dotted(node.func).split(".")[-1]
            place = CODE_PLACE.get(name, 0 if name in TAKES_CODE else None)
            if place is not None and len(node.args) > place:
                found |= _chosen(node.args[place])
            for keyword in node.keywords:
                if keyword.arg == "code":
                    found |= _chosen(keyword.value)
        elif isinstance(node, ast.Dict):
            for key, value in zip(node.keys, node.values, strict=True):
                if isinstance(key, ast.Constant) and key.value == "code":
                    found |= _chosen(value)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            found |= _assigned(node)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and GIVES_CODE.search(node.name):
            returned = [each.value for each in ast.walk(node) if isinstance(each, ast.Return) and each.value]
            found |= {code for value in returned for code in _chosen(value)}
    return {code for code in found if CODE.match(code)}


def code_tables(tree: ast.Module, known: Container[str]) -> set[str]:
    """Names of a module's tables of words that hold a ``known`` code: ``error_codes`` must see them."""
    found = set()
    for node in tree.body:
        if isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(node.value, ast.Dict):
            values = [_string(value) for value in node.value.values]
            if values and all(values) and any(value in known for each in values for value in each):
                found |= {dotted(target) for target in _targets(node)}
    return found


def _targets(node: ast.Assign | ast.AnnAssign) -> list[ast.expr]:
    return node.targets if isinstance(node, ast.Assign) else [node.target]


def _assigned(node: ast.Assign | ast.AnnAssign) -> set[str]:
    """Codes of a table, or of what is called ``code``."""
    names = [dotted(target).split(".")[-1] for target in _targets(node)]
    if isinstance(node.value, ast.Dict) and any(CODE_TABLE.search(name) for name in names):
        return {code for value in node.value.values for code in _chosen(value)}
    return _chosen(node.value) if node.value is not None and "code" in names else set()


def _chosen(node: ast.AST) -> set[str]:
    """All strings that an expression may come to: of a condition both sides, of ``x or y`` each."""
    if isinstance(node, ast.IfExp):
        return _chosen(node.body) | _chosen(node.orelse)
    if isinstance(node, ast.BoolOp):
        return {code for value in node.values for code in _chosen(value)}
    return _string(node)


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
