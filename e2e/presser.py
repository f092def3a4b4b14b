"""Somebody without a mouse, at buttons that go away when they are pressed: where they go on afterwards."""

from __future__ import annotations

import re
from typing import Self

from playwright.sync_api import expect

from e2e.chat import SOON_MS
from e2e.talker import Talker

NOT_LOADED = {
    "type": "error",
    "code": "INTERNAL",
    "message": "Something went wrong in the server",
    "remedy": "Try again.",
}
"""How a node answers that can't give a page of history."""


class Presser(Talker):
    """A person's keyboard at one button after the other."""

    def enter(self, button: str) -> Self:
        """Go to a button, as with Tab, and press Enter; the focus goes nowhere but to something."""
        found = self.page.get_by_role("button", name=re.compile(f"^{button}$"))
        expect(found).to_be_visible(timeout=SOON_MS)
        found.focus()
        return self.press("Enter")

    def stay_at(self, button: str) -> Self:
        """Go to a button and press nothing."""
        self.page.get_by_role("button", name=button, exact=True).focus()
        return self

    def expect_in_timeline(self) -> Self:
        """The arrow keys go through the messages."""
        expect(self.person.timeline).to_be_focused(timeout=SOON_MS)
        return self

    def expect_at_found(self, number: int) -> Self:
        """The focus is on that message of those found."""
        found = self.page.get_by_role("list", name="Messages found").get_by_role("button")
        expect(found.nth(number - 1)).to_be_focused(timeout=SOON_MS)
        return self

    def expect_at_node(self) -> Self:
        """The focus is on what says how the own node is."""
        expect(self.page.get_by_text("Your node:").locator("..")).to_be_focused(timeout=SOON_MS)
        return self

    def expect_words(self, words: str) -> Self:
        """The timeline says so."""
        expect(self.person.timeline.get_by_text(words)).to_be_visible(timeout=SOON_MS)
        return self
