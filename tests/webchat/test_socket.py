"""The WebSocket against strangers, mistakes and floods; no test here needs a worker.

Without a worker a command is answered with ``WORKER_UNAVAILABLE``; everything before that is the
consumer's own.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from channels.db import database_sync_to_async
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from tests.support.browser import Browser, cookie_of, message_id, signed_in
from tests.webchat.conftest import Open
from webchat.chat.link import WorkerLink
from webchat.models import BrowserSession

SEND = {"channel": "#lobby", "id": message_id(1), "text": "hello"}
PASSWORD = "correct horse battery"


@pytest.fixture(autouse=True)
def _soon(settings: Settings) -> None:
    """Nobody waits long for the worker that is not there."""
    settings.COMMAND_TIMEOUT_S = 0.1
    settings.COMMAND_RESEND_S = 0.05


@pytest.fixture
async def ann(open_page: Open) -> Browser:
    return await open_page("ann")


@pytest.fixture
async def member(transactional_db: None) -> AsyncIterator[Client]:
    """A signed-in browser of ann, who has a password."""
    user = await database_sync_to_async(User.objects.create_user)("ann", password=PASSWORD)
    yield await database_sync_to_async(signed_in)(user)


async def page_of(client: Client) -> Browser:
    browser = Browser(cookie_of(client))
    assert await browser.open()
    return browser


async def test_another_origin_is_refused_before_it_is_open(member: Client) -> None:
    assert not await Browser(cookie_of(member), origin=b"http://127.0.0.1:9000").open()
    assert not await Browser(cookie_of(member), origin=b"http://evil.example").open()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("cookie", [None, b"starling_session_8000=forged"])
async def test_a_stranger_is_told_to_sign_in(cookie: bytes | None) -> None:
    stranger = Browser(cookie)
    assert await stranger.open()
    assert (await stranger.next_frame())["code"] == "SESSION_ENDED"
    assert await stranger.next_frame() == {"type": "closed", "code": 4401}


@pytest.mark.parametrize("text", [" ", "{", "[]", "7", '{"type":"hello"}', '{"ref":"1","type":"dance"}'])
async def test_a_bad_frame_is_answered_and_the_connection_kept(ann: Browser, text: str) -> None:
    await ann.write(text)
    error = await ann.next_frame()
    assert (error["type"], error["code"]) == ("error", "BAD_FRAME")
    assert error["message"] and error["remedy"] and error["detail"]
    assert (await ann.ask("typing"))["code"] == "BAD_FRAME"


async def test_a_frame_that_is_not_text_is_answered_and_the_connection_kept(ann: Browser) -> None:
    await ann.write(data=b"\xff\x00")
    assert (await ann.next_frame())["code"] == "BAD_FRAME"
    assert (await ann.ask("typing"))["code"] == "BAD_FRAME"


@pytest.mark.parametrize("filler", ["x", "é"])
async def test_a_frame_over_64_kib_is_answered_and_the_connection_kept(ann: Browser, filler: str) -> None:
    empty = len(json.dumps({"type": "typing", "ref": "1", "pad": ""}))
    pad = filler * ((65536 - empty) // len(filler.encode()))
    await ann.write(json.dumps({"type": "typing", "ref": "1", "pad": pad}, ensure_ascii=False))
    understood = await ann.next_frame()
    assert (understood["code"], understood["ref"]) == ("BAD_FRAME", "1")  # only its channel is missing
    await ann.write(json.dumps({"type": "typing", "ref": "2", "pad": pad + "xx"}, ensure_ascii=False))
    error = await ann.next_frame()
    assert (error["code"], error["ref"]) == ("BAD_FRAME", None)
    assert (await ann.ask("typing"))["code"] == "BAD_FRAME"


async def test_a_sign_of_life_needs_no_worker(ann: Browser) -> None:
    assert (await ann.ask("ping"))["type"] == "ok"


async def test_without_a_worker_every_command_is_answered(ann: Browser) -> None:
    frames = [
        ("hello", {}),
        ("channel.join", {"channel": "#lobby"}),
        ("channel.leave", {"channel": "#lobby"}),
        ("message.send", SEND),
        ("message.retry", {"id": message_id(1)}),
        ("message.discard", {"id": message_id(1)}),
        ("history.page", {"channel": "#lobby"}),
    ]
    refs = {await ann.send(kind, **fields): kind for kind, fields in frames}
    errors = {ref: await ann.expect("error", ref=ref) for ref in refs}
    assert {error["code"] for error in errors.values()} == {"WORKER_UNAVAILABLE"}
    assert all(error["retryable"] and error["remedy"] for error in errors.values())


async def test_the_sixth_page_of_a_user_is_told_so(open_page: Open) -> None:
    pages = [await open_page("ann") for _ in range(5)]
    sixth = await open_page("ann")
    error = await sixth.next_frame()
    assert (error["type"], error["code"]) == ("error", "TOO_MANY_SOCKETS")
    assert await sixth.next_frame() == {"type": "closed", "code": 4429}
    assert (await (await open_page("bob")).ask("typing"))["code"] == "BAD_FRAME"

    await pages[0].close()
    assert (await (await open_page("ann")).ask("typing"))["code"] == "BAD_FRAME"


async def test_the_eleventh_message_in_ten_seconds_must_wait_whichever_page_it_is_from(
    open_page: Open,
) -> None:
    pages = [await open_page("ann"), await open_page("ann")]
    codes = []
    for number in range(11):
        answer = await pages[number % 2].ask("message.send", **{**SEND, "id": message_id(number)})
        codes.append(answer["code"])
    assert codes == ["WORKER_UNAVAILABLE"] * 10 + ["RATE_LIMITED"]
    assert 1 <= answer["retry_after"] <= 11
    other = await open_page("bob")
    assert (await other.ask("message.send", **SEND))["code"] == "WORKER_UNAVAILABLE"


async def test_reconnecting_does_not_bring_new_messages(open_page: Open, settings: Settings) -> None:
    settings.MESSAGES_PER_WINDOW_MAX = 1
    first = await open_page("ann")
    assert (await first.ask("message.send", **SEND))["code"] == "WORKER_UNAVAILABLE"
    await first.close()
    again = await open_page("ann")
    assert (await again.ask("message.send", **SEND))["code"] == "RATE_LIMITED"


@pytest.mark.parametrize(
    ("kind", "fields", "bound"),
    [
        ("history.page", {"channel": "#lobby"}, "page"),
        ("search", {"channel": "#lobby", "words": "x"}, "search"),
        ("channel.join", {"channel": "#lobby"}, "note"),
        ("message.retry", {"id": message_id(1)}, "outbox"),
        ("hello", {}, "hello"),
    ],
)
async def test_who_asks_too_often_must_wait_whichever_page_it_is_from(
    open_page: Open, settings: Settings, kind: str, fields: dict[str, str], bound: str
) -> None:
    settings.COMMAND_TIMEOUT_S = settings.COMMAND_RESEND_S = 0.05
    settings.FRAMES_PER_WINDOW_MAX = {**settings.FRAMES_PER_WINDOW_MAX, bound: 4}
    pages = [await open_page("ann"), await open_page("ann")]
    answers = [await pages[number % 2].ask(kind, **fields) for number in range(5)]
    assert [answer["code"] for answer in answers] == ["WORKER_UNAVAILABLE"] * 4 + ["RATE_LIMITED"]
    assert 1 <= answers[-1]["retry_after"] <= 11
    assert (await pages[0].ask("ping"))["type"] == "ok"
    assert (await (await open_page("bob")).ask(kind, **fields))["code"] == "WORKER_UNAVAILABLE"


async def test_a_flood_of_frames_is_answered_with_errors(ann: Browser, settings: Settings) -> None:
    settings.COMMAND_TIMEOUT_S = 1.0
    refs = [await ann.send("history.page", channel="#lobby") for _ in range(80)]
    codes = [(await ann.expect("error", ref=ref))["code"] for ref in refs]
    assert codes == ["WORKER_UNAVAILABLE"] * 64 + ["RATE_LIMITED"] * 16


async def test_signing_out_closes_the_sockets_of_that_session_alone(member: Client) -> None:
    here, elsewhere = await page_of(member), await page_of(await _another_session())
    await database_sync_to_async(member.post)(reverse("signout"))
    assert (await here.next_frame())["code"] == "SESSION_ENDED"
    assert await here.next_frame() == {"type": "closed", "code": 4401}
    assert (await elsewhere.ask("typing"))["code"] == "BAD_FRAME"
    await elsewhere.close()


async def test_a_new_password_closes_other_sessions_and_has_this_one_reconnect(member: Client) -> None:
    here, elsewhere = await page_of(member), await page_of(await _another_session())
    new = "another horse battery"
    fields = {"old_password": PASSWORD, "new_password1": new, "new_password2": new}
    await database_sync_to_async(member.post)(reverse("password_change"), fields)
    assert (await elsewhere.next_frame())["code"] == "SESSION_ENDED"
    assert await elsewhere.next_frame() == {"type": "closed", "code": 4401}
    assert await here.next_frame() == {"type": "closed", "code": 4409}

    again = await page_of(member)
    assert (await again.ask("typing"))["code"] == "BAD_FRAME"
    await again.close()


async def test_an_expired_session_closes_its_sockets(member: Client, settings: Settings) -> None:
    settings.SESSION_CHECK_S = 0.05
    page = await page_of(member)
    past = timezone.now() - timedelta(seconds=1)
    await database_sync_to_async(BrowserSession.objects.update)(expire_date=past)
    assert (await page.next_frame())["code"] == "SESSION_ENDED"
    assert await page.next_frame() == {"type": "closed", "code": 4401}


async def test_a_user_who_is_switched_off_is_out(member: Client, settings: Settings) -> None:
    settings.SESSION_CHECK_S = 0.05
    page = await page_of(member)
    await database_sync_to_async(User.objects.update)(is_active=False)
    assert (await page.next_frame())["code"] == "SESSION_ENDED"


async def test_a_good_session_outlives_its_checks(member: Client, settings: Settings) -> None:
    settings.SESSION_CHECK_S = 0.02
    page = await page_of(member)
    assert await page.nothing_comes(0.2)
    assert (await page.ask("typing"))["code"] == "BAD_FRAME"
    await page.close()


async def test_the_last_page_to_leave_leaves_nothing_behind(open_page: Open) -> None:
    pages = [await open_page("ann"), await open_page("bob")]
    link = WorkerLink.of_running_loop()
    for page in pages:
        await page.close()
    assert len(link.sockets) == 0
    assert link.idle


async def _another_session() -> Client:
    user = await database_sync_to_async(User.objects.get)(username="ann")
    return await database_sync_to_async(signed_in)(user)
