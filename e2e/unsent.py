"""What people do about what is unsent when they leave its channel."""

from __future__ import annotations

from playwright.sync_api import Locator, expect

from e2e.chat import SOON_MS, Person


class Leaver:
    """Somebody who wants to go."""

    def __init__(self, person: Person) -> None:
        self.person = person
        self.page = person.page

    @property
    def question(self) -> Locator:
        """What the page wants to know first."""
        return self.page.get_by_role("dialog", name="not been sent")

    def leave(self) -> Leaver:
        """Press the button of the open channel."""
        self.page.get_by_role("button", name=f"Leave {self.person.channel}").click()
        return self

    def expect_question(self, words: str) -> Leaver:
        """The page says what leaving costs; staying has the focus."""
        expect(self.question).to_contain_text(words)
        expect(self.question.get_by_role("button", name="Stay")).to_be_focused()
        return self

    def stay(self) -> Leaver:
        """No."""
        self.question.get_by_role("button", name="Stay").click()
        expect(self.question).to_be_hidden()
        return self

    def leave_and_discard(self) -> Leaver:
        """Yes."""
        self.question.get_by_role("button", name="Leave and discard").click()
        return self

    def expect_gone(self, channel: str) -> Leaver:
        """The channel is not in the list any more."""
        channels = self.page.get_by_role("navigation", name="Your channels")
        expect(channels.get_by_role("button", name=channel)).to_have_count(0, timeout=SOON_MS)
        return self
