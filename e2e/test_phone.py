"""The chat on a phone: a touchscreen alone, whose keyboard has no Shift with Enter."""

from __future__ import annotations

from playwright.sync_api import expect

from e2e.conftest import People
from e2e.servers import Server


def test_enter_begins_a_line_on_a_phone_and_the_button_sends(
    people: People, server: Server, channel: str
) -> None:
    philine = people("philine", server, phone=True).sign_up().join(channel)
    expect(philine.composer).to_have_attribute("enterkeyhint", "enter")
    expect(philine.composer).to_have_accessible_description("Enter begins a new line, the button sends")
    for width in (390, 320):
        philine.page.set_viewport_size({"width": width, "height": 780})
        expect(philine.page.get_by_text("begins a new line, the button sends")).to_be_in_viewport()
        assert philine.page.evaluate("document.documentElement.scrollWidth") <= width
    philine.composer.tap()
    keys = philine.page.keyboard
    keys.type("one")
    keys.press("Enter")
    keys.type("two")
    expect(philine.composer).to_have_value("one\ntwo")
    philine.expect_order([])
    philine.send_button.tap()
    said = philine._written("two")
    philine.expect_order([said]).expect_ready_for_the_next()
    philine.picture("phone")
