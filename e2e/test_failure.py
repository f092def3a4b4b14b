"""A message that could not be sent says so and why; Retry sends it once, Discard takes it away.

The network is cut at the datagram transport of one node; the engine above and the nodes around it
know nothing of that. Both nodes live in one process: that nothing arrives shows that they have no
other way to each other than datagrams.
"""

from __future__ import annotations

from e2e.conftest import People
from e2e.servers import Network, Server
from e2e.talker import Talker


def test_property_33_join_message_failure_and_recovery_end_to_end(
    people: People, server: Server, channel: str
) -> None:
    lars = people("lars", server).sign_up().join(channel)
    mona = people("mona", server).sign_up().join(channel)

    lars.network(Network.CUT)
    message = lars.say("Into the void")
    lars.expect_failed(message)
    hears = Talker(lars).expect_heard("A message was not sent: ")
    mona.expect_no_message(message)

    # Pressed while the network is still cut: once it is back the node may try by itself at any moment.
    lars.retry(message).expect_failed(message)
    lars.network(Network.OPEN)
    lars.expect_delivered(message)
    hears.expect_heard("Message delivered.")
    mona.expect_message(message)

    after = lars.say("And the next one")
    mona.expect_message(after)
    mona.expect_order([message, after])


def test_a_failed_message_can_be_discarded(people: People, server: Server, channel: str) -> None:
    nils = people("nils", server).sign_up().join(channel)
    olga = people("olga", server).sign_up().join(channel)

    nils.network(Network.CUT)
    message = nils.say("Better left unsaid")
    nils.expect_failed(message)
    nils.discard(message).expect_no_message(message)

    nils.network(Network.OPEN)
    after = nils.say("Something else")
    olga.expect_message(after)
    olga.expect_order([after])
    nils.reload().expect_open(channel).expect_order([after])


def test_property_29_a_failed_message_is_retried_discarded_and_taken_back_by_keyboard_alone(
    people: People, server: Server, channel: str
) -> None:
    peer, rieke = (people(name, server).sign_up().join(channel) for name in ("peer", "rieke"))
    keys = Talker(peer)
    peer.network(Network.CUT)
    message = peer.say("Said by keyboard alone")
    peer.expect_failed(message)

    keys.go_to_newest_row().tab_to("Retry").press("Enter").expect_some_focus()
    peer.expect_failed(message)
    keys.expect_some_focus()
    peer.timeline.focus()
    keys.press("ArrowUp").tab_to("Discard").press("Enter").expect_focus_on("Undo")
    peer.expect_no_message(message)

    keys.press("Enter").expect_some_focus()
    again = keys.find_again(message)
    peer.expect_failed(again)
    peer.network(Network.OPEN)
    peer.timeline.focus()
    keys.press("ArrowUp").tab_to("Retry").press("Enter").expect_some_focus()
    peer.expect_delivered(again)
    keys.expect_never_lost()
    rieke.expect_order([again])
