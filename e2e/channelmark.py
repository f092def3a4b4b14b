"""What people see of how a channel is: a mark in the list, the line under its name, the panel about it."""

from __future__ import annotations

import re
from dataclasses import asdict

from playwright.sync_api import Locator, expect

from e2e.channel import OfChannel
from e2e.chat import Person
from e2e.line import Line
from peernode.diagnostics.codes import error_info

CHANGED_MS = 60_000
"""Who only reads a channel learns from its next renewal, of every 20 s, who is silent; that has to last."""

COUNT = re.compile(r"\d of \d nodes answers?")
"""Under the channel's name while it is not well."""

# Notes each word of the mark in the list, however short a time it stands there.
OBSERVER = """
window.__marks = [];
new MutationObserver(() => {
  for (const mark of document.querySelectorAll("#channel-list .channel-state"))
    if (window.__marks.at(-1) !== mark.title) window.__marks.push(mark.title);
}).observe(document.getElementById("channel-list"), { childList: true, subtree: true });
"""


class ChannelMark:
    """A person, and how the open channel is."""

    def __init__(self, person: Person) -> None:
        self.person = person
        self.page = person.page
        self.channel = person.channel

    @property
    def line(self) -> Locator:
        """What stands above the conversation while nothing can be confirmed."""
        return self.page.get_by_role("main").get_by_text("What you write now may not get out.")

    @property
    def listed(self) -> Locator:
        """The channel in the list."""
        return self.page.get_by_role("navigation", name="Your channels").get_by_role(
            "button", name=re.compile(f"^{re.escape(self.channel)}")
        )

    def note(self) -> ChannelMark:
        """From now on each mark is noted."""
        self.page.evaluate(OBSERVER)
        return self

    def expect_noted(self) -> ChannelMark:
        """There was one, for better or worse."""
        self.page.wait_for_function("() => window.__marks.length > 0", timeout=CHANGED_MS)
        assert set(self.page.evaluate("window.__marks")) <= {"Degraded", "Down"}
        return self

    def hear(self, line: Line, state: str, code: str, k: int, of: int) -> ChannelMark:
        """The page hears from its node that the channel is like this, and nothing else from then on."""
        error = asdict(error_info(code))
        told = {"state": state, "initiators": {"k": k, "of": of}, "error": error}
        line.deafen()
        line.tell({"type": "channel.health", "cursor": "0:1", "channel": self.channel, **told})
        return self

    def expect_down(self, code: str, k: int, of: int) -> ChannelMark:
        """In the list, under the name, and with what can be done about it."""
        info = error_info(code)
        expect(self.line).to_have_text(
            f"{self.channel}: {info.message}. What you write now may not get out. {info.remedy}"
        )
        return self._expect_marked("Down", k, of)

    def expect_degraded(self, k: int, of: int) -> ChannelMark:
        """In the list and under the name; nothing stands in the way of who writes."""
        self._expect_marked("Degraded", k, of)
        expect(self.line).to_have_count(0)
        return self

    def _expect_marked(self, word: str, k: int, of: int) -> ChannelMark:
        expect(self.listed).to_have_accessible_name(f"{self.channel} {word}")
        expect(self.page.get_by_role("main")).to_contain_text(f"{k} of {of} nodes answer")
        return self

    def expect_well(self) -> ChannelMark:
        """Nothing is said of it."""
        expect(self.listed).to_have_accessible_name(self.channel, timeout=CHANGED_MS)
        expect(self.line).to_have_count(0)
        expect(self.page.get_by_role("main")).not_to_contain_text(COUNT)
        return self

    def expect_told(self, words: str, code: str = "") -> ChannelMark:
        """The panel about the channel says so; it is open."""
        panel = OfChannel(self.person).panel
        expect(panel).to_contain_text(words, timeout=CHANGED_MS)
        if code:
            expect(panel).to_contain_text(f"{error_info(code).message}. {error_info(code).remedy}")
        return self

    def expect_counted(self, word: str, k: int, of: int, code: str = "") -> ChannelMark:
        """The panel says how many of the nodes that keep the channel answer."""
        kept = f"{k} of {of} nodes that keep this channel answer, as far as your node knows."
        return self.expect_told(f"{word}: {kept}", code)
