"""What is being written: begun, left, found again."""

from __future__ import annotations

from playwright.sync_api import expect

from e2e.chat import SOON_MS, Message, Person


class Writer:
    """A person at the message field."""

    def __init__(self, person: Person) -> None:
        self.person = person
        self.page = person.page

    def _tool(self, message: Message, name: str) -> None:
        row = self.person.row(message)
        row.hover()
        row.get_by_role("button", name=name, exact=True).click()

    def begin_edit(self, message: Message, text: str) -> Writer:
        """Write an own message anew, without sending it."""
        self._tool(message, "More")
        self.person.row(message).get_by_role("button", name="Edit", exact=True).click()
        return self._begin("Edit your message", text)

    def begin_reply(self, message: Message, text: str) -> Writer:
        """Answer a message, without sending it."""
        self._tool(message, "Reply")
        return self._begin(f"Reply to {message.sender.name}", text)

    def _begin(self, words: str, text: str) -> Writer:
        self.person.composer.fill(text)
        return self.expect_writing(words, text)

    def expect_writing(self, words: str, text: str) -> Writer:
        """The field has this text, and says what it is about; no words: about nothing."""
        expect(self.person.composer).to_have_value(text, timeout=SOON_MS)
        conversation = self.page.get_by_role("region", name=self.person.channel)
        if words:
            expect(conversation.get_by_text(words, exact=True)).to_be_visible()
        else:
            expect(conversation.get_by_role("button", name="Cancel the")).to_be_hidden()
        return self

    def send(self) -> Writer:
        """Press Enter."""
        self.person.composer.press("Enter")
        return self

    def expect_handing_over(self) -> Writer:
        """The button waits until the node has what was written."""
        expect(self.person.send_button).to_be_disabled()
        return self
