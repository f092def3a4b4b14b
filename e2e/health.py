"""What an administrator does and sees on the health page, in words."""

from __future__ import annotations

import re
import time

from playwright.sync_api import Locator, expect

from e2e.chat import Message, Person
from e2e.servers import eventually

SOON_MS = 10_000
"""Within this a fault must be seen."""

HEALED_MS = 90_000
"""Within this the network has mended itself."""

STORY = """body => [...body.rows].reverse().map(row => ({
    at_ms: Date.parse(row.querySelector("time").dateTime),
    operation: row.querySelector("code").textContent,
    about: row.cells[2].title,
    told: row.cells[2].querySelector(".log-story").textContent,
}))"""

CELL = """(table, {subscriber, initiator}) => {
    const heads = [...table.tHead.rows[0].cells];
    const at = heads.findIndex(each => each.firstElementChild?.textContent === initiator);
    const row = [...table.tBodies[0].rows].find(each => each.cells[0].textContent === subscriber);
    return at > 0 && row ? row.cells[at].textContent : "";
}"""


class Health:
    """The health page of one person."""

    def __init__(self, person: Person) -> None:
        self.person = person
        self.page = person.page
        self._by_s: float | None = None

    def hurry(self) -> Health:
        """From now on all that is expected must be there within ``SOON_MS``, by one clock, until ``rest``."""
        self._by_s = time.monotonic() + SOON_MS / 1000
        return self

    def rest(self) -> Health:
        """What is expected has ``SOON_MS`` each again."""
        self._by_s = None
        return self

    @property
    def soon_ms(self) -> float:
        """Within this what is expected next must be there."""
        if self._by_s is None:
            return SOON_MS
        left_ms = (self._by_s - time.monotonic()) * 1000
        assert left_ms > 0, f"not all within {SOON_MS} ms"
        return left_ms

    def open(self, channel: str = "") -> Health:
        """Go there, and choose a channel."""
        self.person.visit("/health/")
        expect(self.page.locator("#live")).to_contain_text("Live", timeout=SOON_MS)
        if channel:
            self.page.get_by_role("navigation", name="Channels").get_by_role("button", name=channel).click()
            expect(self.page.get_by_role("heading", name=channel, exact=True)).to_be_visible()
            expect(self.page.get_by_role("table", name="Who reaches whom")).to_be_visible(timeout=SOON_MS)
        return self

    # the verdict

    @property
    def channel(self) -> Locator:
        """What is told of the channel."""
        return self.page.locator("#channel")

    def expect_state(self, state: str, timeout_ms: int | None = None) -> Health:
        """The channel is ``Healthy``, ``Degraded`` or ``Down``."""
        timeout = timeout_ms or self.soon_ms
        expect(self.page.locator("#channel-state")).to_have_text(state, timeout=timeout)
        return self

    def expect_reason(self, code: str, clause: str = "") -> Health:
        """The verdict names this code, with a remedy, and tells this of it."""
        reason = self.page.locator("#reasons li").filter(has_text=code).filter(has_text=clause)
        expect(reason).to_be_visible(timeout=self.soon_ms)
        expect(reason).to_have_text(re.compile(r"\. .{10,}\. "))
        return self

    def expect_sentence(self, words: str | re.Pattern[str], timeout_ms: int | None = None) -> Health:
        """The sentence below the channel's name."""
        timeout = timeout_ms or self.soon_ms
        expect(self.page.locator("#channel-sentence")).to_contain_text(words, timeout=timeout)
        return self

    def expect_host(self, words: str) -> Health:
        """The server's sentence, at the top, says this."""
        expect(self.page.locator("#host-sentence")).to_contain_text(words, timeout=self.soon_ms)
        return self

    # the matrix and the subscribers

    def cell(self, subscriber: str, initiator: str) -> str:
        """What one initiator says of a subscriber, by the headers of row and column, all at one moment."""
        names = {"subscriber": subscriber, "initiator": initiator}
        told: str = self.page.get_by_role("table", name="Who reaches whom").evaluate(CELL, names)
        return told

    def expect_cell(self, subscriber: str, initiator: str, words: str) -> Health:
        """A cell of the matrix says this (a pattern), within ten seconds."""
        what = f"{initiator} says of {subscriber}: {words}"
        eventually(
            what, lambda: bool(re.search(words, self.cell(subscriber, initiator))), self.soon_ms / 1000
        )
        return self

    def subscriber(self, name: str) -> Locator:
        """Somebody's row."""
        rows = self.page.locator("#subscribers").get_by_role("listitem")
        return rows.filter(has=self.page.get_by_text(name, exact=True))

    def walk(self, *keys: str, told: str) -> Health:
        """From the matrix by Tab to its cells, then by these keys; below the table that cell is told."""
        self.page.locator("#matrix").focus()
        for key in ("Tab", *keys):
            self.page.keyboard.press(key)
        expect(self.page.locator("#matrix-told")).to_contain_text(re.compile(told))
        return self

    def expect_subscriber(self, name: str, words: str | re.Pattern[str]) -> Health:
        """Somebody's row says this."""
        expect(self.subscriber(name)).to_contain_text(words, timeout=self.soon_ms)
        return self

    def repair(self, name: str, words: str | re.Pattern[str]) -> Health:
        """Press "Repair now", and it must find this."""
        self.subscriber(name).get_by_role("button", name=f"Repair now: {name}").click()
        expect(self.subscriber(name).locator(".subscriber-told")).to_have_text(words, timeout=15_000)
        return self

    def wait_at_repair(self, name: str) -> Health:
        """Put the focus on somebody's "Repair now"."""
        button = self.subscriber(name).get_by_role("button", name=f"Repair now: {name}")
        button.focus()
        expect(button).to_be_focused()
        return self

    # times, traces, events

    def plotted_ms(self) -> float:
        """What 95 of 100 pushes took at most in the worst ten seconds of the plot of latencies."""
        caption = self.page.locator("#latency figcaption")
        expect(caption).to_contain_text("at most ", timeout=20_000)
        found = re.search(r"at most ([\d.,]+) (ms|s)", caption.inner_text())
        assert found is not None
        return float(found[1].replace(",", "")) * (1000 if found[2] == "s" else 1)

    def plot_last(self, span: str) -> Health:
        """Choose of which time the plots of pushes are."""
        choice = self.page.get_by_label("Plots of pushes in the last")
        choice.select_option(span)
        choice.evaluate('it => it.scrollIntoView({ block: "center" })')
        return self

    def trace(self, message: Message) -> Health:
        """Ask what became of a message."""
        form = self.page.get_by_role("region", name="What became of a message")
        form.get_by_label("Message id").fill(message.id)
        form.get_by_role("button", name="Trace").click()
        return self

    def trace_failed(self, message: Message) -> Health:
        """Find a message that failed in the event log, and press its button."""
        self.page.get_by_label("Outcome").select_option("failed")
        button = self.page.get_by_role("button", name=f"Trace message {message.id[:8]}").first
        expect(button).to_be_visible(timeout=SOON_MS)
        button.click()
        return self

    def report(self, operation: str) -> Health:
        """Find an operation in the event log, and have its report."""
        button = self.page.get_by_role("button", name=f"Report on {operation} ").first
        expect(button).to_be_visible(timeout=SOON_MS)
        button.click()
        return self

    def expect_trace(self, *words: str | re.Pattern[str]) -> Health:
        """The trace tells all of this."""
        for each in words:
            expect(self.page.locator("#trace-found")).to_contain_text(each, timeout=SOON_MS)
        return self

    def examine(self, channel: str = "") -> Health:
        """Ask the connection doctor, and wait for its verdict."""
        doctor = self.page.get_by_role("region", name="Connection doctor")
        doctor.get_by_label("Channel to look for").fill(channel)
        doctor.get_by_role("button", name="Examine").click()
        expect(doctor.get_by_role("status")).to_contain_text(
            re.compile(r"All is well|Nothing failed|It works|failed: begin"), timeout=40_000
        )
        expect(doctor.get_by_role("listitem").first).to_contain_text("Own socket")
        return self

    # the event log and the tools

    @property
    def log(self) -> Locator:
        """The card of the event log."""
        return self.page.get_by_role("region", name="Event log")

    def choose(self, label: str, value: str) -> Health:
        """Set a field of the log's filter."""
        field = self.log.get_by_label(label, exact=True)
        if field.evaluate("field => field.tagName") == "SELECT":
            field.select_option(value)
        else:
            field.fill(value)
        return self

    def expect_rows(self, *words: str) -> Health:
        """The log shows exactly these rows, the newest first; each has these words."""
        rows = self.log.locator("tbody tr")
        expect(rows).to_have_count(len(words), timeout=SOON_MS)
        expect(rows).to_contain_text([*words])
        return self

    def export(self, kind: str) -> str:
        """Press the button of a file, and read it."""
        with self.page.expect_download() as downloading:
            self.log.get_by_role("link", name=kind, exact=True).click()
        return downloading.value.path().read_text(encoding="utf-8")

    def switch_diagnostic(self, *, on: bool) -> Health:
        """Press the switch of the diagnostic mode; it must turn."""
        switch = self.page.get_by_role("switch", name="Diagnostic mode")
        expect(switch).to_be_enabled()
        switch.click()
        expect(switch).to_have_attribute("aria-checked", str(on).lower(), timeout=SOON_MS)
        expect(self.page.locator("#announcer")).to_have_text(f"Diagnostic mode is {'on' if on else 'off'}.")
        return self

    def expect_events(self, *operations: str) -> Health:
        """The log holds these operations, in this order, other ones between them."""
        rows = self.page.get_by_role("region", name="Event log").locator("tbody tr")
        for operation in operations:
            expect(rows.filter(has_text=operation).first).to_be_visible(timeout=SOON_MS)
        oldest_first = rows.locator("code").all_inner_texts()[::-1]
        places = iter(oldest_first)
        assert all(operation in places for operation in operations), oldest_first
        return self

    def expect_story(self, since_ms: float, operation: str, *, about: str = "", told: str = "") -> Health:
        """The log tells this of that, and tells it for the first time after that moment."""

        def found() -> list[float]:
            rows = self.log.locator("tbody").evaluate(STORY)
            fits = [row for row in rows if row["operation"] == operation and told in row["told"]]
            return [row["at_ms"] for row in fits if about in row["about"]]

        eventually(f"{operation} {about} {told}", lambda: bool(found()), self.soon_ms / 1000)
        assert min(found()) >= since_ms, "that was before"
        return self

    def expect_verdicts(self, since_ms: float, *words: str) -> Health:
        """The log tells these changes of the verdict in this order, all after that moment."""

        def found() -> bool:
            rows = self.log.locator("tbody").evaluate(STORY)
            late = [row for row in rows if row["at_ms"] >= since_ms and row["operation"] == "verdict.changed"]
            told = iter(row["told"] for row in late)
            return all(any(each in one for one in told) for each in words)

        eventually(f"verdicts {words}", found, self.soon_ms / 1000)
        return self

    def expect_live(self) -> Health:
        """The page is not older than it should be."""
        expect(self.page.locator("#live")).to_have_attribute("data-live", "live", timeout=SOON_MS)
        return self

    def expect_not_live(self) -> Health:
        """It says that it is old, and why."""
        alert = self.page.get_by_role("alert").filter(has_text="Not live.")
        expect(alert).to_be_visible(timeout=SOON_MS)
        expect(alert.get_by_role("button", name="Try again")).to_be_visible()
        return self
