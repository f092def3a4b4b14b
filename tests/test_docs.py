"""The documents name what the code has: settings, error codes, frames; and their links lead somewhere."""

from __future__ import annotations

import ast
import re
from pathlib import PurePosixPath

import pytest

from peernode.diagnostics.codes import CATALOGUE
from peernode.wire.ops import Op, Status
from tools import documented, troubleshooting
from tools.tracked import ROOT, text_of, tracked, tree_of

PRODUCT = tuple(p for p in tracked(".py") if p.startswith(("peernode/", "webchat/")) or p == "manage.py")
DOCUMENTS = tracked(".md")
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")


def test_every_setting_is_documented() -> None:
    used = {name for path in PRODUCT for name in documented.environment_variables(tree_of(path))}
    assert "STARLING_BOOTSTRAP" in used
    texts = text_of("docs/operations.md")
    assert sorted(name for name in used - {"DJANGO_SETTINGS_MODULE"} if f"`{name}`" not in texts) == []


def test_every_error_code_is_in_the_catalogue() -> None:
    used = {code: path for path in PRODUCT for code in documented.error_codes(tree_of(path))}
    assert "NO_QUORUM" in CATALOGUE
    assert {code: path for code, path in used.items() if code not in CATALOGUE} == {}


def test_every_error_code_of_the_pages_is_in_the_catalogue() -> None:
    pattern = re.compile(r"""(?:\bcode:\s*|ownError\()["']([A-Z][A-Z_]+)["']""")
    used = {
        code
        for path in tracked(".js")
        for code in pattern.findall(text_of(path))
        if path.startswith("static/")
    }
    assert sorted(used - set(CATALOGUE)) == []


def test_every_error_code_has_texts_a_person_can_follow() -> None:
    for code, entry in CATALOGUE.items():
        assert code == entry.code
        assert min(len(entry.meaning), len(entry.cause), len(entry.remedy)) > 10, code


def test_troubleshooting_is_the_catalogue() -> None:
    document = text_of("docs/troubleshooting.md")
    assert document == troubleshooting.with_generated_part(document), "run: make docs"


@pytest.mark.parametrize("kind", [Op, Status])
def test_every_op_and_status_is_in_the_protocol(kind: type[Op] | type[Status]) -> None:
    rows = text_of("docs/protocol.md")
    assert len(kind) > 5
    assert [item.name for item in kind if f"| `{item.name}` | {item.value} |" not in rows] == []


def test_links_lead_somewhere() -> None:
    broken = []
    for path in DOCUMENTS:
        for target in LINK.findall(text_of(path)):
            if "://" not in target and not target.startswith("mailto:"):
                place = ROOT / PurePosixPath(path).parent / target
                if not place.exists():
                    broken.append(f"{path}: {target}")
    assert broken == []


def test_every_decision_is_listed() -> None:
    numbers = [PurePosixPath(p).name for p in DOCUMENTS if re.match(r"docs/adr/\d{4}-", p)]
    index = text_of("docs/adr/README.md")
    assert numbers
    assert [name for name in numbers if name not in index] == []
    assert len({name[:4] for name in numbers}) == len(numbers)


def test_names_are_found_in_planted_sources() -> None:
    source = ast.parse(
        "import os\n"
        "a = os.environ.get('PORT')\nb = os.environ['HOME_DIR']\nc = text('STARLING_DATA')\n"
        "raise PeerNodeError('NO_QUORUM')\nerror_info('TIMEOUT', step='x')\n"
        "send({'type': 'error', 'code': 'BAD_FRAME'})\nsend(code='TOO_LARGE')\n"
    )
    assert documented.environment_variables(source) == {"PORT", "HOME_DIR", "STARLING_DATA"}
    assert documented.error_codes(source) == {"NO_QUORUM", "TIMEOUT", "BAD_FRAME", "TOO_LARGE"}
