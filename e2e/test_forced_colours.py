"""With the colours of the system nothing is told by a background or a shadow alone."""

from __future__ import annotations

from e2e.conftest import People
from e2e.forced import ForcedColours
from e2e.servers import Network, Server

STOPS = ("join-name", ".channel", "open-search", "node-summary", "timeline", "attach", "send")


def test_focus_and_states_are_seen_in_forced_colours(people: People, server: Server, channel: str) -> None:
    wanda, xenia = (people(name, server).sign_up().join(channel) for name in ("wanda", "xenia"))
    through = wanda.say("This gets through: https://example.org")
    wanda.expect_delivered(through)
    xenia.expect_message(through)
    wanda.network(Network.CUT)
    stuck = wanda.say("This does not")
    wanda.expect_failed(stuck)

    for scheme in ("dark", "light"):
        colours = ForcedColours(wanda).begin(dark=scheme == "dark")
        colours.expect_edge(through, seen=False).expect_edge(stuck, seen=True)
        colours.expect_focus_seen_everywhere(*STOPS)

    wanda.network(Network.OPEN)
