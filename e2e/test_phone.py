"""The chat on a phone: a touchscreen alone, whose keyboard has no Shift with Enter."""

from __future__ import annotations

from playwright.sync_api import expect

from e2e.conftest import People
from e2e.servers import Server


def test_enter_begins_a_line_on_a_phone_and_the_button_sends(
    people: People, server: Server, channel: str
) -> None:
    paula = people("paula", server, phone=True).sign_up().join(channel)
    expect(paula.composer).to_have_attribute("enterkeyhint", "enter")
    expect(paula.composer).to_have_accessible_description("Enter begins a new line, the button sends")
    paula.composer.tap()
    keys = paula.page.keyboard
    keys.type("one")
    keys.press("Enter")
    keys.type("two")
    expect(paula.composer).to_have_value("one\ntwo")
    paula.expect_order([])
    paula.send_button.tap()
    said = paula._written("two")
    paula.expect_order([said]).expect_ready_for_the_next()
    paula.picture("phone")
