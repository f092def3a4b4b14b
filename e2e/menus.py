"""What a person does with the account's menu and the drawer, and where the keyboard is afterwards."""

from __future__ import annotations

from playwright.sync_api import Locator, expect

from e2e.camera import NARROW_PX
from e2e.chat import SOON_MS, Message, Person

ALL_UNSENT = """async () => {
    const done = request => new Promise(resolve => { request.onsuccess = () => resolve(request.result); });
    const names = (await indexedDB.databases()).map(({ name }) => name).filter(name => /outbox/.test(name));
    const all = await Promise.all(names.map(async name => {
        const database = await done(indexedDB.open(name));
        const records = await done(database.transaction("messages").objectStore("messages").getAll());
        database.close();
        return records;
    }));
    return JSON.stringify(all);
}"""
"""What the browser keeps of messages that have not gone out."""


class Menus:
    """A person's use of the menu below the list of channels."""

    def __init__(self, person: Person) -> None:
        self.person = person
        self.page = person.page

    @property
    def _account(self) -> Locator:
        return self.page.get_by_role("group").filter(has_text="Sign out").locator("summary")

    def on_a_telephone(self) -> Menus:
        """The screen becomes that of a telephone."""
        self.page.set_viewport_size({"width": NARROW_PX[0], "height": NARROW_PX[1]})
        return self

    def open_drawer(self) -> Menus:
        """Slide the list of channels in."""
        self.page.get_by_role("button", name="Channels", exact=True).click()
        return self.expect_drawer()

    def expect_drawer(self, is_open: bool = True) -> Menus:
        """The list of channels is there, or it is not."""
        field = self.page.get_by_label("Channel name")
        if is_open:
            expect(field).to_be_in_viewport(timeout=SOON_MS)
        else:
            expect(field).not_to_be_in_viewport(timeout=SOON_MS)
        return self

    def choose(self, name: str) -> Menus:
        """Press an entry of the menu with the mouse; a dialog opens."""
        self._account.click()
        self.page.get_by_role("button", name=name).click()
        return self.expect_dialog(True)

    def choose_by_keyboard(self, name: str) -> Menus:
        """The same with keys alone."""
        self._account.press("Enter")
        self.page.get_by_role("button", name=name).press("Enter")
        return self.expect_dialog(True)

    def expect_dialog(self, is_open: bool) -> Menus:
        """A dialog is open, or none is."""
        expect(self.page.get_by_role("dialog")).to_have_count(1 if is_open else 0, timeout=SOON_MS)
        return self

    def escape(self) -> Menus:
        """Press Escape."""
        self.page.keyboard.press("Escape")
        return self

    def save_profile(self) -> Menus:
        """Press Save in the dialog."""
        self.page.get_by_role("dialog").get_by_role("button", name="Save").click()
        return self.expect_dialog(False)

    def expect_focus_on_menu(self) -> Menus:
        """Whoever goes on by keyboard goes on from the menu, which is closed."""
        expect(self._account).to_be_focused(timeout=SOON_MS)
        expect(self.page.get_by_role("button", name="Sign out")).to_be_hidden()
        return self

    def rest_on(self, message: Message) -> Menus:
        """Bring the pointer over a message and leave it there."""
        self.person.row(message).hover()
        return self

    def expect_toolbar(self, message: Message, is_there: bool = True) -> Menus:
        """The message has its toolbar, or it has none; the pointer is not moved."""
        reply = self.person.row(message).get_by_role("button", name="Reply", exact=True)
        expect(reply).to_be_visible(visible=is_there, timeout=SOON_MS)
        return self

    def sign_out(self) -> Menus:
        """Choose it in the menu; ends on the page to sign in."""
        self._account.click()
        self.page.get_by_role("button", name="Sign out").click()
        expect(self.page.get_by_role("button", name="Sign in")).to_be_visible(timeout=SOON_MS)
        return self

    def ask_to_sign_out(self, unsent: str) -> Menus:
        """Choose it with something unsent: the page asks what becomes of it."""
        self._account.click()
        self.page.get_by_role("button", name="Sign out", exact=True).click()
        expect(self._question).to_be_visible()
        expect(self._question).to_contain_text(unsent)
        expect(self._question.get_by_role("button", name="Stay signed in")).to_be_focused()
        return self

    @property
    def _question(self) -> Locator:
        return self.page.get_by_role("dialog", name="not been sent")

    def answer(self, button: str) -> Menus:
        """Press a button of the question."""
        self._question.get_by_role("button", name=button).click()
        expect(self._question).to_have_count(0)
        return self

    def expect_signed_out(self) -> Menus:
        """The page to sign in is there."""
        expect(self.page.get_by_role("button", name="Sign in")).to_be_visible(timeout=SOON_MS)
        return self

    def expect_kept_here(self, text: str, is_kept: bool) -> Menus:
        """Whoever uses this browser next can read it, or not."""
        kept: str = self.page.evaluate(ALL_UNSENT)
        assert (text in kept) is is_kept, kept
        return self

    def go_to_sign_in(self) -> Menus:
        """Press the link of the banner, once the page is signed out."""
        self.page.get_by_role("link", name="Sign in").click()
        expect(self.page.get_by_role("button", name="Sign in")).to_be_visible(timeout=SOON_MS)
        return self

    def fail_to_sign_out(self) -> Menus:
        """Choose it in the menu while the server can't be reached, then go back to the page."""
        self.page.route("**/signout/", lambda route: route.abort())
        self._account.click()
        self.page.get_by_role("button", name="Sign out").click()
        self.page.wait_for_url("chrome-error://**")
        self.page.unroute("**/signout/")
        self.person.open_page()
        return self

    def expect_outbox_kept(self, is_kept: bool) -> Menus:
        """The browser has a place for what is unsent of an account, or none."""
        names: list[str] = self.page.evaluate(
            "async () => (await indexedDB.databases()).map(({ name }) => name)"
        )
        assert any(name.startswith("starling-outbox-") for name in names) is is_kept, names
        return self

    def expect_remembered(self, is_any: bool) -> Menus:
        """The browser remembers something of the account, or nothing but marks that say nothing of any."""
        keys: list[str] = self.page.evaluate("Object.keys(localStorage)")
        kept = [key for key in keys if not key.startswith(("starling forgotten ", "starling mark "))]
        assert bool(kept) is is_any, kept
        return self

    def load_without_node(self) -> Menus:
        """Load the page again; the node says nothing."""
        self.page.route_web_socket("**/ws/chat/", lambda _: None)
        self.page.reload()
        return self

    def expect_own_picture(self) -> Menus:
        """There is a picture beside the own name."""
        expect(self.page.locator("#me-picture .avatar")).to_be_visible(timeout=SOON_MS)
        return self

    def expect_pictured_in_mentions(self, query: str, *pictured: bool) -> Menus:
        """After an @ so many people are listed; these with the picture that they chose."""
        self.person.composer.press_sequentially(f"@{query}")
        options = self.page.get_by_role("listbox").get_by_role("option")
        expect(options).to_have_count(len(pictured), timeout=SOON_MS)
        for option, is_pictured in zip(options.all(), pictured, strict=True):
            expect(option.locator("img")).to_have_count(1 if is_pictured else 0, timeout=SOON_MS)
        return self
