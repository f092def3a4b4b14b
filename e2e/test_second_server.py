"""A second server process joins the network through ``STARLING_BOOTSTRAP``; people talk across."""

from __future__ import annotations

from collections.abc import Callable

from e2e.conftest import People
from e2e.servers import Server


def test_people_of_two_servers_talk(people: People, launch: Callable[..., Server], channel: str) -> None:
    here = launch("here")
    there = launch("there", STARLING_BOOTSTRAP=here.udp)
    ann = people("ann", here).sign_up().join(channel)
    bob = people("bob", there).sign_up().join(channel)

    hello = ann.say("From here")
    bob.expect_message(hello)
    answer = bob.say("From there")
    ann.expect_message(answer)

    ann.expect_delivered(hello).expect_order([hello, answer])
    bob.expect_delivered(answer).expect_order([hello, answer])


def test_networks_of_another_name_do_not_mix(
    people: People, launch: Callable[..., Server], channel: str
) -> None:
    here = launch("here")
    other = launch("other", STARLING_BOOTSTRAP=here.udp, STARLING_NETWORK="another")
    ann = people("ann", here).sign_up().join(channel)
    bob = people("bob", other).sign_up().join(channel)

    hello = ann.say("Only for here")
    ann.expect_sent(hello)
    echo = bob.say("Only for the other")
    bob.expect_sent(echo).expect_order([echo])
    ann.expect_order([hello])
