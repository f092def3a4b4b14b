"""Whoever is in a channel sees when nodes that keep it are silent, how many, and what can be done."""

from __future__ import annotations

from collections.abc import Callable

from e2e.audit import Audit
from e2e.beside import Beside
from e2e.channel import OfChannel
from e2e.channelmark import ChannelMark
from e2e.conftest import People
from e2e.servers import Network, Server

NAMES = ("ann", "bob", "cid", "dan", "eve", "fay", "gus")


def test_a_channel_says_how_it_is_while_its_nodes_are_silent_and_when_they_are_back(
    people: People, launch: Callable[..., Server], channel: str
) -> None:
    """A server of its own with so many nodes that some keep the channel and some only read it."""
    server = launch("watched")
    flock = {name: people(name, server).sign_up() for name in NAMES}
    first = flock["ann"].join(channel)
    keepers = server.keepers("ann", channel, NAMES)
    reader, writer = (
        flock[next(name for name in NAMES if (name in keepers) is keeps)] for keeps in (False, True)
    )
    for person in {reader, writer} - {first}:
        person.join(channel)
    mark = ChannelMark(reader).expect_well()
    beside = Beside(reader)
    OfChannel(reader).open()
    mark.expect_told("Healthy", 5, 5)

    server.block(reader.name, keepers[0])
    mark.expect_degraded(4, 5).expect_told("Degraded", 4, 5, "INITIATOR_SILENT")
    reader.picture("channel-degraded")
    ChannelMark(writer).expect_well()
    beside.close_by_keyboard()
    server.block(reader.name, *keepers[:3])
    mark.expect_down("INITIATORS_TOO_FEW", 2, 5)
    reader.picture("channel-down")
    Audit(reader).look("a channel that is down").expect_none()

    server.block(reader.name)
    mark.expect_well()
    writer.expect_message(reader.say("They are back"))


def test_a_node_without_a_network_is_told_once_and_not_for_each_channel(
    people: People, launch: Callable[..., Server], channel: str
) -> None:
    server = launch("cut")
    ann = people("ann", server).sign_up().join(channel)
    mark = ChannelMark(ann).expect_well()
    ann.network(Network.CUT)
    mark.expect_down_with_the_node(1, 2)
    ann.reload().expect_open(channel)
    mark.expect_down_with_the_node(1, 2)
    ann.network(Network.OPEN)
    mark.expect_well()
