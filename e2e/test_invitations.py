"""People bring others in: by a link to a channel, and, where accounts are not open, by an invitation."""

from __future__ import annotations

from e2e.account import copied_link, follow_link_to_an_account
from e2e.conftest import People
from e2e.servers import Server


def test_a_link_brings_a_newcomer_into_the_channel(people: People, server: Server, channel: str) -> None:
    rosa = people("rosa", server).sign_up().join(channel)
    said = rosa.say("Welcome, whoever follows the link")
    rosa.expect_sent(said)
    link = copied_link(rosa)
    rosa.picture("invite-link")

    newcomer = follow_link_to_an_account(people("sam", server), link)
    newcomer.expect_joined(channel).expect_message(said)
    newcomer.reload().expect_open(channel)
    assert newcomer.page.url == f"{server.url}/"
