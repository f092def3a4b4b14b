"""Who has got a message and who has not, as its sender learns it."""

from __future__ import annotations

import re
from typing import Self

from playwright.sync_api import expect

from e2e.chat import Message
from e2e.reader import Reader

UNREACHABLE_MS = 45_000
"""A subscriber is called unreachable after some pushes in vain, and its initiators are asked now and then."""
REACHED_AGAIN_MS = 45_000


class Receiving(Reader):
    """A sender's eyes on the card of a message."""

    def expect_unreachable(self, name: str) -> Self:
        """The card names somebody who can't be reached, and says since when."""
        card = self.page.get_by_role("dialog")
        entry = card.get_by_role("listitem").filter(has_text=name)
        expect(card).to_contain_text("an't be reached", timeout=UNREACHABLE_MS)
        expect(entry).to_contain_text(re.compile(r"since .*\d"))
        return self

    def expect_all_reached(self, *names: str) -> Self:
        """Everybody has it, and nobody is missing."""
        card = self.page.get_by_role("dialog")
        for name in names:
            expect(card.get_by_role("listitem").filter(has_text=name)).to_be_visible(timeout=REACHED_AGAIN_MS)
        expect(card).not_to_contain_text("an't be reached", timeout=REACHED_AGAIN_MS)
        return self

    def ask_who_has(self, message: Message) -> Self:
        """As ``Reader`` does."""
        super().ask_who_has(message)
        return self
