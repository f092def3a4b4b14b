"""Two people in two browsers, each with an own peer node, write to each other."""

from __future__ import annotations

from e2e.conftest import People
from e2e.servers import Server


def test_messages_go_both_ways(people: People, server: Server, channel: str) -> None:
    ann = people("ann", server).sign_up().join(channel)
    bob = people("bob", server).sign_up().join(channel)

    hello = ann.say("Hello, is anybody here?")
    bob.expect_message(hello)
    answer = bob.say("Yes! And no server in the middle.")
    ann.expect_message(answer)

    ann.expect_delivered(hello)
    bob.expect_delivered(answer)
    ann.expect_order([hello, answer])
    bob.expect_order([hello, answer])


def test_a_quick_exchange_has_one_order_for_both(people: People, server: Server, channel: str) -> None:
    cleo = people("cleo", server).sign_up().join(channel)
    dan = people("dan", server).sign_up().join(channel)

    said = []
    for number in range(4):
        said.append(cleo.say(f"ping {number}"))
        said.append(dan.say(f"pong {number}"))
    for message in said:
        receiver = dan if message.sender is cleo else cleo
        receiver.expect_message(message)
        message.sender.expect_delivered(message)

    assert cleo.order() == dan.order()
    assert sorted(cleo.order()) == sorted(message.id for message in said)


def test_somebody_who_comes_later_finds_the_history(people: People, server: Server, channel: str) -> None:
    early = people("earl", server).sign_up().join(channel)
    said = [early.say(f"note {number}") for number in range(3)]
    for message in said:
        early.expect_sent(message)

    late = people("lena", server).sign_up().join(channel)
    late.expect_order(said)
