"""A person whose join does not come to its end at once: what the page says, and that it ends by itself."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from e2e.chat import JOIN_MAX_MS, Message, Person
from peernode.diagnostics.codes import CATALOGUE

SLACK_MS = 1_000
"""For a busy machine to draw what its node has said at the bound."""

REJOIN_MAX_MS = 20_000
"""The node tries again by itself, with growing pauses."""

UNREACHED_STEPS = re.compile("Finding the channel|Subscribing")
"""Where a join stands that reaches nobody: it depends on whom the node had heard of before."""


class Joiner:
    """The view of one person on one join."""

    def __init__(self, person: Person, channel: str) -> None:
        self.person = person
        self.channel = channel
        self.card = person.join_card

    def ask(self) -> Joiner:
        """Press Join."""
        self.person.ask_to_join(self.channel)
        return self

    def expect_trouble(self) -> Joiner:
        """Within the bound of a join: which step does not come to an end, why, and what can be done."""
        expect(self.card).to_have_attribute("data-join-state", "delayed", timeout=JOIN_MAX_MS + SLACK_MS)
        step = self.card.get_by_role("listitem").filter(has_text="in progress")
        expect(step).to_have_count(1)
        expect(step).to_contain_text(UNREACHED_STEPS)
        code = self.card.get_by_role("code").text_content() or ""
        expect(self.card).to_contain_text(CATALOGUE[code].meaning)
        expect(self.card).to_contain_text("What you can do")
        expect(self.person.page.get_by_text(code, exact=True)).to_have_count(
            1
        )  # said once, not as a toast too
        return self

    def write(self, text: str) -> Message:
        """Write into the channel that is being joined still."""
        self.person.channel = self.channel
        return self.person.say(text)

    def expect_joined(self) -> Joiner:
        """It has come to its end, without anybody's help."""
        expect(self.card).to_have_attribute("data-join-state", "joined", timeout=REJOIN_MAX_MS)
        self.person.expect_open(self.channel)
        return self
