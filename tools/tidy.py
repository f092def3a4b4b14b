"""The rules that the repository itself must keep, as functions from source to complaints.

Each rule takes text or a syntax tree and returns sentences; none reads a file, so that every rule
is tested on small planted sources. ``tests/test_tidy.py`` applies them to the tracked files.

The direction of imports is ``LAYERS``: a unit (a module or package directly under ``peernode``)
may import its own layer and those above it in the list, never one below. Only
``webchat/bridge.py`` crosses from the app into the engine.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

LINES_MAX = 300
FUNCTION_LINES_MAX = 60

LAYERS: tuple[frozenset[str], ...] = (
    frozenset({"config", "errors", "clock", "identity", "environment", "events", "tasks", "span"}),
    frozenset({"wire", "channel"}),
    frozenset({"rpc", "store"}),
    frozenset({"overlay"}),
    frozenset({"pubsub", "diagnostics"}),
    frozenset({"doctor", "census"}),
    frozenset({"insight", "health", "people", "files", "node"}),
    frozenset({"cli", "clilines", "doctorcli", "simulation", "__main__", "__init__"}),
)
BRIDGE = "webchat/bridge.py"
APP_PACKAGES = ("django", "channels", "daphne", "redis", "channels_redis", "webchat")

CLOCK_FILES = ("peernode/clock.py",)
RANDOM_FILES = ("peernode/rpc/transport.py",)
FORBIDDEN_CALLS = {
    "os.urandom": "env.random",
    "uuid.uuid1": "env.random",
    "uuid.uuid4": "env.random",
    "datetime.now": "env.clock",
    "datetime.utcnow": "env.clock",
    "datetime.today": "env.clock",
    "date.today": "env.clock",
    "nacl.utils.random": "env.random",
    "SigningKey.generate": "env.random",
    "PrivateKey.generate": "env.random",
    "asyncio.wait": "asyncio.gather (it iterates a set)",
    "asyncio.as_completed": "asyncio.gather (it iterates a set)",
}


def too_long(path: str, text: str) -> list[str]:
    """A file longer than a reader keeps in mind."""
    count = len(text.splitlines())
    return [f"{path}: {count} lines, at most {LINES_MAX}"] if count > LINES_MAX else []


def long_functions(path: str, tree: ast.AST) -> list[str]:
    """Functions longer than a screen."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            count = (node.end_lineno or node.lineno) - node.lineno + 1
            if count > FUNCTION_LINES_MAX:
                found.append(
                    f"{path}:{node.lineno}: {node.name} has {count} lines, at most {FUNCTION_LINES_MAX}"
                )
    return found


def missing_docstring(path: str, tree: ast.Module) -> list[str]:
    """A module that does not say what it is."""
    return [] if ast.get_docstring(tree) else [f"{path}: no module docstring"]


def silent_excepts(path: str, tree: ast.AST) -> list[str]:
    """Bare ``except:``, and any ``except`` that only passes."""
    found = []
    for node in ast.walk(tree):
        if not isinstance(node, ast.ExceptHandler):
            continue
        if node.type is None:
            found.append(f"{path}:{node.lineno}: a bare except")
        if all(isinstance(part, ast.Pass) or _is_ellipsis(part) for part in node.body):
            found.append(f"{path}:{node.lineno}: an except that only passes")
    return found


def broad_suppressions(path: str, tree: ast.AST) -> list[str]:
    """``suppress(Exception)``: an ``except: pass`` by another name."""
    found = []
    for call in _calls(tree):
        if dotted(call.func).split(".")[-1] == "suppress":
            names = {dotted(argument) for argument in call.args}
            found += [
                f"{path}:{call.lineno}: suppress({name})" for name in names & {"Exception", "BaseException"}
            ]
    return sorted(found)


