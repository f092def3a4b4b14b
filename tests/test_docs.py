"""The documents name what the code has: settings, error codes, frames; and their links lead somewhere."""

from __future__ import annotations

import ast
import hashlib
import re
import string
from pathlib import PurePosixPath

import pytest

from peernode.channel.assignment import rank, set_hash
from peernode.config import NodeConfig
from peernode.diagnostics.codes import CATALOGUE, PARTS
from peernode.diagnostics.reasons import STATES
from peernode.doctor.steps import STEPS
from peernode.overlay.upkeep import DEPENDED_SILENT_S, TICK_S
from peernode.pubsub.joinproof import PROOF_WAIT_S
from peernode.pubsub.stagger import STAGGER_RTOS, STAGGER_RTOS_LARGE
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
    entries = [entry for part in PARTS for entry in part.ENTRIES]
    assert [entry.code for entry in entries] == [*CATALOGUE], "each code once"
    for entry in entries:
        assert min(len(entry.meaning), len(entry.cause)) > 10, entry.code
        assert not entry.meaning.endswith(".") and entry.cause.endswith("."), entry.code
        assert documented.is_followed(entry.remedy), f"{entry.code}: {entry.remedy}"


def test_every_error_code_is_one_that_somebody_can_meet() -> None:
    texts = [
        text_of(path)
        for path in PRODUCT
        if not path.startswith(("peernode/diagnostics/catalogue", "webchat/languages/"))
    ]
    texts += [text_of(path) for path in tracked(".js") if path.startswith("static/")]
    assert [code for code in CATALOGUE if not any(f'"{code}"' in text for text in texts)] == []


def test_nothing_that_a_person_is_told_is_raised_without_a_code() -> None:
    looked_at = [p for p in PRODUCT if not p.startswith(("peernode/simulation/", "webchat/management/"))]
    assert len(looked_at) > 100
    assert [c for path in looked_at for c in documented.raises_without_code(path, tree_of(path))] == []


def test_no_value_in_a_text_is_left_open() -> None:
    wanted = {code: _values(entry.meaning) | _values(entry.remedy) for code, entry in CATALOGUE.items()}
    assert wanted["RATE_LIMITED"] == {"retry_after"}
    assert [c for path in PRODUCT for c in documented.values_left_open(path, tree_of(path), wanted)] == []


