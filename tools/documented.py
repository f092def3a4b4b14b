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
TAKES_CODE = ("PeerNodeError", "error_info", "FrameError")


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


def _first_string(call: ast.Call) -> set[str]:
    return _string(call.args[0]) if call.args else set()


def _string(node: ast.AST) -> set[str]:
    return {node.value} if isinstance(node, ast.Constant) and isinstance(node.value, str) else set()
