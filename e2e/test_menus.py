"""Menus, dialogs and the drawer leave the keyboard where it was; the toolbar comes to the pointer."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import expect

from e2e.card import Card
from e2e.conftest import People
from e2e.menus import Menus
from e2e.servers import Network, Server


def test_a_dialog_of_the_menu_gives_the_focus_back(people: People, server: Server, channel: str) -> None:
    menus = Menus(people("orla", server).sign_up().join(channel))
    menus.choose("Keyboard").escape().expect_dialog(False).expect_focus_on_menu()
    menus.choose_by_keyboard("Keyboard").escape().expect_dialog(False).expect_focus_on_menu()
    menus.choose("Your profile").escape().expect_dialog(False).expect_focus_on_menu()
    menus.choose_by_keyboard("Your profile").save_profile().expect_focus_on_menu()

    menus.on_a_telephone().open_drawer()
    menus.choose("Keyboard").escape().expect_dialog(False).expect_focus_on_menu().expect_drawer()
    menus.escape().expect_drawer(False)


def test_a_pointer_that_rests_gets_the_toolbar_once_the_message_is_sent(
    people: People, server: Server, channel: str
) -> None:
    paul = people("paul", server).sign_up().join(channel)
    quirin = people("quirin", server).sign_up().join(channel)
    quirin.expect_sent(quirin.say("hello"))
    paul.network(Network.HOLD)
    held = paul.say("On its way")
    menus = Menus(paul).rest_on(held).expect_toolbar(held, False)
    paul.network(Network.OPEN).expect_sent(held)
    menus.expect_toolbar(held)


def test_signing_out_leaves_nothing_in_the_browser(people: People, server: Server, channel: str) -> None:
    romy = people("romy", server).sign_up().join(channel)
    romy.composer.fill("a draft for nobody else")
    menus = Menus(romy).expect_remembered(True)
    menus.load_without_node().expect_own_picture()
    menus.sign_out().expect_remembered(False).expect_outbox_kept(True)


def test_who_could_not_be_signed_out_keeps_the_draft(people: People, server: Server, channel: str) -> None:
    people.allow("ERR_FAILED")
    sina = people("sina", server).sign_up().join(channel)
    sina.composer.fill("not finished yet")
    Menus(sina).fail_to_sign_out().expect_remembered(True)
    expect(sina.expect_open(channel).composer).to_have_value("not finished yet")


def test_people_to_mention_look_as_elsewhere(
    people: People, server: Server, channel: str, tmp_path: Path
) -> None:
    signe = people("signe", server).sign_up().join(channel)
    Card(signe).edit().fill("Signe", "").choose_picture(tmp_path).save()
    tilo = people("tilo", server).sign_up().join(channel)
    said = signe.say("hello")
    tilo.expect_message(said)
    Card(tilo).expect_author(said, "Signe").expect_picture(said)
    Menus(tilo).expect_pictured_in_mentions("si", True)
    tilo.picture("mention-list")
