"""What a person sees of others and shows of itself: profile, cards, fingerprints."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Locator, expect

from e2e.chat import SOON_MS, Message, Person
from tests.support.pictures import png


class Card:
    """A person's use of profiles and of the cards about others."""

    def __init__(self, person: Person) -> None:
        self.person = person
        self.page = person.page

    # about oneself

    def edit(self) -> Card:
        """Open the form about oneself, by the menu."""
        self.page.get_by_text("Account", exact=True).click()
        self.page.get_by_role("button", name="Your profile").click()
        expect(self._form).to_be_visible()
        return self

    @property
    def _form(self) -> Locator:
        return self.page.get_by_role("dialog", name="Your profile")

    def fill(self, name: str, about: str = "") -> Card:
        """Write another name and a few words."""
        self._form.get_by_label("Name").fill(name)
        self._form.get_by_label("About you").fill(about)
        return self

    def choose_picture(self, folder: Path, size: tuple[int, int] = (900, 600)) -> Card:
        """Take a photograph from the disk, far larger than a profile's picture may be."""
        path = folder / "holiday.png"
        path.write_bytes(png(*size, colour=(12, 122, 114)))
        self._form.get_by_label("Picture").set_input_files(path)
        expect(self._form.get_by_role("button", name="Remove the picture")).to_be_visible(timeout=SOON_MS)
        return self

    def choose_something_else(self, folder: Path) -> Card:
        """A file that is called a picture and is none: the form says so and keeps what was there."""
        path = folder / "fake.png"
        path.write_bytes(b"<svg onload=alert(1)>")
        self._form.get_by_label("Picture").set_input_files(path)
        expect(self._form.get_by_role("alert")).to_contain_text("can't be used as a picture", timeout=SOON_MS)
        return self

    def save(self) -> Card:
        """The form closes once the node has it."""
        self._form.get_by_role("button", name="Save").click()
        expect(self._form).to_be_hidden(timeout=SOON_MS)
        return self

    def introduce(self, name: str, about: str = "") -> Card:
        """All at once, without a picture."""
        return self.edit().fill(name, about).save()

    # about others

    def expect_author(self, message: Message, name: str) -> Card:
        """The row names its author so."""
        author = self.person.row(message).get_by_role("button", name=name, exact=True)
        expect(author).to_be_visible(timeout=SOON_MS)
        return self

    def expect_picture(self, message: Message, shown: bool = True) -> Card:
        """The row shows the author's own picture, or the identicon."""
        image = self.person.row(message).locator("img.portrait")
        expect(image).to_have_count(1 if shown else 0, timeout=SOON_MS)
        if shown:
            expect(image).to_have_js_property("complete", True)
            assert image.evaluate("image => image.naturalWidth") > 0
        return self

    def expect_print_beside_name(self, message: Message, node_id: str) -> Card:
        """The name is not unique, so the beginning of the fingerprint stands beside it."""
        expect(self.person.row(message).get_by_text(node_id[:8], exact=True)).to_be_visible(timeout=SOON_MS)
        return self

    def open(self, message: Message, name: str) -> Locator:
        """The card of a message's author, opened from the name."""
        self.person.row(message).get_by_role("button", name=name, exact=True).click()
        return self._card(name)

    def open_from_list(self, name: str) -> Locator:
        """The card of somebody, opened from the list of people."""
        self.page.get_by_role("button", name="People", exact=True).first.click()
        panel = self.page.get_by_role("complementary", name="People")
        panel.get_by_role("button", name=name).first.click()
        return self._card(name)

    def open_by_keyboard(self, name: str) -> Locator:
        """The card of the newest message's author: from the composer, without a mouse."""
        for key in ("Shift+Tab", "Shift+Tab", "ArrowUp"):  # past the button that shares files
            self.page.keyboard.press(key)
        self.page.locator("article:focus").wait_for()
        for key in ("Tab", "ArrowRight", "ArrowRight", "Enter"):
            self.page.keyboard.press(key)
        self.page.keyboard.press("Enter")
        return self._card(name)

    def _card(self, name: str) -> Locator:
        card = self.page.get_by_role("dialog", name=name)
        expect(card).to_be_visible(timeout=SOON_MS)
        return card

    def compare(self, card: Locator, other: Person, name: str) -> Card:
        """Hold the fingerprint against the other's account page, then set the mark."""
        other.visit("/account/")
        shown = other.page.locator(".fingerprint code").inner_text()
        expect(card.get_by_role("code").or_(card.locator("code"))).to_have_text(shown)
        other.open_page()
        return self.verify(card)

    def verify(self, card: Locator) -> Card:
        """Set the mark."""
        card.get_by_role("button", name="Mark as verified").click()
        expect(card.get_by_text("Verified by you")).to_be_visible(timeout=SOON_MS)
        return self

    def close(self, card: Locator) -> Card:
        """Close it; the focus does not fall to the top of the page."""
        card.get_by_role("button", name="Close").click()
        expect(card).to_be_hidden()
        assert self.page.evaluate("document.activeElement !== document.body")
        return self

    def expect_verified(self, message: Message, verified: bool = True) -> Card:
        """The mark stands beside the author's name, for ears too."""
        mark = self.person.row(message).get_by_text("verified by you")
        expect(mark).to_have_count(1 if verified else 0, timeout=SOON_MS)
        return self
