"""What people do about what is unsent: leave its channel, take it back and think better of it."""

from __future__ import annotations

from playwright.sync_api import Locator, expect

from e2e.chat import SOON_MS, Message, Person


def expect_can_send(person: Person) -> None:
    """The button waits for nothing."""
    expect(person.send_button).to_be_enabled()


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

    def expect_told(self, words: str) -> Leaver:
        """The page shows what has happened, where screen readers hear it."""
        expect(self.page.get_by_role("status").filter(has_text=words)).to_be_visible(timeout=SOON_MS)
        return self

    def expect_gone(self, channel: str) -> Leaver:
        """The channel is not in the list any more."""
        channels = self.page.get_by_role("navigation", name="Your channels")
        expect(channels.get_by_role("button", name=channel)).to_have_count(0, timeout=SOON_MS)
        return self


class BrowserStore:
    """What the browser keeps for its pages, when it does not."""

    def __init__(self, person: Person) -> None:
        self.person = person
        self.page = person.page

    def refuse(self) -> BrowserStore:
        """From the next page on nothing is kept, as in some private windows."""
        broken = "IDBFactory.prototype.open = () => { throw new DOMException('private', 'SecurityError') }"
        self.page.add_init_script(broken)
        return self

    def fill_up(self) -> BrowserStore:
        """The disk is full."""
        full = "throw new DOMException('QuotaExceeded', 'QuotaExceededError')"
        self.page.evaluate(f"() => {{ IDBObjectStore.prototype.put = () => {{ {full} }}; }}")
        return self

    def expect_volatile(self) -> BrowserStore:
        """The page says that unsent messages go with it."""
        expect(self.page.locator("#volatile")).to_be_visible()
        return self

    def type_and_send(self, text: str) -> BrowserStore:
        """With the Enter key."""
        self.person.composer.fill(text)
        self.person.composer.press("Enter")
        return self

    def expect_refused(self, text: str) -> BrowserStore:
        """Said with our code and a remedy; the text is back, and can be sent again."""
        told = self.page.get_by_role("status").filter(has_text="OUTBOX_UNWRITABLE")
        expect(told).to_contain_text("Free some disk space")
        expect(self.person.composer).to_have_value(text)
        expect_can_send(self.person)
        return self


class TakerBack:
    """Somebody who takes back what is unsent, too fast perhaps."""

    def __init__(self, person: Person) -> None:
        self.person = person
        self.page = person.page

    def cancel_twice(self, message: Message) -> TakerBack:
        """A double click on the row's Cancel."""
        self.person.row(message).get_by_role("button", name="Cancel").dblclick()
        return self

    @property
    def undos(self) -> Locator:
        """Every offer to bring something back."""
        return self.page.get_by_role("button", name="Undo")

    def expect_undos(self, count: int) -> TakerBack:
        """So many things can be brought back."""
        expect(self.undos).to_have_count(count)
        return self

    def undo_oldest(self) -> TakerBack:
        """Bring back what was taken back first."""
        self.undos.first.click()
        return self

    def send_away(self) -> TakerBack:
        """Close a word with its button."""
        self.page.get_by_role("button", name="Dismiss").first.click()
        return self

    def expect_no_words(self) -> TakerBack:
        """Nothing covers the page."""
        expect(self.page.get_by_role("button", name="Dismiss")).to_have_count(0)
        return self

    def press_escape(self) -> TakerBack:
        """The key that closes what is open."""
        self.page.keyboard.press("Escape")
        return self

    def expect_writing(self) -> TakerBack:
        """The focus is in the message field."""
        expect(self.person.composer).to_be_focused()
        return self
