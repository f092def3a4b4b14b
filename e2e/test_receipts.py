"""Behind the words at the end of an own message: who has it, since when, and what "alone" means."""

from __future__ import annotations

from e2e.conftest import People
from e2e.reader import Reader
from e2e.servers import Server


def test_a_sender_sees_who_has_the_message(people: People, server: Server, channel: str) -> None:
    olaf = people("olaf", server).sign_up().join(channel)
    eyes = Reader(olaf)
    people("peter", server).sign_up().join(channel)
    people("quinn", server).sign_up().join(channel)
    message = olaf.say("Who has this?")
    olaf.expect_delivered(message)

    eyes.ask_who_has(message).expect_who_has("Delivered to 2 of 2", "peter", "quinn", "nodes keep it")
    olaf.picture("receipts")
    eyes.close_card()
