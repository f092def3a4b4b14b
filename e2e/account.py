"""What people do on the pages around the chat: account, devices, identity, invitations."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import Locator, expect

from e2e.chat import PASSWORD, SOON_MS, Person
from e2e.servers import eventually

PASSPHRASE = "a pass phrase of several words"
LETTER_MAX_S = 10.0


class Account:
    """A person at their account page."""

    def __init__(self, person: Person) -> None:
        self.person = person
        self.page = person.page

    def open(self) -> Account:
        """From the chat page by the menu, as people go there."""
        self.page.get_by_text("Account", exact=True).click()
        self.page.get_by_role("link", name="Your account").click()
        expect(self.page.get_by_role("heading", name="Your account")).to_be_visible()
        return self

    def back(self) -> Person:
        """To the chat."""
        self.page.get_by_role("link", name="Back to the chat").click()
        return self.person.expect_chat_page()

    @property
    def devices(self) -> Locator:
        """The places where the person is signed in."""
        return self.page.get_by_role("list", name="Where you are signed in").get_by_role("listitem")

    def expect_devices(self, number: int) -> Account:
        """So many, and the first is marked as this one."""
        expect(self.devices).to_have_count(number)
        expect(self.devices.first).to_contain_text("this one")
        expect(self.devices.first).to_contain_text("from 127.0.0.1")
        return self

    def sign_out_others(self) -> Account:
        """End all other sessions."""
        self.page.get_by_role("button", name="Sign out all others").click()
        return self.expect_notice("All other devices are signed out.")

    def expect_notice(self, words: str) -> Account:
        """The page confirms something."""
        expect(self.page.get_by_role("status").filter(has_text=words)).to_be_visible(timeout=SOON_MS)
        return self

    def expect_refusal(self, code: str) -> Account:
        """The page says why not, with the code."""
        expect(self.page.get_by_role("alert").filter(has_text=code)).to_be_visible(timeout=SOON_MS)
        return self

    def fingerprint(self) -> str:
        """As the page shows it, in groups of four."""
        shown = self.page.get_by_role("region", name="Your identity").locator("code").inner_text()
        assert re.fullmatch(r"([0-9a-f]{4} ){9}[0-9a-f]{4}", shown)
        return shown

    def export_identity(self, folder: Path) -> Path:
        """Download the file and go back to the account page."""
        self.page.get_by_role("link", name="Export identity").click()
        self._fill("Pass phrase for the file", PASSPHRASE)
        self._fill("Pass phrase again", PASSPHRASE)
        self._fill("Your password", PASSWORD)
        with self.page.expect_download() as download:
            self.page.get_by_role("button", name="Export identity").click()
        path = folder / download.value.suggested_filename
        download.value.save_as(path)
        self.page.get_by_role("link", name="Back to your account").click()
        return path

    def import_identity(self, file: Path, passphrase: str = PASSPHRASE) -> Account:
        """Upload the file from the account page."""
        self.page.get_by_role("link", name="Import identity").click()
        self.page.get_by_label("Identity file").set_input_files(file)
        self._fill("Pass phrase of the file", passphrase)
        self._fill("Your password", PASSWORD)
        self.page.get_by_role("button", name="Import identity").click()
        return self

    def delete(self) -> None:
        """Delete the account; ends at the sign-in page."""
        self.page.get_by_role("link", name="Delete account").click()
        self._fill("Your password", PASSWORD)
        self.page.get_by_role("button", name="Delete account").click()
        self.expect_notice("Your account is deleted.")

    def refused_at_sign_in(self) -> Account:
        """Try a name that nobody has."""
        self.person.visit("/signin/")._credentials("Sign in")
        expect(self.page.get_by_role("alert")).to_be_visible()
        return self

    def refused_at_sign_up(self) -> Account:
        """Try a password that is too short."""
        self.person.visit("/signup/")
        self.page.get_by_text("Bring an identity from another server").click()
        self._fill("Username", self.person.name)
        self._fill("Password", "short")
        self.page.get_by_role("button", name="Create account").click()
        expect(self.page.get_by_text("too short")).to_be_visible()
        return self

    def follow_letter(self, address: str) -> Account:
        """Give the account an address, ask for a letter, and open its link; the console is the mailbox."""
        self.person.visit("/account/email/")
        self._fill("E-mail address", address)
        self._fill("Your password", PASSWORD)
        self.page.get_by_role("button", name="Save address").click()
        self.expect_notice("Your e-mail address is changed.")
        self.person.visit("/password/reset/")
        self.page.get_by_role("textbox").fill(address)
        self.page.get_by_role("button", name="Send the letter").click()
        eventually("a letter is there", lambda: self._link(address) is not None, LETTER_MAX_S)
        self.page.goto(self._link(address) or "")
        expect(self.page.get_by_label("New password", exact=True)).to_be_visible()
        return self

    def _link(self, address: str) -> str | None:
        letter = self.person.server.web.text().partition(f"To: {address}\n")[2]
        found = re.search(r"http\S+/password/reset/\S+(?=\s)", letter)
        return found and found[0]

    def refused_as_new_passwords(self) -> Account:
        """Type two passwords that are not the same."""
        for label, text in (("New password", PASSWORD), ("New password confirmation", f"{PASSWORD}?")):
            self._fill(label, text)
        self.page.get_by_role("button", name="Change password").click()
        expect(self.page.get_by_role("listitem").filter(has_text="match")).to_be_visible()
        return self

    def _fill(self, label: str, text: str) -> None:
        self.page.get_by_label(label, exact=True).fill(text)


def sign_up_with_identity(person: Person, file: Path) -> Person:
    """Create the account and bring an identity along."""
    person.visit("/signup/")
    person.page.get_by_text("Bring an identity from another server").click()
    person.page.get_by_label("Identity file").set_input_files(file)
    person.page.get_by_label("Pass phrase of the file").fill(PASSPHRASE)
    person.page.get_by_label("Username").fill(person.name)
    person.page.get_by_label("Password", exact=True).fill(PASSWORD)
    person.page.get_by_role("button", name="Create account").click()
    return person.expect_chat_page()


def expect_signed_out(person: Person) -> None:
    """The open page says so by itself."""
    expect(person.page.get_by_text("You are signed out.").first).to_be_visible(timeout=SOON_MS)


def see_link(person: Person, link: str, channel: str) -> Person:
    """Open a link to a channel as a stranger: the page says where it leads."""
    person.page.goto(link)
    expect(person.page.get_by_role("heading", name=f"This link leads to {channel}")).to_be_visible()
    return person


def follow_link_to_an_account(person: Person, link: str) -> Person:
    """Open a link to a channel as a stranger, and create the account that it takes."""
    person.page.goto(link)
    person.page.get_by_role("link", name="Get an account").click()
    person._credentials("Create account")
    return person.expect_chat_page()


def copied_link(person: Person) -> str:
    """Press "Copy invite link" and take what is in the clipboard."""
    person.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    person.page.get_by_role("button", name="Copy invite link").click()
    expect(person.page.get_by_role("status").filter(has_text="copied")).to_be_visible()
    return str(person.page.evaluate("() => navigator.clipboard.readText()"))


def shown_link(person: Person) -> str:
    """Press "Copy invite link" where pages have no clipboard; the link that is shown, selected."""
    person.page.evaluate("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
    person.page.get_by_role("button", name="Copy invite link").click()
    field = person.page.get_by_role("dialog").get_by_role("textbox")
    expect(field).to_be_focused()
    assert person.page.evaluate("String(getSelection())") == field.input_value()
    return field.input_value()


def follow_to_invitations(person: Person, channel: str) -> None:
    """From the link that is shown to the page of invitations, which knows the channel."""
    person.page.get_by_role("link", name="Make an invitation").click()
    expect(person.page.get_by_label("Channel that they come to")).to_have_value(channel)


def look_at_administration(person: Person) -> None:
    """Open the pages that staff use, from the account page."""
    Account(person).open()
    person.page.get_by_role("link", name="Administration pages").click()
    expect(person.page.get_by_role("heading", name="Accounts of this server")).to_be_visible()
    for name in ("Users", "Peer identities", "Invitations"):
        person.page.get_by_role("link", name=name, exact=True).first.click()
        expect(person.page.get_by_role("heading", name=re.compile("Select .*"))).to_be_visible()
    person.visit("/admin/auth/user/")
    person.page.get_by_role("link", name=person.name, exact=True).click()
    expect(person.page.get_by_role("heading", name="Change user")).to_be_visible()


def invitation_link(person: Person) -> str:
    """Make an invitation at the account page; its link."""
    Account(person).open()
    person.page.get_by_role("link", name="Invite people").click()
    person.page.get_by_role("button", name="Make a link").click()
    link = person.page.get_by_role("status").locator("code")
    expect(link).to_contain_text("?invite=")
    return link.inner_text()


def take_invitation_back(person: Person) -> None:
    """Take back the one invitation that is still good."""
    person.page.get_by_role("button", name="Take back").click()
    Account(person).expect_notice("The invitation is taken back.")


def create_account_at(person: Person, address: str) -> Person:
    """Create an account at the page that a link leads to."""
    person.page.goto(address)
    person._credentials("Create account")
    return person.expect_chat_page()


def expect_no_account_at(person: Person, address: str, words: str) -> None:
    """The page says why there is no account to be had, and offers no form."""
    person.page.goto(address)
    expect(person.page.get_by_role("alert")).to_contain_text(words)
    expect(person.page.get_by_role("button", name="Create account")).to_have_count(0)


def come_from_elsewhere(person: Person, link: str) -> Person:
    """Follow a link on a page of another site."""
    person.page.goto(f"data:text/html,<a href='{link}'>Look here</a>")
    person.page.get_by_role("link", name="Look here").click()
    return person.expect_chat_page()


def answer_whether_to_join(person: Person, channel: str, *, yes: bool) -> None:
    """The page asks before it joins: press one of its buttons."""
    question = person.page.get_by_role("dialog", name=f"Join {channel}?")
    expect(question).to_be_visible(timeout=SOON_MS)
    question.get_by_role("button", name="Join" if yes else "Don't join", exact=True).click()
    expect(question).to_be_hidden()
