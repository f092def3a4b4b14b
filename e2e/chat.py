"""What people do and see in the chat, in words; the tests contain no selectors.

A ``Person`` is one browser context (own cookies, own storage) with one page on one server.
Everything is found as a person or a screen reader finds it: by label, role and name, and a message
by its id. Every ``expect_…`` waits for what should be seen and fails when it isn't in time.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

from e2e.camera import shoot
from e2e.echo import note_echo
from e2e.report import Delivery, JoinTime, Report
from e2e.servers import Network, Server
from peernode.diagnostics.codes import CATALOGUE

PASSWORD = "a long enough pass phrase"
SOON_MS = 10_000
JOIN_MAX_MS = 5_000
FAILURE_MAX_MS = 9_000
NODE_HEARD = re.compile("(Online|Degraded|Offline)")

JOINED_IN = re.compile(r"(Joined|New channel, created) in (\d+ ms|\d\.\d s)")
"""What takes less than a tenth of a second is told in milliseconds."""


@dataclass(frozen=True, slots=True)
class Message:
    """A message as its sender knows it."""

    id: str
    text: str
    channel: str
    sender: Person


class Person:
    """One person at one browser."""

    def __init__(self, name: str, page: Page, server: Server, report: Report, shots: Path) -> None:
        self.name = name
        self.page = page
        self.server = server
        self.report = report
        self.shots = shots
        self.test = ""
        self.channel = ""
        self.disturbed = False

    def sign_up(self) -> Person:
        """Create the account; ends on the chat page, connected to the own node."""
        self.visit("/signup/")._credentials("Create account")
        return self.expect_chat_page()

    def sign_in(self) -> Person:
        """Sign in to the existing account."""
        self.visit("/signin/")._credentials("Sign in")
        return self.expect_chat_page()

    def _credentials(self, button: str) -> None:
        self.page.get_by_label("Username").fill(self.name)
        for field in self.page.get_by_label(re.compile("^Password")).all():
            field.fill(PASSWORD)
        self.page.get_by_role("button", name=button).click()

    def expect_chat_page(self) -> Person:
        """The chat page is there and has heard from the own node."""
        expect(self.page.get_by_text("Your node:").locator("..")).to_contain_text(NODE_HEARD, timeout=SOON_MS)
        return self

    def visit(self, path: str, status: int = 200) -> Person:
        """Go to a page of the server, and nowhere else."""
        answer = self.page.goto(f"{self.server.url}{path}")
        assert answer is not None and answer.status == status, f"{path}: {answer and answer.status}"
        return self

    def open_page(self) -> Person:
        """Go to the chat page."""
        return self.visit("/").expect_chat_page()

    def reload(self) -> Person:
        """What F5 does."""
        self.page.reload()
        return self.expect_chat_page()

    # channels

    def join(self, channel: str) -> Person:
        """Join and wait until it is done; notes the time for the report."""
        self.ask_to_join(channel)
        return self.expect_joined(channel)

    def ask_to_join(self, channel: str) -> Person:
        """Fill in the name and press Join."""
        self.page.get_by_label("Channel name").fill(channel)
        self.page.get_by_role("button", name="Join", exact=True).click()
        return self

    def expect_joined(self, channel: str) -> Person:
        """The join is done within its bound, and the composer can be used; notes the time."""
        self.channel = channel
        with self.report.counted("joins within 5 s"):
            expect(self.join_card).to_have_attribute("data-join-state", "joined", timeout=JOIN_MAX_MS)
        self.report.joins.append(self.join_time())
        return self.expect_open(channel)

    def expect_open(self, channel: str) -> Person:
        """The channel is open, as it is for a member who comes back."""
        self.channel = channel
        expect(self.composer).to_be_editable(timeout=SOON_MS)
        return self

    @property
    def join_card(self) -> Locator:
        """Where the page tells how the join goes."""
        return self.page.locator("[data-join-state]")

    def join_time(self) -> JoinTime:
        """The steps of the join as the page lists them, and the time it states."""
        elapsed = self.join_card.get_attribute("data-elapsed-ms")
        steps = [
            " ".join(text.split()) for text in self.join_card.get_by_role("listitem").all_text_contents()
        ]
        return JoinTime(self.test, self.name, self.channel, float(elapsed or "nan"), tuple(steps))

    def expect_join_steps(self) -> JoinTime:
        """The list of steps can be opened, all of them done, below the time it took."""
        self.join_card.locator("summary").click()
        expect(self.join_card).to_contain_text(JOINED_IN)
        steps = self.join_card.get_by_role("listitem")
        for step in steps.all():
            expect(step).to_be_visible()
            expect(step).to_contain_text("done")
        return self.join_time()

    # messages

    @property
    def composer(self) -> Locator:
        """Where the person writes."""
        return self.page.get_by_label(f"Message {self.channel}", exact=True)

    @property
    def send_button(self) -> Locator:
        """The button beside the composer."""
        return self.page.get_by_role("button", name="Send", exact=True)

    @property
    def timeline(self) -> Locator:
        """The messages of the open channel."""
        return self.page.get_by_role("log", name=f"Messages in {self.channel}", exact=True)

    def say(self, text: str) -> Message:
        """Write and press Send; the row must be there at once, whatever the network does."""
        self.composer.fill(text)
        self.send_button.click()
        return self._written(text)

    def say_at_once(self, *texts: str) -> list[Message]:
        """Write several with the Enter key, not waiting in between."""
        for text in texts:
            self.composer.fill(text)
            self.composer.press("Enter")
        return [self._written(text) for text in texts]

    def _written(self, text: str) -> Message:
        row = self.timeline.get_by_role("article").filter(has_text=text)
        expect(row).to_have_count(1)
        note_echo(self, row.get_attribute("data-msg-id") or "")
        return Message(row.get_attribute("data-msg-id") or "", text, self.channel, self)

    def row(self, message: Message) -> Locator:
        """The row of a message, however often it would stand there."""
        return self.timeline.locator(f'[data-msg-id="{message.id}"]')

    def expect_once(self, message: Message, timeout_ms: int = SOON_MS) -> Person:
        """It is here exactly once, with its text."""
        expect(self.row(message)).to_have_count(1, timeout=timeout_ms)
        expect(self.row(message)).to_contain_text(message.text)
        return self

    def expect_message(self, message: Message, timeout_ms: int = SOON_MS) -> Person:
        """Another's message is here once; notes the time, unless the test has disturbed it."""
        with self.report.counted("messages on the other's screen in time"):
            row = self.expect_once(message, timeout_ms).row(message)
        expect(row).to_have_attribute("data-state", "received")
        drawn, arrived = message.sender.first_seen(message), self.first_seen(message)
        if drawn and arrived and not (message.sender.disturbed or self.disturbed):
            self.report.deliveries.append(
                Delivery(self.test, message.sender.name, self.name, arrived - drawn)
            )
        return self

    def expect_state(self, message: Message, *states: str, timeout_ms: int = SOON_MS) -> Person:
        """The row shows one of the states."""
        pattern = re.compile("^(" + "|".join(states) + ")$")
        expect(self.row(message)).to_have_attribute("data-state", pattern, timeout=timeout_ms)
        return self

    def expect_sent(self, message: Message) -> Person:
        """Enough nodes have it, perhaps it is even delivered already."""
        return self.expect_state(message, "sent", "delivered")

    def expect_delivered(self, message: Message) -> Person:
        """Receivers have acknowledged it."""
        return self.expect_state(message, "delivered")

    def expect_failed(self, message: Message) -> Person:
        """The row says that it was not sent, why, and what can be done, after a whole attempt if need be."""
        self.expect_state(message, "failed", timeout_ms=FAILURE_MAX_MS)
        expect(self.row(message)).to_contain_text("Not sent:", timeout=FAILURE_MAX_MS)
        expect(self.row(message).get_by_role("button", name="Retry")).to_be_visible()
        expect(self.row(message).get_by_role("button", name="Discard")).to_be_visible()
        return self

    def expect_accepted(self, message: Message) -> Person:
        """The node has it durably: the next one can be written, this one is on its way."""
        expect(self.send_button).to_be_enabled()
        expect(self.row(message)).to_have_attribute("data-phase", "sending")
        return self

    def expect_waiting_for_the_node(self, message: Message) -> Person:
        """The node could not be given it; it is kept and goes out by itself."""
        expect(self.row(message)).to_contain_text(
            "Waiting for connection, will send by itself", timeout=SOON_MS
        )
        return self.expect_state(message, "pending")

    def expect_trouble(self, code: str) -> Person:
        """The page says what an error of the catalogue means."""
        expect(self.page.get_by_text(CATALOGUE[code].meaning).first).to_be_visible(timeout=SOON_MS)
        return self

    def expect_no_message(self, message: Message) -> Person:
        """It is not here now."""
        expect(self.row(message)).to_have_count(0)
        return self

    def expect_order(self, messages: list[Message]) -> Person:
        """Exactly these messages, in this order."""
        rows = self.timeline.get_by_role("article")
        expect(rows).to_have_count(len(messages), timeout=SOON_MS)
        assert self.order() == [message.id for message in messages]
        return self

    def order(self) -> list[str]:
        """The ids of the rows from the oldest to the newest."""
        rows = self.timeline.get_by_role("article").all()
        return [row.get_attribute("data-msg-id") or "" for row in rows]

    def retry(self, message: Message) -> Person:
        """Press Retry in the message's row."""
        self.row(message).get_by_role("button", name="Retry").click()
        return self

    def discard(self, message: Message) -> Person:
        """Press Discard in the message's row."""
        self.row(message).get_by_role("button", name="Discard").click()
        return self

    def mark_row(self, message: Message) -> None:
        """Remember the very element, to recognise it later."""
        self.row(message).evaluate("row => { row.markedByTest = true; }")

    def expect_same_row(self, message: Message) -> Person:
        """The marked element was kept, not drawn anew."""
        assert self.row(message).evaluate("row => row.markedByTest === true")
        return self

    def expect_ready_for_the_next(self) -> Person:
        """The composer is empty and has the focus."""
        expect(self.composer).to_have_value("")
        expect(self.composer).to_be_focused()
        return self

    def first_seen(self, message: Message) -> float:
        """When the row was drawn on this screen, in ms since the epoch; 0 when a reload has forgotten it."""
        states: dict[str, float] = self.page.evaluate("id => window.__seen[id] ?? {}", message.id)
        return min(states.values(), default=0)

    # the network

    def network(self, mode: Network) -> Person:
        """Hold, cut or open the datagrams of this person's node."""
        self.disturbed = True
        self.server.network(self.name, mode)
        return self

    # pictures

    def picture(self, name: str) -> Person:
        """Keep the screen as it is now: light, dark, and 360 px wide."""
        shoot(self.page, self.shots, name)
        return self
