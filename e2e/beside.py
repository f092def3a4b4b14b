"""What a person sees and does beside the conversation: people, search, who is writing."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, expect

from e2e.chat import SOON_MS, Message, Person

KEY_MS = 400


class Beside:
    """A person's use of the panel."""

    def __init__(self, person: Person) -> None:
        self.person = person
        self.page = person.page

    def _open(self, name: str) -> Locator:
        button = self.page.get_by_role("button", name=name, exact=True).first
        if button.get_attribute("aria-expanded") != "true":
            button.click()
        panel = self.page.get_by_role("complementary", name=name)
        expect(panel).to_be_visible(timeout=SOON_MS)
        return panel

    def _member(self, other: Person) -> Locator:
        return self._open("People").get_by_role("listitem").filter(has_text=other.name)

    def expect_reachable(self, other: Person) -> Beside:
        """The list says that the own node reaches the other's."""
        expect(self._member(other).get_by_text("reachable", exact=True)).to_be_visible(timeout=SOON_MS)
        return self

    def expect_contradicting(self, name: str) -> Beside:
        """Somebody's contradiction was told, with what to do, and the list marks them."""
        toast = self.page.get_by_role("status").filter(has_text="AUTHOR_FORKED")
        expect(toast).to_contain_text(f"{name} has sent two different messages as one", timeout=SOON_MS)
        expect(toast).to_contain_text(f"Ask {name} by another way")
        member = self._open("People").get_by_role("listitem").filter(has_text=name)
        expect(member).to_contain_text("messages contradict each other", timeout=SOON_MS)
        return self

    def block(self, other: Person) -> Beside:
        """Press Block at the other."""
        self._block_button(other, "Block").click()
        return self

    def expect_blocked(self, other: Person, blocked: bool = True) -> Beside:
        """The list says so, and the button says what it does."""
        button = self._block_button(other, "Unblock" if blocked else "Block")
        expect(button).to_have_text("Unblock" if blocked else "Block", timeout=SOON_MS)
        expect(self._member(other).get_by_text("blocked by you")).to_have_count(1 if blocked else 0)
        return self

    def unblock(self, other: Person) -> Beside:
        """Press Unblock at the other."""
        self._block_button(other, "Unblock").click()
        return self

    def _block_button(self, other: Person, verb: str) -> Locator:
        return self._member(other).get_by_role("button", name=f"{verb} {other.name}", exact=True)

    def expect_hidden(self, message: Message) -> Beside:
        """The row stands there without its text."""
        row = self.person.row(message)
        expect(row.get_by_role("button", name="whom you blocked")).to_be_visible(timeout=SOON_MS)
        expect(row.get_by_text(message.text)).to_be_hidden()
        return self

    def show(self, message: Message) -> Beside:
        """Look at it all the same."""
        self.person.row(message).get_by_role("button", name="whom you blocked").click()
        expect(self.person.row(message).get_by_text(message.text)).to_be_visible(timeout=SOON_MS)
        return self

    def search(self, words: str) -> Beside:
        """Look for words in the open channel."""
        panel = self._open("Search")
        panel.get_by_label("Words to look for").fill(words)
        panel.get_by_label("Words to look for").press("Enter")
        return self

    def expect_found(self, *messages: Message, searched: int) -> Beside:
        """These, newest first, and how much was searched."""
        return self.expect_found_words(*(message.text for message in messages), searched=searched)

    def expect_found_words(self, *lines: str, searched: int) -> Beside:
        """Messages of which this is shown, newest first."""
        panel = self._open("Search")
        searched_words = "the only message" if searched == 1 else f"all {searched} messages"
        expect(panel.get_by_role("status")).to_contain_text(searched_words, timeout=SOON_MS)
        items = panel.get_by_role("list", name="Messages found").get_by_role("button")
        expect(items).to_have_count(len(lines))
        for item, line in zip(items.all(), lines, strict=True):
            expect(item).to_contain_text(line)
        return self

    def expect_marked(self, *words: str) -> Beside:
        """These words are marked in what was found."""
        expect(self._open("Search").locator("mark")).to_have_text(list(words), timeout=SOON_MS)
        return self

    def expect_quote(self, answer: Message, words: str) -> Beside:
        """The answer quotes it so."""
        quote = self.person.row(answer).get_by_role("button", name=re.compile("^Reply to"))
        expect(quote).to_have_text(words, timeout=SOON_MS)
        return self

    def go_to_found(self, text: str) -> Beside:
        """Press what was found."""
        panel = self._open("Search")
        panel.get_by_role("list", name="Messages found").get_by_role("button").filter(has_text=text).click()
        return self

    def type(self, text: str) -> Beside:
        """Write without sending, as slowly as people do."""
        self.person.composer.press_sequentially(text, delay=KEY_MS)
        return self

    def expect_writing(self, other: Person) -> Beside:
        """The page says that the other is writing."""
        expect(self.page.get_by_text(f"{other.name} is writing…")).to_be_visible(timeout=SOON_MS)
        return self

    def expect_nobody_writing(self) -> Beside:
        """Nobody is said to be writing any more."""
        expect(self.page.get_by_text("is writing…")).to_have_count(0, timeout=SOON_MS)
        return self

    def expect_fits(self, width: int) -> Beside:
        """On a screen so narrow nothing has to be scrolled sideways, and the channel's name can be read."""
        self.page.set_viewport_size({"width": width, "height": 640})
        title = self.page.get_by_role("heading", name=self.person.channel, exact=True)
        expect(title).to_be_visible(timeout=SOON_MS)
        box = title.bounding_box()
        assert box is not None
        assert box["width"] >= width / 3, f"{box['width']} px for the name of the channel"
        assert self.page.evaluate("document.documentElement.scrollWidth") <= width
        return self

    def expect_closed(self) -> Beside:
        """Nothing stands beside the conversation, or over it."""
        expect(self.page.get_by_role("complementary")).to_have_count(0, timeout=SOON_MS)
        return self

    def close_by_keyboard(self) -> Beside:
        """Escape closes the panel, and the focus is where it was opened."""
        self.page.keyboard.press("Escape")
        expect(self.page.locator("#panel")).to_be_hidden()
        assert self.page.evaluate("document.activeElement !== document.body")
        return self
