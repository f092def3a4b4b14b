"""What a person sees of what others wrote: counts, the line of the new, the way down, where the view is."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

from playwright.sync_api import Locator, expect
from playwright.sync_api import TimeoutError as PlaywrightTimeoutError

from e2e.chat import SOON_MS, Message, Person
from tests.headless.processes import Headless

MOVED_MAX_PX = 1.0
PRESS_MS = 5_000


class Talker:
    """Somebody at a headless node, who writes as fast as the network takes it."""

    def __init__(self, folder: Path, bootstrap: str, channel: str) -> None:
        folder.mkdir()
        self._node = Headless(folder / "talker", "--bootstrap", bootstrap, "--channel", channel)
        self._node.first("joined")
        self._count = 0

    def say(self, *texts: str) -> None:
        """Write; ends when all of it is stored by enough nodes."""
        self._count += len(texts)
        self._node.type(*texts)
        self._node.wait(lambda _: len({e["id"] for e in self._node.all("sent")}) >= self._count, "all sent")

    def end(self) -> None:
        """Leave the network."""
        self._node.kill()


class Reader:
    """A person's eyes on the timeline and the list of channels."""

    def __init__(self, person: Person) -> None:
        self.person = person
        self.page = person.page

    def node_id(self) -> str:
        """The id of the person's node, as the page tells it."""
        return self.page.locator("#node-id").text_content() or ""

    # the list of channels

    def open(self, channel: str) -> Reader:
        """Press the channel in the list."""
        self._channel(channel).click()
        self.person.expect_open(channel)
        return self

    def _channel(self, channel: str) -> Locator:
        name = re.compile("^" + re.escape(channel) + r"(\s|$)")
        return self.page.get_by_role("navigation", name="Your channels").get_by_role("button", name=name)

    def expect_unread(self, channel: str, count: str, mentions: int = 0) -> Reader:
        """The list says so many unread, and apart from that how many of them name the person."""
        words = f"{count} unread message" + ("" if count == "1" else "s")
        expect(self._channel(channel)).to_contain_text(words, timeout=SOON_MS)
        if mentions:
            named = "1 of them names you" if mentions == 1 else f"{mentions} of them name you"
            expect(self._channel(channel)).to_contain_text(named)
        return self

    def expect_all_read(self, channel: str) -> Reader:
        """The list shows no count."""
        expect(self._channel(channel)).not_to_contain_text("unread message", timeout=SOON_MS)
        return self

    def expect_title(self, start: str) -> Reader:
        """What the tab says."""
        expect(self.page).to_have_title(re.compile("^" + re.escape(start)), timeout=SOON_MS)
        return self

    # the timeline

    def see(self, text: str, within_ms: int = SOON_MS) -> Reader:
        """The text is in the timeline and in sight."""
        row = self._row(text)
        expect(row).to_have_count(1, timeout=within_ms)
        expect(row).to_be_in_viewport(timeout=SOON_MS)
        return self

    def expect_empty(self, channel: str) -> Reader:
        """The page says that nobody has written in the channel that is open."""
        words = f"Nothing said in {channel} has come here yet"
        expect(self.page.get_by_role("heading", name=words)).to_be_visible(timeout=SOON_MS)
        return self

    def expect_here(self, text: str) -> Reader:
        """The text is in the timeline, in sight or not."""
        expect(self._row(text)).to_have_count(1, timeout=SOON_MS)
        return self

    def _row(self, text: str) -> Locator:
        return self.person.timeline.get_by_role("article").filter(
            has_text=re.compile(re.escape(text) + r"(?!\d)")
        )

    def expect_line_before(self, text: str) -> Reader:
        """The line of the new messages is in sight, and the text the first below it."""
        line = self.person.timeline.get_by_text("New", exact=True)
        expect(line).to_be_in_viewport(timeout=SOON_MS)
        below = line.locator("xpath=ancestor::p/following-sibling::article[1]")
        expect(below).to_contain_text(text)
        return self

    def expect_no_line(self) -> Reader:
        """Nothing is marked as new."""
        expect(self.person.timeline.get_by_text("New", exact=True)).to_have_count(0)
        return self

    def expect_not_here(self, text: str) -> Reader:
        """The page does not hold it."""
        expect(self._row(text)).to_have_count(0)
        return self

    def expect_focus(self, text: str) -> Reader:
        """The keys are at this message."""
        expect(self._row(text)).to_be_focused(timeout=SOON_MS)
        return self

    def message(self, text: str) -> Message:
        """What somebody wrote whom this test does not know as a person."""
        row = self._row(text)
        return Message(row.get_attribute("data-msg-id") or "", text, self.person.channel, self.person)

    def go_to_the_top(self) -> Reader:
        """Scroll to the oldest message that is here, and have it drawn."""
        self.person.timeline.evaluate(
            "async log => { log.scrollTop = 0;"
            " for (let frame = 0; frame < 3; frame += 1) await new Promise(requestAnimationFrame); }"
        )
        return self

    def in_sight(self) -> list[str]:
        """The texts of the messages that are in sight as a whole, from the top."""
        texts: list[str] = self.person.timeline.evaluate(
            "log => { const box = log.getBoundingClientRect();"
            " const rows = [...log.querySelectorAll('article')]"
            "   .map(row => [row, row.getBoundingClientRect()]);"
            " return rows.filter(([, at]) => at.top >= box.top && at.bottom <= box.bottom)"
            "   .map(([row]) => row.querySelector('.text').textContent); }"
        )
        return texts

    def expect_beginning(self) -> Reader:
        """There is nothing older, and the page says so."""
        expect(self.person.timeline.get_by_text("Your node has nothing older of")).to_be_visible(
            timeout=SOON_MS
        )
        return self

    def scroll_to(self, text: str) -> Reader:
        """Bring a message to the top of what is in sight, as with the wheel."""
        self._row(text).evaluate("row => row.scrollIntoView({ block: 'start' })")
        return self

    def place_of(self, text: str) -> float:
        """How far below the top of the window a message stands."""
        box = self._row(text).bounding_box()
        assert box is not None
        return box["y"]

    def expect_place(self, text: str, place: float) -> Reader:
        """It still stands there."""
        now = self.place_of(text)
        assert abs(now - place) <= MOVED_MAX_PX, f"from {place} to {now}"
        return self

    def expect_way_down(self, words: str) -> Reader:
        """The button to the newest messages says so."""
        expect(self.page.get_by_role("button", name=words, exact=True)).to_be_visible(timeout=SOON_MS)
        return self

    def go_down(self, words: str) -> Reader:
        """Press the button to the newest messages."""
        self.page.get_by_role("button", name=words, exact=True).click()
        return self

    def expect_no_way_down(self) -> Reader:
        """The newest messages are in sight, nothing to press."""
        expect(
            self.page.get_by_role("button", name=re.compile("^(\\d+ new messages?|Newest messages)$"))
        ).to_have_count(0)
        return self

    def go_to_the_end(self) -> Reader:
        """Go to the newest messages with the End key, wherever the view is."""
        self.person.timeline.press("End")
        return self

    # receipts

    def ask_who_has(self, message: Message) -> Reader:
        """Open the card of an own message's receipts, by keyboard."""
        self.person.row(message).get_by_role("button", name=re.compile("^(Delivered|Sent|Only)")).press(
            "Enter"
        )
        return self

    def expect_who_has(self, *words: str) -> Reader:
        """The card names these."""
        card = self.page.get_by_role("dialog")
        for each in words:
            expect(card).to_contain_text(each, timeout=SOON_MS)
        return self

    def close_card(self) -> Reader:
        """Close it with Escape; the focus is back on what opened it."""
        self.page.keyboard.press("Escape")
        expect(self.page.get_by_role("dialog")).to_have_count(0)
        expect(self.page.locator(":focus")).to_have_text(re.compile("^(Delivered|Sent|Only)"))
        return self

    # what is unsent

    def expect_outbox(self, count: int) -> Reader:
        """So many messages are unsent; the chip is there only when there are some."""
        chip = self.page.get_by_role("button", name=re.compile(r"^Outbox"))
        if count:
            expect(chip).to_have_text(f"Outbox ({count})", timeout=SOON_MS)
        else:
            expect(chip).to_have_count(0, timeout=SOON_MS)
        return self

    def open_outbox(self, *words: str) -> Reader:
        """Open the list of what is unsent, which contains these words."""
        self.page.get_by_role("button", name=re.compile(r"^Outbox")).click()
        return self.expect_who_has(*words)

    def press_in_outbox(self, button: str) -> Reader:
        """A button of the list."""
        self.page.get_by_role("dialog").get_by_role("button", name=button).click()
        return self

    def undo(self) -> Reader:
        """Take the discarding back."""
        self.page.get_by_role("button", name="Undo").click()
        return self

    def expect_question(self, message: Message, words: str) -> Reader:
        """The row of what has become old asks whether it should still go out."""
        expect(self.person.row(message)).to_contain_text(f"Written {words} ago: send now?", timeout=SOON_MS)
        return self

    def expect_no_question(self) -> Reader:
        """No row asks anything."""
        expect(self.person.timeline.get_by_text("send now?")).to_have_count(0)
        return self

    def send_now(self, message: Message) -> Reader:
        """Yes, it should."""
        self.person.row(message).get_by_role("button", name="Send", exact=True).click()
        return self

    def come_back_after(self, hours: int) -> Reader:
        """Open the page anew, so many hours later by the clock of this device."""
        self.page.clock.set_system_time(datetime.now(UTC) + timedelta(hours=hours))
        self.page.reload()
        return self

    def try_now(self) -> Reader:
        """Don't wait for the next attempt to connect, unless the page has just made it."""
        button = self.page.get_by_role("button", name="Try now")
        try:
            button.click(timeout=PRESS_MS)
        except PlaywrightTimeoutError:
            expect(button).to_be_hidden()
        return self

    # gaps

    def expect_gap(self) -> Reader:
        """The timeline says that something may be missing."""
        expect(self.person.timeline.get_by_text("Messages may be missing here")).to_be_visible(
            timeout=SOON_MS
        )
        return self

    def fill_gap(self) -> Reader:
        """Press the gap's button."""
        self.person.timeline.get_by_role("button", name="Load them").click()
        return self

    def expect_filling(self) -> Reader:
        """The gap says that it is being asked for."""
        expect(self.person.timeline.get_by_text("Looking for messages…")).to_be_visible()
        return self

    def expect_no_gap(self) -> Reader:
        """Nothing is missing."""
        expect(self.person.timeline.locator(".gap")).to_have_count(0, timeout=SOON_MS)
        return self
