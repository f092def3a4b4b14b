"""Whoever is in a channel sees when nodes that keep it are silent, how many, and what can be done."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import expect

from e2e.audit import Audit
from e2e.beside import Beside
from e2e.channel import OfChannel
from e2e.channelmark import ChannelMark
from e2e.conftest import People
from e2e.line import Line
from e2e.servers import Network, Server
from e2e.talker import Talker

NAMES = ("ann", "bob", "cid", "dan", "eve", "fay", "gus")


def test_a_channel_says_when_its_nodes_are_silent_and_when_there_is_a_way_again(
    people: People, launch: Callable[..., Server], channel: str
) -> None:
    """A server of its own with so many nodes that some keep the channel and some only read it."""
    server = launch("watched")
    flock = {name: people(name, server).sign_up() for name in NAMES}
    first = flock["ann"].join(channel)
    keepers = server.keepers("ann", channel, NAMES)
    reader = flock[next(name for name in NAMES if name not in keepers)]
    if reader is not first:
        reader.join(channel)
    mark = ChannelMark(reader).expect_well().note()
    OfChannel(reader).open()
    mark.expect_counted("Healthy", 5, 5)

    server.block(reader.name, *server.keepers(reader.name, channel, NAMES))
    mark.expect_noted()
    server.block(reader.name)
    mark.expect_well()
    reader.expect_sent(reader.say("They are back"))


def test_a_channel_that_is_not_well_says_so_in_words_and_by_a_mark_and_to_who_does_not_look(
    people: People, server: Server, channel: str
) -> None:
    reader = people("ortrud", server)
    line = Line(reader.page)
    reader.sign_up().join(channel)
    mark, hears = ChannelMark(reader).expect_well(), Talker(reader)
    OfChannel(reader).open()
    mark.expect_told("Healthy: ")

    mark.hear(line, "degraded", "INITIATOR_SILENT", 4, 5).expect_degraded(4, 5)
    mark.expect_counted("Degraded", 4, 5, "INITIATOR_SILENT")
    hears.expect_heard(f"{channel}: Degraded. 4 of 5 nodes answer")
    reader.picture("channel-degraded")
    Audit(reader).look("a channel that is degraded, with its panel").expect_none()
    Beside(reader).close_by_keyboard()
    mark.hear(line, "down", "INITIATORS_TOO_FEW", 2, 5).expect_down("INITIATORS_TOO_FEW", 2, 5)
    reader.picture("channel-down")
    Audit(reader).look("a channel that is down").expect_none()
    mark.expect_down("INITIATORS_TOO_FEW", 2, 5)

    line.hear()
    reader.reload().expect_open(channel)
    mark.expect_well()


def test_a_node_without_a_network_says_so_itself_and_nothing_of_its_channels(
    people: People, launch: Callable[..., Server], channel: str
) -> None:
    server = launch("cut")
    ann = people("ann", server).sign_up().join(channel)
    mark = ChannelMark(ann).expect_well()
    OfChannel(ann).open()
    mark.expect_counted("Healthy", 2, 2)
    ann.network(Network.CUT)
    mark.expect_told("Not known at the moment")
    expect(ann.page.get_by_text(re.compile("No peer has answered|No other node answers"))).to_be_visible()
    mark.expect_well()
    ann.network(Network.OPEN)
    mark.expect_counted("Healthy", 2, 2)
