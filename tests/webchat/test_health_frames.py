"""Frames of the health page: the good ones are understood, and the document names all of them."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.webchat.test_frames import API, json_values
from webchat.chat.frames import FrameError
from webchat.health.frames import CLIENT_FRAMES, FILTERS, SERVER_FRAMES, SERVER_OPTIONAL, parsed

NODE = "ab" * 20
MESSAGE = "01890a5d-ac96-774b-bcce-b302099a8057"


def refused(**content: Any) -> str:
    with pytest.raises(FrameError) as caught:
        parsed(json.dumps({"ref": "1", **content}))
    assert caught.value.ref == "1"
    return caught.value.code


@pytest.mark.parametrize(
    "content",
    [
        {"type": "hello"},
        {"type": "hello", "cursor": None},
        {"type": "watch", "channel": None},
        {"type": "watch", "channel": "#lobby"},
        {"type": "trace", "channel": "#lobby", "id": MESSAGE},
        {"type": "repair", "channel": "#lobby", "subscriber": NODE},
        {"type": "diagnostic", "on": True},
        {"type": "doctor", "address": "127.0.0.1:8468", "channel": "#lobby"},
        {"type": "events", "operation": "join", "since": 0, "until": None, "limit": 500},
    ],
)
def test_good_frames_are_understood(content: dict[str, Any]) -> None:
    frame = parsed(json.dumps({"ref": "1", **content}))
    assert frame.fields == {name: value for name, value in content.items() if name != "type"}


@pytest.mark.parametrize(
    "content",
    [
        {"type": "message.send"},
        {"type": "trace", "channel": "#lobby", "id": "7"},
        {"type": "trace", "channel": "#lobby"},
        {"type": "repair", "channel": "#lobby", "subscriber": NODE.upper()},
        {"type": "diagnostic", "on": 1},
        {"type": "doctor", "address": "x" * 121},
        {"type": "events", "limit": 501},
        {"type": "events", "limit": True},
        {"type": "events", "since": -1},
        {"type": "events", "since": "yesterday"},
        {"type": "events", "text": "x" * 121},
        {"type": "events", "text": "a\nb"},
        {"type": "watch", "channel": 7},
    ],
)
def test_everything_else_is_refused(content: dict[str, Any]) -> None:
    assert refused(**content) == "BAD_FRAME"


@given(
    st.fixed_dictionaries(
        {"type": st.sampled_from([*CLIENT_FRAMES]) | json_values, "ref": st.just("1") | json_values},
        optional=dict.fromkeys(("channel", "id", "on", "subscriber", "limit", *FILTERS), json_values),
    )
)
def test_any_frame_is_understood_or_refused(content: dict[str, Any]) -> None:
    try:
        parsed(json.dumps(content))
    except FrameError as error:
        assert error.code


def table(heading: str) -> dict[str, str]:
    """The rows of the table below a heading of docs/api.md."""
    section = API.read_text().split(f"## Health: {heading}\n")[1].split("\n## ")[0]
    return dict(re.findall(r"^\| `([a-z.]+)` \| (.*?) \|", section, re.MULTILINE))


def test_the_document_names_every_frame_with_its_fields() -> None:
    documented = table("from the client")
    assert [*documented] == [*CLIENT_FRAMES]
    for kind, shape in CLIENT_FRAMES.items():
        fields = [*shape.required, *(f"{name}?" for name in shape.optional)]
        assert re.findall(r"`([a-z_?]+)`", documented[kind]) == fields, kind
    documented = table("to the client")
    assert [*documented] == [*SERVER_FRAMES]
    for kind, names in SERVER_FRAMES.items():
        optional = SERVER_OPTIONAL.get(kind, ())
        expected = [f"{name}?" if name in optional else name for name in names]
        assert re.findall(r"`([a-z_?]+)`", documented[kind]) == expected, kind
