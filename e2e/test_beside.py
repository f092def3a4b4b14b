"""People, search and typing, as two people use them."""

from __future__ import annotations

import sys
from pathlib import Path

from playwright.sync_api import expect

from e2e.audit import Audit, with_lingering_words
from e2e.beside import Beside
from e2e.chat import Message
from e2e.conftest import People
from e2e.forger import TEXTS
from e2e.reader import Reader
from e2e.servers import Program, Server
from e2e.talker import Talker


def test_people_search_and_typing_between_two(people: People, server: Server, channel: str) -> None:
    abel = people("abel", server).sign_up().join(channel)
    berta = people("berta", server).sign_up().join(channel)
    first = berta.say("Where is the library?")
    abel.expect_message(first)
    second = berta.say("Never mind, found it.")
    abel.expect_message(second)

    beside = Beside(abel)
    Beside(berta).type("The lib")
    beside.expect_writing(berta)
    beside.expect_nobody_writing()

    beside.expect_reachable(berta).block(berta).expect_blocked(berta)
    abel.picture("people")
    beside.expect_hidden(first).show(first)
    abel.expect_message(first)
    beside.unblock(berta).expect_blocked(berta, False)
    beside.search("library").expect_found(first, searched=2)
    abel.picture("search")
    beside.close_by_keyboard()


def test_search_and_quotes_show_words_as_the_timeline_does(
    people: People, server: Server, channel: str
) -> None:
    cora = people("cora", server).sign_up().join(channel)
    dirk = people("dirk", server).sign_up().join(channel)
    asked = Talker(dirk).say_long(f"Is **this <@{Reader(cora).node_id()}> `thing`** right?", "right?")
    cora.expect_message(Message(asked.id, "Is this @cora thing right?", channel, dirk))
    answer = Talker(cora).reply(asked, "It is")

    beside = Beside(cora)
    beside.expect_quote(answer, "dirk Is this @cora thing right?")
    beside.search("RIGHT thing").expect_found_words("Is this @cora thing right?", searched=2)
    beside.expect_marked("thing", "right")
    beside.block(dirk).search("thing").expect_found_words("message of somebody whom you blocked", searched=2)
    beside.expect_quote(answer, "dirk a message of somebody whom you blocked")
    cora.picture("search-blocked")


def test_a_contradiction_is_told_and_marked(
    people: People, server: Server, channel: str, tmp_path: Path
) -> None:
    reading = with_lingering_words(people("gustav", server)).sign_up().join(channel)
    audit = Audit(reading)
    command = ["-m", "e2e.forger", "--listen", "127.0.0.1:0", "--bootstrap", server.udp, "--name", "mallory"]
    options = ["--channel", channel, "--data", str(tmp_path / "node")]
    forger = Program("forger", [sys.executable, *command, *options], tmp_path / "forger.log")
    forger.start()
    try:
        Beside(reading).expect_contradicting("mallory")
        for text in TEXTS:
            expect(reading.page.get_by_text(text)).to_be_visible()
        reading.picture("forked")
        audit.look("somebody contradicts himself")
    finally:
        forger.kill()


def test_the_head_has_room_on_a_small_screen(people: People, server: Server, channel: str) -> None:
    beside = Beside(people("fritz", server).sign_up().join(channel))
    beside.expect_fits(360).expect_fits(320)
    beside.person.picture("small")
