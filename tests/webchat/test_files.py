"""Files: shared and fetched over HTTP, from one user to another; and what is refused."""

from __future__ import annotations

import asyncio
import random
from contextlib import AsyncExitStack
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import pytest
from channels.db import database_sync_to_async
from django.contrib.auth.models import User
from django.test import AsyncClient
from pytest_django import Settings

from peernode.channel.draft import Draft
from peernode.channel.filetree import FileRef
from peernode.channel.kinds import Kind
from peernode.channel.parts import PART_DIGEST_BYTES
from peernode.pubsub.files import FETCHES_AT_ONCE
from tests.support.browser import PATIENCE_S, message_id
from tests.support.pictures import png
from tests.webchat.conftest import Open, two_in_the_lobby
from webchat import filepeer, filesharing, uploads
from webchat.bridge import CATALOGUE, FILE_MAX_BYTES
from webchat.chat.commands import CommandError
from webchat.picturewaits import PictureWaits
from webchat.uploads import IDLE_S, PER_USER_MAX, UPLOADS_MAX, Uploads
from webchat.worker import Worker

CONTENT = random.Random(5).randbytes(500_000)
"""Three pieces on the way up and down."""

pytestmark = pytest.mark.usefixtures("worker")


async def client_of(name: str, **options: Any) -> AsyncClient:
    client = AsyncClient(**options)
    await client.aforce_login(await database_sync_to_async(User.objects.get)(username=name))
    return client


async def share(client: AsyncClient, number: int, content: bytes, name: str, channel: str = "#lobby") -> Any:
    query = urlencode({"channel": channel, "id": message_id(number), "name": name})
    length = {} if content else {"Content-Length": "0"}  # browsers say it, the test client does not
    return await client.post(
        f"/files/?{query}", data=content, content_type="application/octet-stream", headers=length
    )


async def body_of(response: Any) -> bytes:
    return b"".join([piece async for piece in response.streaming_content])


async def test_a_file_gets_from_one_browser_to_the_other(open_page: Open) -> None:
    ann, bob = await two_in_the_lobby(open_page)
    client = await client_of("ann")
    answer = await share(client, 601, CONTENT, "träume.bin")
    assert answer.status_code == 200, answer.content
    assert answer.json()["message"]["file"]["size"] == len(CONTENT)
    await ann.expect("message.state", id=message_id(601), state="delivered")
    message = await bob.see(message_id(601))
    assert (message["text"], message["file"]["name"]) == ("", "träume.bin")

    reader = await client_of("bob")
    response = await reader.get(f"/files/lobby/{message_id(601)}/")
    assert response.status_code == 200
    headers = {
        "Content-Type": "application/octet-stream",
        "Content-Length": str(len(CONTENT)),
        "Content-Disposition": "attachment; filename*=UTF-8''tr%C3%A4ume.bin",
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "Cross-Origin-Resource-Policy": "same-origin",
    }
    assert {name: response[name] for name in headers} == headers
    assert await body_of(response) == CONTENT
    found = await bob.ask("file.available", channel="#lobby", id=message_id(601))
    assert (found["type"], found["here"], found["nodes"] >= 2) == ("file", len(CONTENT), True)

    again = await share(client, 601, CONTENT, "träume.bin")
    assert again.json()["message"]["id"] == message_id(601), "an upload that is repeated is the same message"
    other = await share(client, 601, CONTENT[:-1], "träume.bin")
    assert other.json()["error"]["code"] == "ID_REUSED"


async def test_only_bytes_make_an_image(open_page: Open) -> None:
    _, bob = await two_in_the_lobby(open_page)
    client, reader = await client_of("ann"), await client_of("bob")
    for number, content, name, expected in (
        (611, png(300, 200), "holiday.exe", ("image/png", "inline")),
        (612, b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "x.png", ("", "attachment")),
        (613, b"<!doctype html><script>alert(1)</script>", "x.html", ("", "attachment")),
    ):
        assert (await share(client, number, content, name)).status_code == 200
        await bob.see(message_id(number))
        response = await reader.get(f"/files/lobby/{message_id(number)}/")
        kind = response["Content-Disposition"].partition(";")[0]
        assert (response["Content-Type"], kind) == (expected[0] or "application/octet-stream", expected[1])
        assert await body_of(response) == content
    saved = await reader.get(f"/files/lobby/{message_id(611)}/?download")
    assert saved["Content-Disposition"].startswith("attachment")


