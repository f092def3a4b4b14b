"""Long messages, folded and unfolded, and whether what is read stays where it is."""

from __future__ import annotations

from playwright.sync_api import Locator, expect

from e2e.chat import SOON_MS, Message, Person
from e2e.reader import MOVED_MAX_PX, Reader

FOLDED_MAX_PX = 520
"""Twenty lines of 24 px, and what is around them."""


class Folding:
    """One person and the long messages on the page."""

    def __init__(self, person: Person) -> None:
        self.person = person
        self.eyes = Reader(person)

    def button(self, message: Message) -> Locator:
        """Whatever it says now."""
        return self.person.row(message).locator("button[aria-expanded]").filter(has_text="Show")

    def expect_folded(self, message: Message) -> Folding:
        """It is not high, and says that there is more."""
        expect(self.button(message)).to_have_text("Show all", timeout=SOON_MS)
        expect(self.button(message)).to_have_attribute("aria-expanded", "false")
        assert self.height(message) <= FOLDED_MAX_PX
        return self

    def expect_unfolded(self, message: Message) -> Folding:
        """It is there as a whole and can be folded again."""
        expect(self.button(message)).to_have_text("Show less", timeout=SOON_MS)
        expect(self.button(message)).to_have_attribute("aria-expanded", "true")
        assert self.height(message) > FOLDED_MAX_PX
        return self

    def expect_whole(self, message: Message) -> Folding:
        """It is short enough, nothing to press."""
        expect(self.button(message)).to_be_hidden(timeout=SOON_MS)
        return self

    def height(self, message: Message) -> float:
        """Of the row."""
        box = self.person.row(message).bounding_box()
        assert box is not None
        return box["height"]

    def press_keeping(self, message: Message, still: Locator) -> Folding:
        """Press its button by keyboard; something stands where it stood, and the focus is where it was."""
        self.button(message).focus()
        before = self._top(still)
        self.person.page.keyboard.press("Enter")
        self._frames()
        now = self._top(still)
        assert abs(now - before) <= MOVED_MAX_PX, f"from {before} to {now}"
        expect(self.button(message)).to_be_focused()
        return self

    def scroll_to_button(self, message: Message) -> Folding:
        """Go down to the end of the message, as with the wheel."""
        self.button(message).evaluate("button => button.scrollIntoView({ block: 'center' })")
        self._frames()
        return self

    def _top(self, element: Locator) -> float:
        box = element.bounding_box()
        assert box is not None
        return box["y"]

    def _frames(self) -> None:
        self.person.page.evaluate(
            "async () => { for (let n = 0; n < 3; n += 1) await new Promise(requestAnimationFrame); }"
        )

    def tab_to_link(self, message: Message, address: str) -> Folding:
        """Go to a link that is folded away, by its keys alone."""
        row = self.person.row(message)
        row.evaluate("row => { row.tabIndex = -1; row.focus({ preventScroll: true }); }")
        link = row.get_by_role("link", name=address)
        for _ in range(8):
            self.person.page.keyboard.press("Tab")
            if link.evaluate("link => link === document.activeElement"):
                break
        expect(link).to_be_focused()
        expect(link).to_be_in_viewport()
        return self
