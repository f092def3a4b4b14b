"""What pages do by themselves is never too much; who is refused a welcome gets it all the same."""

from __future__ import annotations

import pytest
from pytest_django import Settings

from tests.support.browser import Browser, message_id
from tests.webchat.conftest import Open

IN_FLIGHT = 60
OUTBOX_MAX = 500
"""As a browser has it (``outbox.js``)."""

CHANNELS, TABS = 40, 5
WANTED_MAX = 50
"""Channels that wait for a connection (``wanted.js``)."""


async def asked(page: Browser, frames: list[tuple[str, dict[str, str]]]) -> list[str]:
    """What the server says to these frames, ``ok`` or a code, a few dozen of them at a time."""
    answers = []
    for first in range(0, len(frames), IN_FLIGHT):
        refs = [await page.send(kind, **fields) for kind, fields in frames[first : first + IN_FLIGHT]]
        answers += [await page.expect(ref=ref) for ref in refs]
    return [answer.get("code", answer["type"]) for answer in answers]


@pytest.mark.usefixtures("worker")
async def test_a_whole_outbox_is_asked_about_and_tried_again_or_given_up(open_page: Open) -> None:
    ann = await open_page("ann")
    await ann.hello()
    await ann.join("#lobby")
    ids = [message_id(number) for number in range(OUTBOX_MAX)]
    known = [("message.known", {"channel": "#lobby", "id": each}) for each in ids[: OUTBOX_MAX // 2]]
    again = [("message.retry", {"id": each}) for each in ids]
    assert set(await asked(ann, [*known, *again])) == {"MESSAGE_UNKNOWN"}


@pytest.mark.usefixtures("worker")
async def test_pages_that_come_back_together_may_ask_for_all_that_they_show(open_page: Open) -> None:
    tabs = [await open_page("ann") for _ in range(TABS)]
    for tab in tabs:
        await tab.hello()
    await tabs[0].join("#lobby")
    pages = [("history.page", {"channel": "#lobby"})] * CHANNELS
    joins = [("channel.join", {"channel": "#lobby"})] * WANTED_MAX
    for tab in tabs:
        assert set(await asked(tab, pages)) == {"history"}
        assert set(await asked(tab, joins)) == {"ok"}


@pytest.mark.usefixtures("worker")
async def test_a_welcome_that_came_too_often_comes_by_itself(open_page: Open, settings: Settings) -> None:
    settings.FRAMES_PER_WINDOW_MAX = {**settings.FRAMES_PER_WINDOW_MAX, "hello": 1}
    settings.MESSAGES_WINDOW_S, settings.STREAM_CHECK_S = 1.0, 0.1
    ann = await open_page("ann")
    await ann.hello()
    refused = await ann.ask("hello")
    assert (refused["code"], refused["retry_after"]) == ("RATE_LIMITED", 1)
    assert (await ann.expect("welcome"))["ref"] is None
