"""People of the browser tests that share a server: a name is one test's, or their order would decide."""

from __future__ import annotations

import ast
from pathlib import Path


def named(test: ast.FunctionDef) -> set[str]:
    """The names that a test gives to ``people``, as far as they stand there."""
    found: set[str] = set()
    for node in ast.walk(test):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "people":
            found |= {each.value for each in node.args[:1] if isinstance(each, ast.Constant)}
        handed = (
            [each.id for each in node.args if isinstance(each, ast.Name)]
            if isinstance(node, ast.Call)
            else []
        )
        if isinstance(node, ast.Call) and "people" in handed:  # a helper of the file that opens browsers
            found |= {each.value for each in node.args if isinstance(each, ast.Constant)}
        if isinstance(node, ast.comprehension) and isinstance(node.iter, ast.Tuple):
            found |= {each.value for each in node.iter.elts if isinstance(each, ast.Constant)}
    return found


def test_a_name_is_one_tests_on_the_server_that_tests_share() -> None:
    owners: dict[str, list[str]] = {}
    for path in sorted(Path("e2e").glob("test_*.py")):
        for test in ast.parse(path.read_text(encoding="utf-8")).body:
            shares = isinstance(test, ast.FunctionDef) and "server" in {each.arg for each in test.args.args}
            for name in named(test) if shares and isinstance(test, ast.FunctionDef) else ():
                owners.setdefault(name, []).append(f"{path.name}: {test.name}")
    assert len(owners) > 40
    assert {name: tests for name, tests in owners.items() if len(tests) > 1} == {}
