"""Django's catalogues without GNU gettext: what the sources say, what is translated, and the compiled form.

``python -m tools.languages`` compiles each ``locale/*/LC_MESSAGES/django.po`` and names what is missing in it
or not said any more; a test holds the three equal. Words of the scripts are in ``static/webchat/js/words/``,
the engine's errors in ``webchat/languages/``.
"""

from __future__ import annotations

import ast
import re
import struct
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CALLS = {"_", "gettext", "gettext_lazy", "ngettext", "ngettext_lazy"}
PLURAL_CALLS = {"ngettext", "ngettext_lazy"}
MAGIC, REVISION = 0x950412DE, 0

Catalogue = dict[tuple[str, ...], tuple[str, ...]]
"""(text,) or (text, its plural) -> the translations, one for each form."""

_TAG = re.compile(
    r"{%\s*translate\s+(?:\"(?P<double>[^\"]*)\"|'(?P<single>[^']*)').*?%}"
    r"|{%\s*blocktranslate(?P<options>.*?)%}(?P<block>.*?){%\s*endblocktranslate\s*%}",
    re.DOTALL,
)


def said_in_template(text: str) -> Iterator[tuple[str, ...]]:
    """Every text that a template asks a translation for."""
    for tag in _TAG.finditer(text):
        if tag["block"] is None:
            yield (tag["double"] if tag["double"] is not None else tag["single"],)
            continue
        forms = re.split(r"{%\s*plural\s*%}", tag["block"])
        if "trimmed" in tag["options"]:
            forms = [" ".join(line.strip() for line in form.strip().splitlines()) for form in forms]
        yield tuple(re.sub(r"{{\s*(\w+)\s*}}", r"%(\1)s", form) for form in forms)


def said_in_module(source: str) -> Iterator[tuple[str, ...]]:
    """Every text that a Python module asks a translation for; the texts are literals."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in CALLS:
            count = 2 if node.func.id in PLURAL_CALLS else 1
            yield tuple(str(ast.literal_eval(text)) for text in node.args[:count])


def said(root: Path = ROOT) -> set[tuple[str, ...]]:
    """Every text of the pages."""
    found: set[tuple[str, ...]] = set()
    for path in sorted((root / "templates").rglob("*.*")):
        found.update(said_in_template(path.read_text()))
    for path in sorted((root / "webchat").rglob("*.py")):
        found.update(said_in_module(path.read_text()))
    return found


def catalogue(text: str) -> Catalogue:
    """The entries of a ``.po`` file, its header among them under the empty text."""
    entries: Catalogue = {}
    for block in re.split(r"\n\s*\n", text):
        lines = "\n".join(line for line in block.splitlines() if not line.startswith("#"))
        fields = re.findall(r'^(msg\w+)(?:\[\d\])?((?:\s*"(?:[^"\\]|\\.)*")+)', lines, re.MULTILINE)
        texts = [(name, _joined(quoted)) for name, quoted in fields]
        ids = tuple(value for name, value in texts if name.startswith("msgid"))
        if ids:
            entries[ids] = tuple(value for name, value in texts if name == "msgstr")
    return entries


def _joined(quoted: str) -> str:
    parts = re.findall(r'"((?:[^"\\]|\\.)*)"', quoted)
    return re.sub(r"\\(.)", lambda found: {"n": "\n", "t": "\t"}.get(found[1], found[1]), "".join(parts))


def compiled(entries: Catalogue) -> bytes:
    """The ``.mo`` form: two sorted tables of lengths and offsets, then the texts."""
    pairs = sorted(("\0".join(ids).encode(), "\0".join(texts).encode()) for ids, texts in entries.items())
    header = struct.calcsize("<7I")
    offset = header + 16 * len(pairs)
    tables, texts = [b"", b""], b""
    for column in (0, 1):
        for pair in pairs:
            tables[column] += struct.pack("<2I", len(pair[column]), offset + len(texts))
            texts += pair[column] + b"\0"
    count = len(pairs)
    top = struct.pack("<7I", MAGIC, REVISION, count, header, header + 8 * count, 0, offset)
    return top + tables[0] + tables[1] + texts


def complaints(entries: Catalogue, sayings: set[tuple[str, ...]]) -> list[str]:
    """What is missing, what nobody says any more, and values that differ."""
    known = entries.keys() - {("",)}
    found = [f"not translated: {text[0]!r}" for text in sorted(sayings - known)]
    found += [f"not said any more: {text[0]!r}" for text in sorted(known - sayings)]
    for ids in sorted(known):
        if not all(entries[ids]) or len(entries[ids]) < len(ids):
            found.append(f"empty: {ids[0]!r}")
        if any(_values(text) != _values(ids[-1]) for text in entries[ids][-1:]):
            found.append(f"other values than in the text: {ids[0]!r}")
    return found


def _values(text: str) -> set[str]:
    return set(re.findall(r"%\(\w+\)s|\{\w+\}|<[^>]+>", text))


def main() -> int:
    """Compile all; 1 when something is missing."""
    sayings, trouble = said(), False
    for path in sorted(ROOT.glob("locale/*/LC_MESSAGES/django.po")):
        entries = catalogue(path.read_text())
        path.with_suffix(".mo").write_bytes(compiled(entries))
        for each in complaints(entries, sayings):
            trouble = True
            print(f"{path.relative_to(ROOT)}: {each}")
    return int(trouble)


if __name__ == "__main__":
    sys.exit(main())
