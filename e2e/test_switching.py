"""What belongs to one account or one channel stays with it when another takes its place on the page."""

from __future__ import annotations

from playwright.sync_api import expect

from e2e.chat import SOON_MS, Person
from e2e.conftest import People
from e2e.line import Line
from e2e.menus import Menus
from e2e.servers import Server
from e2e.unsent import Leaver, expect_can_send


def second_of(channel: str) -> str:
    """Another channel for a test that has one."""
    return channel.replace("#", "#b-")


def go_to(person: Person, channel: str) -> None:
    """Choose a channel in the list."""
    person.page.get_by_role("navigation", name="Your channels").get_by_role(
        "button", name=channel, exact=True
    ).click()
    person.expect_open(channel)


def test_a_page_left_over_sends_nothing_under_the_name_of_who_signed_in_after(
    people: People, server: Server, channel: str
) -> None:
    hears = people("torvald", server).sign_up().join(channel)
    first = people("annedore", server).sign_up()
    line = Line(first.page)
    first.reload()
    first.join(channel)
    line.cut()
    other = people.another_tab(first).open_page()
    Menus(other).sign_out()
    other.name = "burkhard"
    other.sign_up().join(channel)

    [unsent] = first.say_at_once("Written by Annedore")
    line.restore()
    banner = first.page.get_by_text("Another account is signed in in this browser now.")
    expect(banner).to_be_visible(timeout=2 * SOON_MS)
    first.picture("another-account")
    phases = "document.getElementById('banner').dataset.phase"
    assert first.page.evaluate(f"dispatchEvent(new Event('online')), {phases}") == "ended", "no new attempt"
    proof = other.say("Written by Burkhard")
    hears.expect_message(proof).expect_no_message(unsent)
    other.expect_no_message(unsent)
    expect(first.row(unsent)).to_have_attribute("data-state", "pending")
    expect(first.page.get_by_role("button", name="Try now")).to_be_hidden()
    first.page.get_by_role("button", name="Reload").click()
    first.expect_chat_page().expect_open(channel).expect_once(proof).expect_no_message(unsent)


def test_what_is_on_its_way_in_one_channel_holds_up_no_other(
    people: People, server: Server, channel: str
) -> None:
    fenja = people("fenja", server).sign_up()
    line = Line(fenja.page)
    fenja.reload()
    fenja.join(second_of(channel)).join(channel)
    line.hold("message.send")
    [held] = fenja.say_at_once("On its way")
    expect(fenja.send_button).to_be_disabled()
    go_to(fenja, second_of(channel))
    expect_can_send(fenja)
    go_to(fenja, channel)
    expect(fenja.send_button).to_be_disabled()
    line.release()
    fenja.expect_sent(held)
    expect_can_send(fenja)


def test_who_types_when_another_page_leaves_the_channel_types_into_no_other(
    people: People, server: Server, channel: str
) -> None:
    types = people("geske", server).sign_up().join(second_of(channel)).join(channel)
    types.composer.press_sequentially("only for th")
    leaves = people.another_tab(types).open_page()
    Leaver(leaves).leave()
    Leaver(types).expect_told(f"You left {channel}.").expect_gone(channel)
    expect(types.page.locator("#timeline")).to_be_focused()
    types.page.keyboard.type("ese eyes")
    types.page.keyboard.press("Enter")
    types.channel = second_of(channel)
    expect(types.composer).to_have_value("")
    expect(types.timeline.get_by_role("article")).to_have_count(0)