def _values(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_troubleshooting_is_the_catalogue() -> None:
    document = text_of("docs/troubleshooting.md")
    assert document == troubleshooting.with_generated_part(document), "run: make docs"


def _symptoms() -> dict[str, str]:
    """Symptom -> its section, of the part that is written by hand."""
    by_hand = text_of("docs/troubleshooting.md").partition(troubleshooting.BEGIN)[0]
    title, *sections = by_hand.partition("## By symptom")[2].split("\n### ")
    assert not title.strip()
    return {section.partition("\n")[0]: section for section in sections}


def test_every_symptom_says_where_to_look_and_what_to_do() -> None:
    symptoms = _symptoms()
    assert len(symptoms) >= 12
    parts = ("* **Look at.** ", "* **Do.** ", "* **Codes.** ")
    assert [name for name, text in symptoms.items() if any(text.count(part) != 1 for part in parts)] == []


def test_every_code_stands_under_a_symptom_and_no_other_does() -> None:
    listed = {
        code
        for text in _symptoms().values()
        for code in re.findall(r"`([A-Z][A-Z_]+)`", text.partition("* **Codes.** ")[2])
    }
    assert listed == set(CATALOGUE)


def test_every_step_of_the_doctor_and_every_verdict_is_written_about() -> None:
    by_hand = text_of("docs/troubleshooting.md").partition(troubleshooting.BEGIN)[0]
    operations = text_of("docs/operations.md")
    assert [step for step in STEPS if f"`{step}`" not in by_hand] == []
    assert [step for step in STEPS if f"\n| `{step}` | " not in operations] == []
    assert [state for state in STATES if f"`{state}`" not in by_hand] == []


@pytest.mark.parametrize("kind", [Op, Status])
def test_every_op_and_status_is_in_the_protocol(kind: type[Op] | type[Status]) -> None:
    rows = text_of("docs/protocol.md")
    assert len(kind) > 5
    assert [item.name for item in kind if f"| `{item.name}` | {item.value} |" not in rows] == []


def test_the_numbers_of_delivery_in_the_protocol_are_those_of_the_code() -> None:
    written = " ".join(text_of("docs/protocol.md").split())
    config = NodeConfig()
    small_ms, large_ms = config.push_stagger_small_s * 1000, config.push_stagger_s * 1000
    assert [
        words
        for words in (
            f"A stagger is {small_ms:g} ms, at least {STAGGER_RTOS:g} RTOs, in channels of fewer than 10 ",
            f"subscribers, else {large_ms:g} ms, at least {STAGGER_RTOS_LARGE:g} RTOs;",
            f"In a channel of at most {config.small_channel_max} subscribers the author itself pushes",
            f"in its author's numbers it holds for {config.gap_hold_s:g} s, then shows it.",
            f"each tick of {TICK_S:g} s (give or take a fifth) to those",
            f"to those not heard from for {DEPENDED_SILENT_S:g} s",
            f"is waited for as well, {PROOF_WAIT_S:g} s at most",
            f"whose `hlc` is more than {config.ahead_max_s:g} s ahead of it is refused",
        )
        if words not in written
    ] == []


def test_the_ranking_and_the_set_hash_are_those_of_the_protocol() -> None:
    """As ``docs/protocol.md`` describes them, done anew."""
    written = " ".join(text_of("docs/protocol.md").split())
    assert "BLAKE2b-64(subscriber id 20 ‖ `ch` ‖ initiator's public key 32), the highest first" in written
    assert "The set hash is BLAKE2b-128 over the initiators' public keys in ascending order" in written
    keys = [hashlib.sha256(bytes([number])).digest() for number in range(5)]
    channel_id, subscriber_id = bytes(range(20)), bytes(range(20, 40))
    by_hash = {hashlib.blake2b(subscriber_id + channel_id + key, digest_size=8).digest(): key for key in keys}
    assert rank(subscriber_id, channel_id, keys) == [by_hash[weight] for weight in sorted(by_hash)[::-1]]
    assert set_hash(keys[::-1]) == hashlib.blake2b(b"".join(sorted(keys)), digest_size=16).digest()


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


def test_codes_are_found_however_they_are_chosen() -> None:
    source = ast.parse(
        "a = Reason(DOWN, 'ONE', 'a clause', {})\n"
        "b = Reason(state, 'TWO' if x else 'THREE', clause)\n"
        "raise PeerNodeError(known or 'FOUR')\n"
        "tell(code='FIVE' if x else ('SIX' if y else z))\n"
        "STEP_CODES = {'find': 'SEVEN'}\nREFUSALS: dict[str, str] = {'FULL': 'EIGHT'}\n"
        "code = 'NINE'\n"
        "def lack(self):\n    if x:\n        return 'TEN'\n    return 'ELEVEN' if y else ''\n"
        "def other(self):\n    return 'NONE'\nNAMES = {'a': 'NEITHER'}\n"
    )
    numbers = "ONE TWO THREE FOUR FIVE SIX SEVEN EIGHT NINE TEN ELEVEN"
    assert documented.error_codes(source) == set(numbers.split())


def test_every_table_of_codes_is_one_that_is_looked_at() -> None:
    planted = ast.parse("WAYS: dict[str, str] = {'a': 'TIMEOUT', 'b': 'x'}\nOTHERS = {'a': 'x', 'b': 1}\n")
    assert documented.code_tables(planted, CATALOGUE) == {"WAYS"}
    tables = {
        f"{path} {name}" for path in PRODUCT for name in documented.code_tables(tree_of(path), CATALOGUE)
    }
    assert "peernode/pubsub/joinrun.py STEP_CODES" in tables
    assert [table for table in sorted(tables) if not documented.CODE_TABLE.search(table)] == []


@pytest.mark.parametrize(("code", "word"), [("CLOCK_SKEW", "ahead"), ("INITIATOR_DOUBTED", "block")])
def test_a_text_says_no_more_than_is_true(code: str, word: str) -> None:
    """A clock may be behind as well; and a node that stores a channel can't be blocked."""
    entry = CATALOGUE[code]
    assert word not in f"{entry.meaning} {entry.remedy}"


def test_planted_errors_without_a_code_are_found() -> None:
    planted = ast.parse(
        "raise PeerNodeError\nraise PeerNodeError()\nraise CommandError('It went wrong.')\n"
        "raise commands.CommandError(f'{x} failed')\nraise RuntimeError('oh')\nraise Exception\n"
    )
    assert len(documented.raises_without_code("a.py", planted)) == 6
    fine = ast.parse(
        "raise PeerNodeError('NO_QUORUM')\nraise CommandError(error.code, error.detail)\n"
        "raise ValueError('x')\nraise\nraise PeerNodeError('AUTHOR_QUOTA' if x else 'CHANNEL_FULL')\n"
    )
    assert documented.raises_without_code("a.py", fine) == []


def test_planted_values_that_are_left_open_are_found() -> None:
    wanted = {"TIMEOUT": {"step"}}
    planted = ast.parse("PeerNodeError('TIMEOUT')\nerror_info('TIMEOUT', seconds=1)\n")
    assert len(documented.values_left_open("a.py", planted, wanted)) == 2
    fine = ast.parse(
        "PeerNodeError('TIMEOUT', step='x')\nerror_info('TIMEOUT', **params)\nother('TIMEOUT')\n"
    )
    assert documented.values_left_open("a.py", fine, wanted) == []


@pytest.mark.parametrize(
    "remedy",
    [
        "",
        "Sorry.",
        "An error occurred, please contact us.",
        "Wait.",
        "Check the network",
        "It may help to wait.",
    ],
)
def test_a_remedy_that_names_no_action_is_none(remedy: str) -> None:
    assert not documented.is_followed(remedy)
