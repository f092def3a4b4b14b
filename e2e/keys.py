"""The keys that the page lists: each is pressed as the list says, and none is left out."""

from __future__ import annotations

from typing import Self

from playwright.sync_api import expect

from e2e.chat import SOON_MS, Message, Person
from e2e.talker import Talker

EVERYWHERE = "Everywhere"
FIELD = "In the message field"
TIMELINE = "In the timeline"

HELD = ("Alt", "Shift")
"""Keys that are held while the next one is pressed; others that stand side by side are each for itself."""
NAMES = {"↑": "ArrowUp", "↓": "ArrowDown", "Esc": "Escape", "Del": "Delete", "R": "r", "L": "l", "E": "e"}
"""What Playwright calls a key."""

LISTED = """dialog => [...dialog.querySelectorAll("section")].flatMap(section => {
    const where = section.querySelector("h3").textContent;
    const keysOf = term => [...term.querySelectorAll("kbd")].map(key => key.textContent);
    return [...section.querySelectorAll("dt")].map(term => [where, ...keysOf(term)]);
})"""


class Keys(Talker):
    """A person without a mouse, who goes through the list."""

    def __init__(self, person: Person) -> None:
        super().__init__(person)
        self._pressed: set[tuple[str, str]] = set()

    def listed(self, where: str, key: str) -> Self:
        """Press a key of the list where the focus is: "Alt ↓"."""
        self._pressed.add((where, key))
        self.press("+".join(NAMES.get(each, each) for each in key.split()))
        return self

    def expect_no_other_in_list(self) -> Self:
        """The list is open, and every key in it has been pressed."""
        dialog = self.page.get_by_role("dialog", name="Keyboard")
        expect(dialog).to_be_visible(timeout=SOON_MS)
        listed: set[tuple[str, str]] = set()
        for where, *keys in dialog.evaluate(LISTED):
            listed |= {(where, key) for key in ([" ".join(keys)] if keys[0] in HELD else keys)}
        assert listed == self._pressed
        return self

    def write(self, text: str) -> Self:
        """Letter by letter, where the focus is."""
        self.page.keyboard.type(text)
        return self

    def expect_at(self, channel: str) -> Self:
        """The channel is open and can be written to."""
        self.person.expect_open(channel)
        return self.expect_writing()

    def expect_writing(self, text: str | None = None) -> Self:
        """The focus is in the message field, which holds this."""
        expect(self.person.composer).to_be_focused()
        if text is not None:
            expect(self.person.composer).to_have_value(text)
        return self

    def expect_naming_a_channel(self) -> Self:
        """The focus is where a channel's name is written."""
        expect(self.page.get_by_label("Channel name")).to_be_focused()
        return self

    def leave_the_field(self) -> Self:
        """The focus goes to the timeline."""
        self.person.timeline.focus()
        return self

    def expect_row(self, message: Message) -> Self:
        """The focus is on a message."""
        expect(self.person.row(message)).to_be_focused()
        return self

    def expect_in_sight(self, message: Message, in_sight: bool = True) -> Self:
        """It can be read, or one would have to scroll."""
        row = expect(self.person.row(message))
        if in_sight:
            row.to_be_in_viewport(timeout=SOON_MS)
        else:
            row.not_to_be_in_viewport()
        return self

    def expect_nothing_sent(self, *messages: Message) -> Self:
        """These are all that there is."""
        self.person.expect_order([*messages])
        return self

    def go_to_the_top_of_a_small_window(self) -> Self:
        """The window shows a part of the messages, the first ones."""
        self.make_window_high(300)
        self.person.timeline.evaluate("log => { log.scrollTop = 0; }")
        return self

    def make_window_high(self, px: int) -> Self:
        """As with its edge."""
        self.page.set_viewport_size({"width": 1280, "height": px})
        return self
