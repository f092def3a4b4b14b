"""People, search and typing, as two people use them."""

from __future__ import annotations

from e2e.beside import Beside
from e2e.conftest import People
from e2e.servers import Server


def test_people_search_and_typing_between_two(people: People, server: Server, channel: str) -> None:
    ann = people("ann", server).sign_up().join(channel)
    bob = people("bob", server).sign_up().join(channel)
    first = bob.say("Where is the library?")
    ann.expect_message(first)
    second = bob.say("Never mind, found it.")
    ann.expect_message(second)

    beside = Beside(ann)
    Beside(bob).type("The lib")
    beside.expect_writing(bob)
    beside.expect_nobody_writing()

    beside.expect_reachable(bob).block(bob).expect_blocked(bob)
    ann.picture("people")
    beside.expect_hidden(first).show(first)
    ann.expect_message(first)
    beside.block(bob).expect_blocked(bob, False)
    beside.search("library").expect_found(first, searched=2)
    ann.picture("search")
    beside.close_by_keyboard()