async def test_what_can_not_be_shared_is_refused_with_a_reason(open_page: Open) -> None:
    ann = await open_page("ann")
    await ann.hello()
    await ann.join("#lobby")
    client = await client_of("ann")
    vast = png(1, 1).replace(b"IHDR\0\0\0\x01\0\0\0\x01", b"IHDR\0\0\x40\0\0\0\x40\0")
    for content, name, channel, code, status in (
        (b"", "x", "#lobby", "FILE_EMPTY", 400),
        (b"x", "", "#lobby", "BAD_FRAME", 400),
        (b"x", "x", "#nowhere", "NOT_A_MEMBER", 404),
        (vast, "vast.png", "#lobby", "FILE_UNSUITABLE", 400),
        (bytes(FILE_MAX_BYTES + 1), "x", "#lobby", "FILE_TOO_LARGE", 413),
    ):
        answer = await share(client, 621, content, name, channel)
        assert (answer.json()["error"]["code"], answer.status_code) == (code, status)
        assert answer.json()["error"]["remedy"]
    client.cookies["starling_language"] = "de"
    answer = (await share(client, 621, vast, "vast.png", "#lobby")).json()["error"]
    assert answer["message"].startswith("Dieses Bild mit 16384 x 16384 Bildpunkten")
    del client.cookies["starling_language"]
    signed_out = await share(AsyncClient(), 621, b"x", "x")
    assert (signed_out.status_code, signed_out.json()["error"]["code"]) == (401, "SESSION_ENDED")
    assert (await share(await client_of("ann", enforce_csrf_checks=True), 621, b"x", "x")).status_code == 403
    said = await ann.say("#lobby", "no file")
    for wrong in (said["id"], message_id(699), "nonsense"):
        answer = await client.get(f"/files/lobby/{wrong}/")
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "MESSAGE_UNKNOWN")
    assert (await client.get(f"/files/nowhere/{said['id']}/")).status_code == 404


async def test_who_is_not_in_the_channel_gets_no_file(open_page: Open) -> None:
    await two_in_the_lobby(open_page)
    assert (await share(await client_of("ann"), 631, b"secret", "x.bin")).status_code == 200
    stranger = await open_page("cleo")
    await stranger.hello()
    answer = await (await client_of("cleo")).get(f"/files/lobby/{message_id(631)}/")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "CHANNEL_UNKNOWN")


async def test_a_file_that_nobody_has_says_so(
    open_page: Open, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(filesharing, "SPREAD_WAIT_S", 0.0)
    _, bob = await two_in_the_lobby(open_page)
    node = (await worker.residents.peer((await User.objects.aget(username="ann")).pk)).node
    nowhere = Draft(Kind.FILE, file=FileRef(5000, bytes(PART_DIGEST_BYTES), "nowhere.bin"))
    await node._pubsub.publish("#lobby", UUID(message_id(641)).bytes, nowhere)
    await bob.see(message_id(641))
    answer = await (await client_of("bob")).get(f"/files/lobby/{message_id(641)}/")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "FILE_UNAVAILABLE")
    headers = {"Accept": "text/html,*/*;q=0.8"}
    page = await (await client_of("bob")).get(f"/files/lobby/{message_id(641)}/", headers=headers)
    assert (page.status_code, page["Cache-Control"]) == (404, "no-store")
    assert CATALOGUE["FILE_UNAVAILABLE"].meaning in page.content.decode()


