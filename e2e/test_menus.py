"""Menus, dialogs and the drawer leave the keyboard where it was; the toolbar comes to the pointer."""

from __future__ import annotations

from e2e.conftest import People
from e2e.menus import Menus
from e2e.servers import Network, Server


def test_a_dialog_of_the_menu_gives_the_focus_back(people: People, server: Server, channel: str) -> None:
    menus = Menus(people("olga", server).sign_up().join(channel))
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
    quinn = people("quinn", server).sign_up().join(channel)
    quinn.expect_sent(quinn.say("hello"))
    paul.network(Network.HOLD)
    held = paul.say("On its way")
    menus = Menus(paul).rest_on(held).expect_toolbar(held, False)
    paul.network(Network.OPEN).expect_sent(held)
    menus.expect_toolbar(held)
