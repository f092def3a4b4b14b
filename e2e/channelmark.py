"""What people see of how a channel is: a mark in the list, the line under its name, the panel about it."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, expect

from e2e.channel import OfChannel
from e2e.chat import Person
from peernode.diagnostics.codes import CATALOGUE

CHANGED_MS = 40_000
"""Who only reads a channel learns from its next renewal, of every 20 s, who is silent; and that has to last."""


class ChannelMark:
    """A person, and how the open channel is."""

    def __init__(self, person: Person) -> None:
        self.person = person
        self.page = person.page
        self.channel = person.channel

    @property
    def line(self) -> Locator:
        """What stands above the conversation where nothing can be confirmed."""
        return self.page.get_by_role("status").filter(has_text=f"{self.channel}: ")

    @property
    def listed(self) -> Locator:
        """The channel in the list."""
        return self.page.get_by_role("navigation", name="Your channels").get_by_role(
            "button", name=re.compile(f"^{re.escape(self.channel)}")
        )

    def expect_down(self, code: str, k: int, of: int) -> ChannelMark:
        """In the list, under the name, and with what can be done about it."""
        entry = CATALOGUE[code]
        expect(self.line).to_contain_text(
            f"{entry.meaning}. What you write now may not get out. {entry.remedy}", timeout=CHANGED_MS
        )
        return self._expect_marked("Down", k, of)

    def expect_degraded(self, k: int, of: int) -> ChannelMark:
        """In the list and under the name; nothing stands in the way of who writes."""
        self._expect_marked("Degraded", k, of)
        expect(self.line).to_have_count(0)
        return self

    def expect_down_with_the_node(self, k: int, of: int) -> ChannelMark:
        """The node's own line says why, once, of all channels."""
        self._expect_marked("Down", k, of)
        expect(
            self.page.get_by_text(re.compile("No peer has answered|No other node answers"))
        ).to_be_visible()
        expect(self.line).to_have_count(0)
        return self

    def _expect_marked(self, word: str, k: int, of: int) -> ChannelMark:
        expect(self.listed).to_have_accessible_name(re.compile(rf"\b{word}\b"), timeout=CHANGED_MS)
        expect(self.page.get_by_role("main")).to_contain_text(f"{k} of {of} nodes answer")
        return self

    def expect_well(self) -> ChannelMark:
        """Nothing is said of it."""
        expect(self.listed).to_have_accessible_name(self.channel, timeout=CHANGED_MS)
        expect(self.line).to_have_count(0)
        expect(self.page.get_by_role("main")).not_to_contain_text("nodes answer")
        return self

    def expect_told(self, word: str, k: int, of: int, code: str = "") -> ChannelMark:
        """The panel about the channel says so, in words; it is open then."""
        panel = OfChannel(self.person).panel
        expect(panel).to_contain_text(
            f"{word}: {k} of {of} nodes that keep this channel answer, as far as yours knows.",
            timeout=CHANGED_MS,
        )
        if code:
            expect(panel).to_contain_text(f"{CATALOGUE[code].meaning}. {CATALOGUE[code].remedy}")
        return self
