"""The screens that a person should look at after a change, each light, dark, and 360 px wide."""

from __future__ import annotations

from e2e.conftest import People
from e2e.servers import Network, Server


def test_the_states_of_a_message(people: People, server: Server) -> None:
    channel = "#garden"
    ann = people("vera", server).sign_up().join(channel)
    bob = people("wim", server).sign_up()
    ann.picture("joined-alone")
    bob.join(channel).picture("joined-empty")

    bob.expect_message(ann.say("The tomatoes are up. Does anybody have stakes left over?"))
    ann.expect_message(bob.say("Plenty, in the shed behind the compost."))
    ann.expect_message(bob.say("Take as many as you like, and the string beside them."))
    last = ann.say("Wonderful, I'll come by this afternoon!")
    bob.expect_message(last).picture("received")
    ann.expect_delivered(last).picture("chat")

    ann.network(Network.HOLD)
    waiting = ann.say("Shall I bring the watering can?")
    ann.expect_state(waiting, "pending").picture("pending")
    ann.network(Network.CUT).expect_failed(waiting).picture("failed")
    ann.network(Network.OPEN)


def test_the_account_pages(people: People, server: Server) -> None:
    xena = people("xena", server)
    xena.visit("/signup/").picture("sign-up")
    xena.visit("/signin/").picture("sign-in")
    xena.sign_up().picture("welcome")
    xena.visit("/password/").picture("password")
