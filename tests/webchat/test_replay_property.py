"""Snapshot equals replay, for any story: wherever a page lost its connection, it ends like a fresh one.

Two users of one real worker live through drawn stories, each in a channel of its own. One page of each hears
everything. Then a page comes back with a drawn cursor and what was known there, and a fresh page takes a
snapshot: all three must show the same. Commands follow each other without a pause, so that most of what they
set off is still on its way when the next one comes; only joining and a drawn ``meet`` wait for the network.
"""

from __future__ import annotations

import asyncio
import itertools
from typing import Any

import pytest
from channels.db import database_sync_to_async
from django.contrib.auth.models import User
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pytest_django import Settings

from tests.support.browser import PATIENCE_S, Browser, cookie_of, signed_in
from tests.support.fold import NEWEST, Page, differences, is_count
from tests.webchat.storytelling import NAMES, Listener, Person, Story, number_of
from webchat import recounts
from webchat.worker import Worker

EXAMPLES = 100
STEPS_MAX = 14
EMOJIS = ("👍", "🎉")
CHANNELS = itertools.count(1)

nth = st.integers(0, 5)
who = st.sampled_from(NAMES)
STEPS = st.one_of(
    st.tuples(st.just("say"), who, st.booleans()),
    st.tuples(st.just("say"), who, st.booleans()),
    st.tuples(st.just("reply"), who, nth),
    st.tuples(st.just("edit"), who, nth),
    st.tuples(st.just("delete"), who, nth),
    st.tuples(st.just("react"), who, nth, st.sampled_from(EMOJIS), st.booleans()),
    st.tuples(st.just("read"), who, nth),
    st.tuples(st.just("type"), who),
    st.tuples(st.just("block"), who, st.booleans()),
    st.tuples(st.just("verify"), who, st.booleans()),
    st.tuples(st.just("profile"), who, st.sampled_from(("Ann", "Bob", "Cleo")), st.booleans()),
    st.tuples(st.just("health"), who, nth),
    st.tuples(st.just("hold"), who),
    st.tuples(st.just("open"), who),
    st.tuples(st.just("discard"), who, nth),
    st.tuples(st.just("retry"), who, nth),
    st.tuples(st.just("leave"), who),
    st.tuples(st.just("join"), who),
    st.tuples(st.just("meet")),
)


async def with_history(person: Person, page: Page) -> Page:
    """As a page asks after it has joined: with the newest of what the node held before."""
    for name in page.just_joined & set(page.channels):
        answer = await person.page.ask("history.page", channel=name, limit=NEWEST)
        if answer["type"] == "history":
            page.add_history(name, answer["messages"])
    return page


async def compare(fresh: Browser, pages: tuple[tuple[Page, Listener], ...], known: int) -> None:
    """Fresh snapshots until the counts agree with them; everything else must do so at once."""
    while True:
        snapshot = await fresh.hello()
        head, wrong = number_of(snapshot), []
        for page, listener in pages:
            for frame in await listener.hear_upto(head):
                if number_of(frame) > known:
                    page.apply(frame)
            wrong += differences(page.shown(), Page(snapshot).shown())
        known = head
        if not wrong:
            return
        assert [line for line in wrong if not is_count(line)] == []


async def check(person: Person, cut: int) -> None:
    """The page that was there, the one that came back and the fresh one show the same."""
    epoch, begin = person.welcome["cursor"].split(":")
    events = person.page.heard
    place = int(begin) + cut % (len(events) + 1)
    there = Page(person.welcome)
    for frame in events[: place - int(begin)]:
        there.apply(frame)
    back = there.copy()
    again, fresh = Listener(person.cookie), Listener(person.cookie)
    assert await again.open()
    assert await fresh.open()
    try:
        welcome = await again.hello(f"{epoch}:{place}")
        assert welcome["replayed"] is True
        back.take(welcome)
        done = len(events)
        for frame in events[place - int(begin) : done]:
            there.apply(frame)
        for frame in await again.hear_upto(int(begin) + done):
            back.apply(frame)
        await with_history(person, there)
        await with_history(person, back)
        await compare(fresh, ((there, person.page), (back, again)), int(begin) + done)
    finally:
        await again.close()
        await fresh.close()


@pytest.fixture
async def people(worker: Worker, deployment: Settings, monkeypatch: pytest.MonkeyPatch) -> dict[str, Person]:
    """Both users' pages, on one worker for all stories; what is unread is counted anew at once."""
    monkeypatch.setattr(recounts, "RECOUNT_S", 0.0)
    deployment.MESSAGES_PER_WINDOW_MAX = 100_000
    deployment.FRAMES_PER_WINDOW_MAX = dict.fromkeys(deployment.FRAMES_PER_WINDOW_MAX, 100_000)
    people = {}
    for name in NAMES:
        user, _ = await database_sync_to_async(User.objects.get_or_create)(username=name)
        cookie = cookie_of(await database_sync_to_async(signed_in)(user))
        page = Listener(cookie)
        assert await page.open()
        welcome = await page.hello()
        people[name] = Person(name, cookie, page, welcome, await worker.residents.peer(user.pk))
    return people


@settings(max_examples=EXAMPLES, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(STEPS, max_size=STEPS_MAX), st.integers(0, 400))
async def test_a_page_that_comes_back_ends_like_a_fresh_one(
    people: dict[str, Person], steps: list[tuple[Any, ...]], cut: int
) -> None:
    for person in people.values():
        await person.begin()
    story = Story(people, f"#story-{next(CHANNELS)}")
    try:
        await story.tell(steps)
        for person in people.values():
            async with asyncio.timeout(PATIENCE_S):
                await check(person, cut)
    finally:
        await story.end()
