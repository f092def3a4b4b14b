"""People look after their account: devices, an identity that moves to another server, the end."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from e2e.account import Account, expect_signed_out, sign_up_with_identity
from e2e.conftest import People
from e2e.menus import Menus
from e2e.servers import Server


def test_a_device_that_was_left_signed_in_is_signed_out_from_here(
    people: People, server: Server, channel: str
) -> None:
    left = people("nora", server).sign_up().join(channel)
    left.composer.fill("a draft for nobody else")
    here = people("nora", server).sign_in()
    account = Account(here).open().expect_devices(2)
    here.picture("account")
    account.sign_out_others().expect_devices(1)
    expect_signed_out(left)
    Menus(left).expect_remembered(True).go_to_sign_in().expect_remembered(False).expect_outbox_kept(True)
    account.back()


def test_an_identity_moves_to_another_server(
    people: People, server: Server, launch: Callable[..., Server], channel: str, tmp_path: Path
) -> None:
    second = launch("second", STARLING_BOOTSTRAP=server.udp)
    people("otto", server).sign_up().join(channel)
    mila = people("mila", server).sign_up().join(channel)
    said = mila.say("I write from the first server")
    mila.expect_sent(said)
    account = Account(mila).open()
    fingerprint = account.fingerprint()
    file = account.export_identity(tmp_path)
    account.import_identity(file).expect_refusal("IDENTITY_")
    mila.picture("import")
    mila.visit("/account/")
    account.delete()

    moved = sign_up_with_identity(people("mila", second), file).join(channel)
    assert Account(moved).open().fingerprint() == fingerprint
    back = Account(moved).back().expect_open(channel)
    back.expect_order([said])


def test_an_account_ends(people: People, server: Server, channel: str) -> None:
    quentin = people("quentin", server).sign_up().join(channel)  # whoever is first here administers
    pia = people("pia", server).sign_up().join(channel)
    said = pia.say("This stays with the others")
    quentin.expect_message(said)
    account = Account(pia).open()
    account.delete()
    pia.picture("signed-out")
    Menus(pia).expect_remembered(False).expect_outbox_kept(False)
    quentin.reload().expect_open(channel).expect_message(said)
