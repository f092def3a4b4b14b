"""What people do with a channel as a whole: hear of it while they look elsewhere, take it along as a file."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from playwright.sync_api import Locator, Page, Request, expect

from e2e.chat import SOON_MS, Person

# Stands in for the system's notifications, which no test can see, and for a window that is covered.
SYSTEM = """
window.__shown = [];
window.Notification = class {
  static permission = "default";
  static asked = 0;
  static async requestPermission() {
    this.asked += 1;
    return (this.permission = "granted");
  }
  constructor(title, { body }) { window.__shown.push(`${title}: ${body}`); }
};
window.__cover = (isHidden) => {
  Object.defineProperty(document, "hidden", { value: isHidden, configurable: true });
  document.dispatchEvent(new Event("visibilitychange"));
};
"""


def with_notifications(person: Person) -> Person:
    """Have the browser note what it shows; before the first page."""
    person.page.add_init_script(SYSTEM)
    return person


class OfChannel:
    """A person and the panel of the open channel."""

    def __init__(self, person: Person) -> None:
        self.person = person
        self.page = person.page

    @property
    def panel(self) -> Locator:
        """Where it stands."""
        return self.page.get_by_role("complementary", name="About this channel")

    def open(self) -> OfChannel:
        """By its key."""
        self.page.keyboard.press("Alt+i")
        expect(self.panel).to_be_visible()
        return self

    # notifications

    def expect_not_asked(self) -> OfChannel:
        """Nobody has asked the browser for permission."""
        assert self.page.evaluate("Notification.asked") == 0
        return self

    @property
    def _suggestion(self) -> Locator:
        return self.page.get_by_role("status").filter(has_text="You were mentioned")

    def expect_suggestion(self) -> OfChannel:
        """After the first mention; the focus is not taken away for it."""
        expect(self._suggestion).to_be_visible(timeout=SOON_MS)
        expect(self.person.composer).to_be_focused()
        return self

    def take_suggestion(self) -> OfChannel:
        """Press what is suggested."""
        self.expect_suggestion()._suggestion.get_by_role("button", name="Allow notifications").click()
        return self

    def expect_allowed(self) -> OfChannel:
        """The panel says when something is shown, and offers no button to allow it."""
        expect(self.panel).to_contain_text("Shown while no page of this chat is in sight")
        expect(self.panel.get_by_role("button", name="Allow notifications")).to_have_count(0)
        return self

    def show_one_as_a_test(self) -> OfChannel:
        """Press the button."""
        self.panel.get_by_role("button", name="Show one as a test").click()
        expect(self.panel).to_contain_text("You see none?")
        return self.expect_shown("Notifications work")

    def want(self, what: str) -> OfChannel:
        """Choose what to be told of."""
        self.panel.get_by_label(what).check()
        return self

    def look_away(self) -> OfChannel:
        """Another window covers the page."""
        self.page.evaluate("__cover(true)")
        return self

    def look_again(self) -> OfChannel:
        """The page is seen."""
        self.page.evaluate("__cover(false)")
        return self

    def expect_shown(self, *texts: str) -> OfChannel:
        """The system has shown these since last asked, and no others."""
        self.page.wait_for_function("count => __shown.length >= count", arg=len(texts), timeout=SOON_MS)
        shown = self.page.evaluate("__shown.splice(0)")
        assert len(shown) == len(texts), shown
        for text, each in zip(texts, shown, strict=True):
            assert text in each
        return self

    # export

    def export(self, button: str, folder: Path) -> Path:
        """Press the link and keep the file."""
        with self.page.expect_download() as download:
            self.panel.get_by_role("link", name=button).click()
        path = folder / download.value.suggested_filename
        download.value.save_as(path)
        return path

    def export_data(self, folder: Path) -> dict[str, Any]:
        """The JSON."""
        content: dict[str, Any] = json.loads(self.export("As data (JSON)", folder).read_text())
        return content

    def read_export(self, folder: Path) -> Page:
        """The HTML, opened from the disk; it must load nothing else."""
        file = self.export("As a page (HTML)", folder)
        page = self.page.context.new_page()
        asked: list[str] = []

        def note(request: Request) -> None:
            asked.append(request.url)

        page.on("request", note)
        page.goto(file.as_uri())
        assert asked == [file.as_uri()]
        expect(page.get_by_role("heading", name=self.person.channel)).to_be_visible()
        return page


class Deutsch:
    """A person whose browser speaks German."""

    def __init__(self, person: Person) -> None:
        self.person = person
        self.page = person.page

    def sign_up(self, password: str) -> Deutsch:
        """Create an account."""
        self.person.visit("/signup/")
        self.page.get_by_label("Benutzername").fill(self.person.name)
        self.page.get_by_label("Passwort", exact=True).fill(password)
        self.page.get_by_role("button", name="Konto anlegen").click()
        expect(self.page.get_by_text("Dein Knoten:").locator("..")).to_contain_text(
            re.compile("Verbunden|Eingeschränkt|Getrennt"), timeout=SOON_MS
        )
        return self

    def join(self, channel: str) -> Deutsch:
        """Join and write."""
        self.person.channel = channel
        self.page.get_by_label("Kanalname").fill(channel)
        self.page.get_by_role("button", name="Beitreten").click()
        expect(self.composer).to_be_editable(timeout=SOON_MS)
        return self

    @property
    def composer(self) -> Locator:
        """Where the person writes."""
        return self.page.get_by_label(f"Nachricht an {self.person.channel}", exact=True)

    def say(self, text: str) -> Locator:
        """Send; its row."""
        self.composer.fill(text)
        self.page.get_by_role("button", name="Senden", exact=True).click()
        return self.page.get_by_role("article").filter(has_text=text)

    def choose(self, language: str, button: str) -> None:
        """Another language, at the account page."""
        self.person.visit("/account/")
        self.page.get_by_label("Sprache", exact=True).select_option(label=language)
        self.page.get_by_role("button", name=button, exact=True).click()
