"""What people do with messages that are there: edit, delete, answer, react, mention; by mouse or keyboard."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Self

from playwright.sync_api import Locator, expect

from e2e.chat import FAILURE_MAX_MS, SOON_MS, Message, Person

TABS_MAX = 12
"""Buttons between two that somebody wants one after the other."""


class Talker:
    """The verbs of one person's messages."""

    def __init__(self, person: Person) -> None:
        self.person = person
        self.page = person.page

    # with the mouse

    def _tool(self, message: Message, name: str) -> Locator:
        row = self.person.row(message)
        row.hover()
        return row.get_by_role("button", name=name, exact=True)

    def react(self, message: Message, emoji: str) -> Self:
        """Choose an emoji for a message."""
        self._tool(message, "React").click()
        self.person.row(message).get_by_role("grid").get_by_role("button", name=emoji).click()
        return self

    def point_at(self, message: Message) -> Self:
        """Bring the pointer over a message; its toolbar is there."""
        self._tool(message, "Reply").wait_for()
        return self

    def open_emojis(self, message: Message) -> Self:
        """See which emojis there are."""
        self._tool(message, "React").click()
        expect(self.person.row(message).get_by_role("grid")).to_be_visible()
        return self

    def open_more(self, message: Message) -> Self:
        """See what else can be done with an own message."""
        self._tool(message, "More").click()
        expect(self.person.row(message).get_by_role("button", name="Delete", exact=True)).to_be_visible()
        return self

    def close_menu(self) -> Self:
        """With Escape."""
        return self.press("Escape")

    def say_long(self, text: str, part: str) -> Message:
        """Send what is shown in another form than it was written; a part of it is to be recognised."""
        self.person.composer.fill(text)
        self.person.send_button.click()
        return self.person._written(part)

    def reply(self, message: Message, text: str) -> Message:
        """Answer a message."""
        return self.begin_reply(message).person.say(text)

    def begin_reply(self, message: Message) -> Self:
        """Choose what is answered; the composer names it."""
        self._tool(message, "Reply").click()
        expect(self.page.get_by_text(f"Reply to {message.sender.name}")).to_be_visible()
        return self

    def answer(self, message: Message, text: str) -> Message:
        """Answer a message of somebody who has no name."""
        self._tool(message, "Reply").click()
        expect(self.page.get_by_text(re.compile("^Reply to Node"))).to_be_visible()
        return self.person.say(text)

    def edit(self, message: Message, text: str) -> Self:
        """Write an own message anew."""
        self._tool(message, "More").click()
        self.person.row(message).get_by_role("button", name="Edit", exact=True).click()
        expect(self.person.composer).to_be_focused()
        self.person.composer.fill(text)
        self.person.composer.press("Enter")
        return self

    def delete(self, message: Message) -> Self:
        """Take an own message from everybody's view."""
        return self.ask_to_delete(message).confirm("Delete")

    def ask_to_delete(self, message: Message) -> Self:
        """Choose it in the menu; the page asks whether it is meant."""
        self._tool(message, "More").click()
        self.person.row(message).get_by_role("button", name="Delete", exact=True).click()
        expect(self.page.get_by_role("dialog", name="Delete this message?")).to_be_visible()
        return self

    def confirm(self, answer: str) -> Self:
        """Answer the question whether a message is to be deleted: "Delete" or "Keep"."""
        asked = self.page.get_by_role("dialog", name="Delete this message?")
        asked.get_by_role("button", name=answer, exact=True).click()
        expect(asked).to_be_hidden()
        return self

    def mention(self, name: str, text: str) -> Message:
        """Write to somebody, taking the name from the list."""
        self.person.composer.press_sequentially(f"@{name}")
        expect(self.page.get_by_role("option", name=name)).to_have_attribute("aria-selected", "true")
        self.press("Enter")
        self.person.composer.press_sequentially(text)
        self.press("Enter")
        return replace(self.person._written(text), text=f"@{name} {text}")

    # by keyboard alone

    def press(self, *keys: str) -> Self:
        """Keys where the focus is."""
        for key in keys:
            self.page.keyboard.press(key)
        return self

    def go_to_newest_row(self) -> Self:
        """From the composer to the newest message."""
        expect(self.person.composer).to_be_focused()
        self.person.timeline.focus()
        return self.press("ArrowUp")

    def tab_to(self, name: str) -> Self:
        """With Tab to the next button of this name; on the way the focus never is on nothing."""
        for _ in range(TABS_MAX):
            self.expect_some_focus().press("Tab")
            if self.page.locator(":focus").filter(has_text=name).count():
                break
        return self.expect_focus_on(name)

    def find_again(self, message: Message) -> Message:
        """What was discarded and brought back is the same words under a new id."""
        again = self.person._written(message.text)
        assert again.id != message.id
        return again

    def expect_some_focus(self) -> Self:
        """Who goes on by keyboard is somewhere."""
        expect(self.page.locator("body:focus, body:not(:has(:focus))")).to_have_count(0)
        return self

    def expect_never_lost(self) -> Self:
        """No frame was painted in which the focus was on nothing, since the first key."""
        assert self.page.evaluate("__unfocused") == []
        return self

    def expect_focus_on(self, name: str) -> Self:
        """The focus is on a button of this name."""
        expect(self.page.locator(":focus")).to_have_accessible_name(name)
        return self

    def expect_panel(self, name: str, shown: bool = True) -> Self:
        """The panel is there, or not."""
        expect(self.page.get_by_role("complementary", name=name)).to_have_count(1 if shown else 0)
        return self

    def expect_about(self, words: str) -> Self:
        """The composer says what is being written."""
        conversation = self.page.get_by_role("region", name=self.person.channel)
        expect(conversation.get_by_text(words, exact=True)).to_be_visible()
        return self

    def expect_dialog(self, name: str) -> Self:
        """It is open."""
        expect(self.page.get_by_role("dialog", name=name)).to_be_visible(timeout=SOON_MS)
        return self

    # what is seen

    def expect_reaction(self, message: Message, emoji: str, *people: str) -> Self:
        """The reaction is there once, and names these people."""
        chip = self.person.row(message).get_by_role(
            "button", name=f"{emoji} {' and '.join(people)}", exact=True
        )
        expect(chip).to_have_count(1, timeout=SOON_MS)
        return self

    def expect_not_done(self, message: Message, words: str) -> Self:
        """The row says that a change of it did not get out, and what can be done, after a whole attempt."""
        row = self.person.row(message)
        expect(row).to_contain_text(words, timeout=FAILURE_MAX_MS)
        expect(row.get_by_role("button", name="Retry")).to_be_visible()
        expect(row.get_by_role("button", name="Discard")).to_be_visible()
        return self

    def expect_no_reaction(self, message: Message, emoji: str) -> Self:
        """Nobody has reacted so."""
        chip = self.person.row(message).locator(f'.chip[data-emoji="{emoji}"]')
        expect(chip).to_have_count(0, timeout=SOON_MS)
        return self

    def toggle(self, message: Message, emoji: str) -> Self:
        """Press the reaction under a message."""
        self.person.row(message).locator(f'.chip[data-emoji="{emoji}"]').click()
        return self

    def expect_edited(self, message: Message, text: str) -> Self:
        """The new text, marked as edited, in the same row."""
        row = self.person.row(message)
        expect(row).to_contain_text(text, timeout=SOON_MS)
        expect(row.get_by_text("(edited)")).to_be_visible()
        expect(row).to_have_count(1)
        return self

    def expect_deleted(self, message: Message, of_nodes: str = "") -> Self:
        """The row says that it was deleted, and to its author on how many nodes."""
        row = self.person.row(message)
        expect(row).to_contain_text("Deleted", timeout=SOON_MS)
        expect(row).not_to_contain_text(message.text)
        if of_nodes:
            expect(row).to_contain_text(f"Removed from view on {of_nodes}", timeout=SOON_MS)
        return self

    def expect_answer_to(self, message: Message, quoted: str) -> Self:
        """The row quotes what it answers; pressing that goes there."""
        expect(self.person.row(message).get_by_role("button", name=f"Reply to {quoted}")).to_be_visible()
        return self

    def expect_answer_to_earlier(self, message: Message) -> Self:
        """The row says that it answers something which is not here."""
        quote = self.person.row(message).get_by_role("button", name="Reply to an earlier message")
        expect(quote).to_be_visible(timeout=SOON_MS)
        return self

    def press_quote(self, answer: Message) -> Self:
        """Go to what it answers."""
        self.person.row(answer).get_by_role("button", name="Reply to").click()
        return self

    def follow_quote(self, answer: Message, quoted: Message) -> Self:
        """Press the quote: the focus is on what was answered."""
        self.person.row(answer).get_by_role("button", name="Reply to").click()
        expect(self.person.row(quoted)).to_be_focused()
        return self

    def expect_mention(self, message: Message, name: str, *, own: bool) -> Self:
        """Somebody is mentioned by name; oneself stands out."""
        mention = self.person.row(message).get_by_text(f"@{name}", exact=True)
        expect(mention).to_have_class("mention is-me" if own else "mention", timeout=SOON_MS)
        return self

    def expect_heard(self, words: str) -> Self:
        """A screen reader is told so, among what was told last."""
        expect(self.page.locator("#announcer")).to_contain_text(words, timeout=SOON_MS)
        return self