async def test_pictures_that_nobody_has_leave_the_browser_its_connections(
    open_page: Open, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(filesharing, "SPREAD_WAIT_S", 60.0)
    monkeypatch.setattr(filesharing, "PICTURE_SPREAD_WAIT_S", 0.0)
    _, bob = await two_in_the_lobby(open_page)
    node = (await worker.residents.peer((await User.objects.aget(username="ann")).pk)).node
    for number in range(6):
        nowhere = Draft(Kind.FILE, file=FileRef(5000 + number, bytes(PART_DIGEST_BYTES), "nowhere.png"))
        await node._pubsub.publish("#lobby", UUID(message_id(670 + number)).bytes, nowhere)
        await bob.see(message_id(670 + number))
    client = await client_of("bob")

    async def shown(number: int) -> Any:
        headers = {"Accept": "image/avif,image/webp,*/*;q=0.8"}
        return await client.get(f"/files/lobby/{message_id(670 + number)}/", headers=headers)

    answers = await asyncio.wait_for(asyncio.gather(*(shown(number) for number in range(6))), PATIENCE_S)
    assert [(a.status_code, a.json()["error"]["code"]) for a in answers] == [(404, "FILE_UNAVAILABLE")] * 6


async def test_a_picture_that_does_not_wait_is_answered_while_its_file_is_on_its_way(
    open_page: Open, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(filesharing, "_pictures", PictureWaits(0))
    monkeypatch.setattr(filepeer, "FETCH_ANSWER_S", 10 * PATIENCE_S)
    _, bob = await two_in_the_lobby(open_page)
    peer = await worker.residents.peer((await User.objects.aget(username="bob")).pk)
    client, headers = await client_of("bob"), {"Accept": "image/avif,image/webp,*/*;q=0.8"}
    async with AsyncExitStack() as line:
        for _ in range(FETCHES_AT_ONCE):  # no fetch gets on, as behind files that take for ever
            await line.enter_async_context(peer.node._pubsub.files._gate)
        shared = await share(await client_of("ann"), 681, png(300, 200), "holiday.png")
        assert shared.status_code == 200, shared.content
        await bob.see(message_id(681))
        shown = client.get(f"/files/lobby/{message_id(681)}/", headers=headers)
        answer = await asyncio.wait_for(shown, PATIENCE_S)
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "FILE_UNAVAILABLE")
        assert peer.node._pubsub.files._fetching, "its node gets it, though"
    assert (await peer.fetch_file("#lobby", message_id(681)))["state"] == "whole"
    assert (await client.get(f"/files/lobby/{message_id(681)}/", headers=headers)).status_code == 200


def test_few_pictures_of_one_person_wait_at_a_time() -> None:
    waits = PictureWaits(2)
    with waits.one(1) as first, waits.one(1) as second, waits.one(1) as third, waits.one(2) as other:
        assert [first, second, third, other] == [True, True, False, True]
    assert len(waits) == 0
    with pytest.raises(CommandError), waits.one(1):
        raise CommandError("FILE_UNAVAILABLE")
    with waits.one(1) as first, waits.one(1) as second:
        assert [first, second] == [True, True]


async def test_a_file_of_a_channel_with_a_slash_in_its_name(open_page: Open) -> None:
    ann = await open_page("ann")
    await ann.hello()
    await ann.join("#garden/beds")
    client = await client_of("ann")
    assert (await share(client, 651, b"radish", "list.txt", "#garden/beds")).status_code == 200
    answer = await client.get(f"/files/garden%2Fbeds/{message_id(651)}/")
    assert await body_of(answer) == b"radish"


async def test_files_are_paced_like_messages(open_page: Open, settings: Settings) -> None:
    settings.FILES_PER_PERSON_MAX = 1
    ann = await open_page("ann")
    await ann.hello()
    await ann.join("#lobby")
    client = await client_of("ann")
    assert (await share(client, 661, b"one", "one")).status_code == 200
    refused = await share(client, 662, b"two", "two")
    assert (refused.status_code, refused.json()["error"]["code"]) == (429, "RATE_LIMITED")
    assert 1 <= refused.json()["error"]["retry_after"] <= settings.FILES_WINDOW_S


def code_of(uploads: Uploads, *piece: Any) -> str:
    with pytest.raises(CommandError) as refused:
        uploads.add(*piece)
    return refused.value.code


def test_uploads_are_bounded_and_pieces_come_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(uploads.time, "monotonic", lambda: now[0])
    kept = Uploads()
    kept.add(1, "a", 0, b"one")
    kept.add(1, "a", 3, b"two")
    assert code_of(kept, 1, "a", 5, b"x") == "UPLOAD_INTERRUPTED"
    assert code_of(kept, 1, "a", 6, b"x") == "UPLOAD_INTERRUPTED", "it is gone"
    for number in range(PER_USER_MAX):
        kept.add(1, str(number), 0, b"x")
    assert code_of(kept, 1, "more", 0, b"x") == "RATE_LIMITED"
    for user in range(2, 2 + UPLOADS_MAX - PER_USER_MAX):
        kept.add(user, "a", 0, b"x")
    assert code_of(kept, 99, "a", 0, b"x") == "RATE_LIMITED"
    assert len(kept) == UPLOADS_MAX
    now[0] += IDLE_S + 1
    assert code_of(kept, 2, "a", 1, b"x") == "UPLOAD_INTERRUPTED", "it stood still for too long"
    kept.add(99, "a", 0, b"x")
    assert len(kept) == 1
    assert code_of(kept, 99, "a", 1, bytes(FILE_MAX_BYTES)) == "FILE_TOO_LARGE"
    kept.add(99, "a", 0, b"whole")
    with pytest.raises(CommandError):
        kept.take(99, "a", 4)
    kept.add(99, "a", 0, b"whole")
    assert kept.take(99, "a", 5) == b"whole"
    assert len(kept) == 0
