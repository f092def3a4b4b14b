"""Who has lost the node is told why and for how long, and need not wait."""

from __future__ import annotations

from e2e.banner import Banner
from e2e.conftest import People
from e2e.line import Line
from e2e.servers import Server


def test_the_banner_says_why_and_its_button_connects_at_once(
    people: People, server: Server, channel: str
) -> None:
    berit = people("berit", server)
    line = Line(berit.page)
    berit.sign_up().join(channel)
    banner = Banner(berit).expect_none()

    line.cut()
    banner.expect("The server does not answer.", "What you write is kept and goes out by itself.")
    berit.picture("banner")
    banner.try_now(line)
    berit.expect_sent(berit.say("Here again"))
