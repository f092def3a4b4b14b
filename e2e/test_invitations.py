"""People bring others in: by a link to a channel, and, where accounts are not open, by an invitation."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import expect

from e2e.account import (
    answer_whether_to_join,
    come_from_elsewhere,
    copied_link,
    create_account_at,
    expect_no_account_at,
    follow_link_to_an_account,
    follow_to_invitations,
    invitation_link,
    see_link,
    shown_link,
    take_invitation_back,
)
from e2e.audit import Audit
from e2e.conftest import People
from e2e.servers import Server


def test_a_link_brings_a_newcomer_into_the_channel(people: People, server: Server, channel: str) -> None:
    rolf = people("rolf", server).sign_up().join(channel)
    said = rolf.say("Welcome, whoever follows the link")
    rolf.expect_sent(said)
    link = copied_link(rolf)
    rolf.picture("invite-link")

    sam = see_link(people("sam", server), link, channel)
    sam.picture("invited")
    newcomer = follow_link_to_an_account(sam, link)
    newcomer.expect_joined(channel).expect_message(said)
    newcomer.reload().expect_open(channel)
    assert newcomer.page.url == f"{server.url}/"


def test_an_invitation_opens_one_account_and_can_be_taken_back(
    people: People, launch: Callable[..., Server], tmp_path: Path
) -> None:
    people.allow("403")
    people.allow("ERR_CONNECTION_REFUSED")  # the page of the server that ends
    folder = {"STARLING_DATA": str(tmp_path / "kept")}
    first = launch("still-open", **folder)
    people("uma", first).sign_up()
    first.stop()
    server = launch("by-invitation", STARLING_SIGNUP="invite", **folder)
    uma = people("uma", server).sign_in()
    stranger = people("veit", server)
    expect_no_account_at(stranger, f"{server.url}/signup/", "by invitation")

    link = invitation_link(uma)
    uma.picture("invitations")
    Audit(uma).look("invitations").expect_none()
    create_account_at(stranger, link)
    expect_no_account_at(people("wanda", server), link, "INVITE_EXPIRED")

    uma.open_page()
    uma.join("#tea-room")
    assert shown_link(uma) == f"{server.url}/c/tea-room/"
    uma.picture("invite-link-shown")
    Audit(uma).look("a link that the page could not copy").expect_none()
    follow_to_invitations(uma, "#tea-room")
    uma.open_page()
    other = invitation_link(uma)
    take_invitation_back(uma)
    expect_no_account_at(people("wanda", server), other, "INVITE_EXPIRED")


def test_a_link_on_another_site_asks_before_it_joins(people: People, server: Server, channel: str) -> None:
    zenobia = people("zenobia", server).sign_up()
    link = f"{server.url}/c/{channel[1:]}/"
    come_from_elsewhere(zenobia, link)
    expect(zenobia.page.get_by_role("dialog", name=f"Join {channel}?")).to_be_visible()
    zenobia.picture("sent-by-another-site")
    Audit(zenobia).look("the question of another site's link").expect_none()
    answer_whether_to_join(zenobia, channel, yes=False)
    expect(zenobia.join_card).to_have_count(0)
    come_from_elsewhere(zenobia, link)
    answer_whether_to_join(zenobia, channel, yes=True)
    zenobia.expect_joined(channel)
    come_from_elsewhere(zenobia, link).expect_open(channel)
