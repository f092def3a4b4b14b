"""Looking for barriers: a page as it stands, judged by axe-core, by its edges and what is pressed.

``Audit`` notes what it finds and goes on, so that one run tells all; ``expect_none`` fails with the list.
Motion is reduced while it looks, so that nothing is judged half-way through a change of colour; then nothing
may move.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import ViewportSize, expect

from e2e.chat import Person

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
OPTIONS = {
    "runOnly": {"type": "tag", "values": RULES},
    "rules": {"target-size": {"enabled": True}},
    "resultTypes": ["violations"],
}
RUN_AXE = "async options => { await new Promise(requestAnimationFrame); return axe.run(options); }"
SCHEMES: tuple[Literal["light"], Literal["dark"]] = ("light", "dark")
NARROW: ViewportSize = {"width": 320, "height": 640}
TARGET_MIN_PX = 24

MEASURES = Path(__file__).parent / "barriers.js"

LINGERING = """
const later = window.setTimeout;
const longer = ms => [5_000, 12_000, 30_000].includes(ms) ? ms * 20 : ms;
window.setTimeout = (act, ms, ...more) => later(act, longer(ms), ...more);
"""
"""Looking takes longer than words stay that go away by themselves (``view/toast.js``)."""


def with_lingering_words(person: Person) -> Person:
    """Words that go away by themselves stay long enough to be looked at; before the first page."""
    person.page.add_init_script(LINGERING)
    return person


class Audit:
    """One person's pages, looked at by a strict eye.

    ``has_imports``: their styles import others, which axe could read only against the pages' security policy;
    it leaves out the one rule that asks for that, whether the screen's orientation is locked.
    """

    def __init__(self, person: Person, *, has_imports: bool = False) -> None:
        self._options = {**OPTIONS, "preload": not has_imports}
        self.person = person
        self.page = person.page
        self.states: list[str] = []
        self._found: list[str] = []
        self._script = Axe().axe_script
        self._browser = self.page.context.new_cdp_session(self.page)

    def visit(self, path: str, status: int = 200) -> Audit:
        """Go to a page, be sent to no other one, and look at it."""
        self.person.visit(path, status)
        assert urlsplit(self.page.url).path == urlsplit(path).path, f"{path}: sent to {self.page.url}"
        return self.look(path)

    def look(self, state: str) -> Audit:
        """The page as it is now, light and dark, and at 320 px and twice the size of text."""
        self.states.append(state)
        if not self.page.evaluate("'axe' in window"):
            self.page.evaluate(self._script)
            self.page.evaluate(MEASURES.read_text())
        for scheme in SCHEMES:
            self.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            self._note(state, scheme, _barriers(self.page.evaluate(RUN_AXE, self._options)))
            self._note(state, "motion", self.page.evaluate("__barriers.moving()"))
        self.page.emulate_media(color_scheme="light", reduced_motion="no-preference")
        self._note(state, "targets", self.page.evaluate(f"__barriers.small({TARGET_MIN_PX})"))
        return self.measure(state)

    def measure(self, state: str) -> Audit:
        """Whether all fits 320 px and is large enough there, also with text twice as large, and that here."""
        size = self.page.viewport_size
        assert size is not None
        for width, text in ((NARROW, 1), (size, 2), (NARROW, 2)):
            self.text_size(text).page.set_viewport_size(width)
            how = f"{width['width']} px, text x {text}"
            self._note(state, how, self.page.evaluate("__barriers.overflows()"))
            self._note(state, how, self.page.evaluate(f"__barriers.small({TARGET_MIN_PX})"))
        self.text_size(1).page.set_viewport_size(size)
        return self

    def text_size(self, times: int) -> Audit:
        """What somebody sets in the browser who needs larger text."""
        sizes = {"standard": 16 * times, "fixed": 13 * times}
        self._browser.send("Page.setFontSizes", {"fontSizes": sizes})
        return self

    # what is opened to be looked at

    def open_keys(self) -> Audit:
        """The list of keys, by its key."""
        self.person.timeline.press("?")
        expect(self.page.get_by_role("dialog", name="Keyboard")).to_be_visible()
        return self

    def close_dialog(self) -> Audit:
        """Press its button."""
        self.page.get_by_role("dialog").get_by_role("button", name="Close").click()
        expect(self.page.get_by_role("dialog")).to_have_count(0)
        return self

    def open_node(self) -> Audit:
        """What the own node is."""
        self.page.get_by_text("Your node:").locator("..").click()
        expect(self.page.get_by_role("heading", name="Your node")).to_be_visible()
        return self

    def open_account_menu(self) -> Audit:
        """The menu at the own name."""
        self.page.get_by_text("Account", exact=True).click()
        expect(self.page.get_by_role("link", name="Your account")).to_be_visible()
        return self

    def expect_drawer_fits(self) -> Audit:
        """On a small screen the channels come over the page; looked at there."""
        size = self.page.viewport_size
        assert size is not None
        self.page.set_viewport_size(NARROW)
        self.page.get_by_role("button", name="Channels").click()
        expect(self.page.get_by_label("Channel name")).to_be_visible()
        self.look("the drawer")
        self.page.set_viewport_size(size)
        return self

    def expect_tools_beside_receipts(self) -> Audit:
        """The toolbar that the pointer brought leaves the words about receipts in sight."""
        assert self.page.evaluate("__barriers.covered()") == []
        return self

    def _note(self, state: str, how: str, found: list[str]) -> None:
        self._found += [f"{state}, {how}: {each}" for each in found]

    def expect_none(self) -> None:
        """No state had a barrier."""
        assert self._found == [], "\n".join(self._found)


def _barriers(answer: dict[str, Any]) -> list[str]:
    return [
        f"{violation['id']}: {node['html'][:160]} {' '.join(node['failureSummary'].split())[:300]}"
        for violation in answer["violations"]
        for node in violation["nodes"]
    ]
