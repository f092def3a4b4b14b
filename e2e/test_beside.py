"""People, search and typing, as two people use them."""

from __future__ import annotations

from e2e.beside import Beside
from e2e.conftest import People
from e2e.servers import Server


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
    beside.block(berta).expect_blocked(berta, False)
    beside.search("library").expect_found(first, searched=2)
    abel.picture("search")
    beside.close_by_keyboard()


def test_the_head_has_room_on_a_small_screen(people: People, server: Server, channel: str) -> None:
    beside = Beside(people("fritz", server).sign_up().join(channel))
    beside.expect_fits(360).expect_fits(320)
    beside.person.picture("small")
