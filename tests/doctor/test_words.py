"""The doctor's sentences: each is said somewhere, by its key, and says what its values are."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import peernode
from peernode.doctor.words import SENTENCES, sentence_of

ENGINE = Path(peernode.__file__).parent
SOURCES = [*(ENGINE / "doctor").glob("*.py"), ENGINE / "doctorcli.py"]


def test_every_sentence_is_said_and_every_key_has_one() -> None:
    said = "".join(path.read_text() for path in SOURCES if path.name != "words.py")
    found = re.findall(r'"([a-z]+\.[a-z_]+)"', said)
    assert {*found, "error"} - {"peernode.doctor", "doctor.slow"} == SENTENCES.keys()


def test_values_are_said_as_people_say_them() -> None:
    assert sentence_of(["lookup.answered"], {"asked": 1, "answered": 0}) == "1 node asked, 0 answered."
    versions = {"version": 1, "versions": [[2, 2], [3, 5]]}
    assert sentence_of(["version.other"], versions).endswith("others version 2, versions 3 to 5.")
    assert sentence_of(["bootstrap.silent", "bootstrap.others"], {}).endswith("there. Others do.")
    with pytest.raises(KeyError):
        sentence_of(["never.heard"], {})
