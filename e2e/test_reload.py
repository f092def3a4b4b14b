"""A reload loses nothing: neither what was said nor what was still to be sent."""

from __future__ import annotations

from e2e.conftest import People
from e2e.reader import Reader
from e2e.servers import Network, Server
from e2e.talker import Talker
from e2e.writer import Writer


def test_a_reload_keeps_the_history(people: People, server: Server, channel: str) -> None:
    pete = people("pete", server).sign_up().join(channel)
    rosa = people("rosa", server).sign_up().join(channel)
    question = pete.say("Will this stay?")
    rosa.expect_message(question)
    answer = rosa.say("It will.")
    pete.expect_message(answer).expect_delivered(question)

    pete.reload().expect_open(channel)

    pete.expect_order([question, answer])
    pete.expect_delivered(question)


def test_a_reload_keeps_what_is_unsent(people: People, server: Server, channel: str) -> None:
    sven = people("sven", server).sign_up().join(channel)
    tina = people("tina", server).sign_up().join(channel)

    sven.network(Network.CUT)
    message = sven.say("Not gone yet")
    sven.reload().expect_open(channel)
    sven.expect_order([message]).expect_failed(message)

    # Pressed while the network is still cut: once it is back the node may try by itself at any moment.
    sven.retry(message).network(Network.OPEN)
    sven.expect_delivered(message)
    tina.expect_message(message).expect_order([message])


def test_an_edit_and_a_reply_that_are_being_written_survive_another_channel_and_a_reload(
    people: People, server: Server, channel: str
) -> None:
    uwe = people("uwe", server).sign_up().join(f"{channel}-2").join(channel)
    viola = people("viola", server).sign_up().join(channel)
    eyes, hand = Reader(uwe), Writer(uwe)
    mine, hers = uwe.say("Soup at noon"), viola.say("With bread?")
    uwe.expect_message(hers).expect_delivered(mine)

    hand.begin_edit(mine, "Soup at one")
    eyes.open(f"{channel}-2")
    hand.expect_writing("", "")
    eyes.open(channel)
    hand.expect_writing("Edit your message", "Soup at one")
    uwe.reload().expect_open(channel)
    hand.expect_writing("Edit your message", "Soup at one").send().expect_writing("", "")
    Talker(viola).expect_edited(mine, "Soup at one")

    hand.begin_reply(hers, "Of course")
    eyes.open(f"{channel}-2")
    uwe.reload()
    eyes.open(channel)
    hand.expect_writing("Reply to viola", "Of course").send().expect_writing("", "")
    Talker(viola).expect_answer_to(eyes.message("Of course"), "viola")
    uwe.reload().expect_open(channel)
    hand.expect_writing("", "")
