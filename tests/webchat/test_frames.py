"""Frames from a browser: the good ones are understood, everything else is a ``FrameError``."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peernode.events import Event
from peernode.pubsub import search
from tools.tracked import text_of
from webchat.chat.eventframes import FRAME_OF_EVENT, UNTOLD
from webchat.chat.frames import (
    CLIENT_FRAMES,
    SERVER_FRAMES,
    SERVER_OPTIONAL,
    TEXT_MAX_BYTES,
    WORDS_MAX_CHARS,
    FrameError,
    parse,
)

API = Path(__file__).parents[2] / "docs" / "api.md"
ID = "01890a5d-ac96-774b-bcce-b302099a8057"
SEND = {"type": "message.send", "ref": "1", "channel": "#lobby", "id": ID, "text": "hello"}


def refused(content: Any) -> FrameError:
    text = content if isinstance(content, str) else json.dumps(content)
    with pytest.raises(FrameError) as caught:
        parse(text)
    return caught.value


def test_a_good_frame_is_understood_and_unknown_fields_are_dropped() -> None:
    frame = parse(json.dumps({**SEND, "colour": "blue"}))
    assert (frame.type, frame.ref) == ("message.send", "1")
    assert frame.fields == {"channel": "#lobby", "id": ID, "text": "hello"}


def test_optional_fields_may_be_missing_or_null() -> None:
    assert parse('{"type":"hello","ref":"1"}').fields == {}
    assert parse('{"type":"hello","ref":"1","cursor":null}').fields == {"cursor": None}
    assert parse('{"type":"hello","ref":"1","cursor":"ab:7"}').fields == {"cursor": "ab:7"}


@pytest.mark.parametrize("text", ["", "{", "null", "[]", "7", '"hello"', "[" * 100_000, '{"a":NaN}'])
def test_what_is_not_an_object_is_refused_without_a_reference(text: str) -> None:
    error = refused(text)
    assert (error.code, error.ref) == ("BAD_FRAME", None)


@pytest.mark.parametrize("ref", [None, "", 7, ["1"], "x" * 65, "a\nb"])
def test_a_reference_must_be_short_text(ref: Any) -> None:
    assert refused({"type": "hello", "ref": ref}).ref is None


@pytest.mark.parametrize("kind", [None, 7, "hullo", ["hello"], {}])
def test_an_unknown_type_is_refused(kind: Any) -> None:
    error = refused({"type": kind, "ref": "9"})
    assert (error.code, error.ref) == ("BAD_FRAME", "9")


@pytest.mark.parametrize("name", ["channel", "id", "text"])
def test_a_missing_field_is_named(name: str) -> None:
    error = refused({key: value for key, value in SEND.items() if key != name})
    assert (error.code, error.ref) == ("BAD_FRAME", "1")
    assert name in error.detail


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("channel", 7),
        ("channel", ""),
        ("channel", "x" * 65),
        ("channel", "\ud800"),
        ("id", ID.upper()),
        ("id", ID.replace("-774b", "-474b")),
        ("id", ID + "\n"),
        ("id", None),
        ("text", "  \n"),
        ("text", ["hello"]),
        ("text", "\udfff"),
    ],
)
def test_a_wrong_value_is_named(name: str, value: Any) -> None:
    error = refused({**SEND, name: value})
    assert (error.code, error.ref) == ("BAD_FRAME", "1")
    assert name in error.detail


@pytest.mark.parametrize("limit", [0, 201, 1.5, True, "50", None])
def test_a_page_has_a_sensible_size(limit: Any) -> None:
    frame = {"type": "history.page", "ref": "1", "channel": "#lobby", "limit": limit}
    assert refused(frame).code == "BAD_FRAME"


def test_so_many_words_as_the_engine_looks_for_can_be_searched_for() -> None:
    assert WORDS_MAX_CHARS == search.WORDS_MAX_CHARS
    assert f'id="search-words" type="search" maxlength="{WORDS_MAX_CHARS}"' in text_of(
        "templates/webchat/panel.html"
    )
    asking = {"type": "search", "ref": "1", "channel": "#lobby"}
    parse(json.dumps({**asking, "words": "ü" * WORDS_MAX_CHARS}))
    too_long = refused({**asking, "words": "ü" * (WORDS_MAX_CHARS + 1)})
    assert (too_long.code, too_long.detail) == ("BAD_FRAME", "words: expected words of 1 to 200 characters")


def test_a_text_is_measured_in_bytes() -> None:
    assert parse(json.dumps({**SEND, "text": "é" * (TEXT_MAX_BYTES // 2)}))
    assert refused({**SEND, "text": "é" * (TEXT_MAX_BYTES // 2) + "!"}).code == "TOO_LARGE"


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
)


@given(
    st.fixed_dictionaries(
        {"type": st.sampled_from([*CLIENT_FRAMES]) | json_values, "ref": st.just("1") | json_values},
        optional=dict.fromkeys(("channel", "id", "text", "cursor", "before", "limit"), json_values),
    )
)
def test_any_frame_is_understood_or_refused(content: dict[str, Any]) -> None:
    try:
        parse(json.dumps(content))
    except FrameError as error:
        assert error.code


@given(st.text())
def test_any_text_is_understood_or_refused(text: str) -> None:
    try:
        parse(text)
    except FrameError as error:
        assert error.code


def table(heading: str) -> dict[str, str]:
    """The rows of the table below a heading of docs/api.md: first cell without ticks -> second cell."""
    section = API.read_text().split(f"## {heading}\n")[1].split("\n## ")[0]
    rows = re.findall(r"^\| `([a-z.]+)` \| (.*?) \|", section, re.MULTILINE)
    return dict(rows)


def test_the_document_names_every_frame_of_the_client_with_its_fields() -> None:
    documented = table("From the client")
    assert [*documented] == [*CLIENT_FRAMES]
    for kind, shape in CLIENT_FRAMES.items():
        fields = re.findall(r"`([a-z_?]+)`", documented[kind])
        assert fields == [*shape.required, *(f"{name}?" for name in shape.optional)], kind


def test_the_document_names_every_frame_to_the_client_with_its_fields() -> None:
    documented = table("To the client")
    assert [*documented] == [*SERVER_FRAMES]
    for kind, fields in SERVER_FRAMES.items():
        optional = SERVER_OPTIONAL.get(kind, ())
        expected = [f"{name}?" if name in optional else name for name in fields]
        assert re.findall(r"`([a-z_?]+)`", documented[kind]) == expected, kind


def test_every_event_of_the_engine_has_a_frame_or_is_left_out_knowingly() -> None:
    assert {*FRAME_OF_EVENT.values()} <= SERVER_FRAMES.keys()
    events = {event.__name__ for event in get_args(Event)}
    assert events == {*FRAME_OF_EVENT, *UNTOLD}