def imported_modules(path: str, tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Each import as ``(line, dotted module)``; relative ones are made absolute."""
    package = path.removesuffix(".py").split("/")[:-1]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            for alias in node.names:
                yield node.lineno, f"{module}.{alias.name}"


def wrong_direction(path: str, tree: ast.AST) -> list[str]:
    """Imports against the direction of ``LAYERS``, or of the engine outside the bridge."""
    found = []
    inside = path.startswith("peernode/")
    for line, module in imported_modules(path, tree):
        parts = module.split(".")
        if inside and parts[0] in APP_PACKAGES:
            found.append(f"{path}:{line}: the engine imports {module}")
        if parts[0] != "peernode":
            continue
        if path.startswith("webchat/") and path != BRIDGE:
            found.append(f"{path}:{line}: imports {module}; only {BRIDGE} may")
        if inside:
            found += _against_layers(path, line, module, parts)
    return found


def _against_layers(path: str, line: int, module: str, parts: list[str]) -> list[str]:
    own = path.removesuffix(".py").split("/")[1]
    target = parts[1] if len(parts) > 1 else "__init__"
    own_layer, target_layer = layer_of(own), layer_of(target)
    if own_layer is None:
        return [f"{path}:{line}: {own} has no place in LAYERS"]
    if target_layer is None:
        target_layer = layer_of("__init__")
    if target_layer is not None and target_layer > own_layer:
        return [f"{path}:{line}: {own} imports {module} of a layer above it"]
    return []


def layer_of(unit: str) -> int | None:
    """The number of a unit's layer; None for a name that is in none."""
    return next((number for number, units in enumerate(LAYERS) if unit in units), None)


def unit_cycles(edges: dict[str, set[str]]) -> list[str]:
    """Units of one layer that import each other, directly or around a corner."""
    found = []
    for start in sorted(edges):
        seen: set[str] = set()
        waiting = sorted(edges[start] - {start})
        while waiting:
            unit = waiting.pop()
            if unit not in seen:
                seen.add(unit)
                waiting += sorted(edges.get(unit, set()))
        if start in seen:
            found.append(f"{start} imports itself through {', '.join(sorted(seen - {start}))}")
    return found


def hidden_inputs(path: str, tree: ast.AST) -> list[str]:
    """Time and randomness that do not come from the environment object: a run could not be replayed."""
    found = []
    for line, module in imported_modules(path, tree):
        root, _, rest = module.partition(".")
        if root == "time" and path not in CLOCK_FILES:
            found.append(f"{path}:{line}: imports time; use env.clock")
        if root == "secrets":
            found.append(f"{path}:{line}: imports secrets; use env.random")
        if root == "random" and rest and rest != "Random" and path not in RANDOM_FILES:
            found.append(f"{path}:{line}: imports {module}; use env.random")
        if module in ("os.urandom", "uuid.uuid1", "uuid.uuid4", "nacl.utils.random"):
            found.append(f"{path}:{line}: imports {module}; use env.random")
    for call in _calls(tree):
        found += _hidden_call(path, call)
    return found


def _hidden_call(path: str, call: ast.Call) -> list[str]:
    name = dotted(call.func)
    for forbidden, instead in FORBIDDEN_CALLS.items():
        if name == forbidden or name.endswith("." + forbidden):
            return [f"{path}:{call.lineno}: calls {name}; use {instead}"]
    if name.startswith("random.") and path not in RANDOM_FILES:
        if name != "random.Random":
            return [f"{path}:{call.lineno}: calls {name}; use env.random"]
        if not call.args:
            return [f"{path}:{call.lineno}: random.Random() without a seed"]
    return []


def leftovers(path: str, text: str) -> list[str]:
    """Marks of unfinished work."""
    marks = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X)\b")
    return [
        f"{path}:{number}: {match[0]}"
        for number, line in enumerate(text.splitlines(), 1)
        if (match := marks.search(line))
    ]


def outside_paths(path: str, text: str) -> list[str]:
    """Paths that leave the repository: nobody else has what they point at."""
    depth = path.count("/")
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        for match in re.finditer(r"(?<![\w./])((?:\.\./)+)[A-Za-z]", line):
            if match[1].count("../") > depth:
                found.append(f"{path}:{number}: {match[0]}… is outside of the repository")
        found += [
            f"{path}:{number}: {match[0]} exists on one machine only"
            for match in re.finditer(r"(?<![\w./:])/(home|work|root|Users)/\w+", line)
        ]
    return found


def dotted(node: ast.AST) -> str:
    """``a.b.c`` of an attribute chain; the empty string for anything else."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        base = dotted(node.value)
        return f"{base}.{node.attr}" if base else node.attr
    return ""


def _calls(tree: ast.AST) -> Iterator[ast.Call]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call))


def _is_ellipsis(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and node.value.value is ...
