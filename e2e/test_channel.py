"""A channel beyond its messages: what one is told while looking elsewhere, and the channel as a file."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import expect

from e2e.audit import Audit
from e2e.channel import Deutsch, OfChannel, with_notifications
from e2e.chat import FAILURE_MAX_MS, PASSWORD
from e2e.conftest import People
from e2e.reader import Reader
from e2e.servers import Network, Server
from e2e.talker import Talker


def test_mentions_are_told_while_nobody_looks_and_permission_is_asked_by_a_press(
    people: People, server: Server, channel: str
) -> None:
    jonna = with_notifications(people("jonna", server)).sign_up().join(channel)
    kalle = people("kalle", server).sign_up().join(channel)
    kalle.expect_message(jonna.say("Who is here?"))
    of_channel = OfChannel(jonna).expect_not_asked()

    mention = Talker(kalle).mention("jonna", "are you there?")
    jonna.expect_message(mention)
    of_channel.expect_not_asked()
    jonna.picture("suggestion")
    of_channel.take_suggestion().open().expect_allowed().show_one_as_a_test()
    jonna.picture("about-channel")

    jonna.expect_message(kalle.say("seen at once"))
    of_channel.expect_shown().look_away()
    jonna.expect_message(kalle.say("not for her"))
    of_channel.expect_shown()
    jonna.expect_message(Talker(kalle).mention("jonna", "and now?"))
    of_channel.expect_shown(f"kalle mentioned you in {channel}: @jonna and now?")
    Reader(jonna).expect_title("(2)")
    of_channel.look_again().want("all messages").look_away()
    jonna.expect_message(kalle.say("for everybody"))
    of_channel.expect_shown(f"kalle in {channel}: for everybody").look_again()
    Reader(jonna).expect_title(channel)


def test_a_channel_is_taken_along_as_a_file(
    people: People, server: Server, channel: str, tmp_path: Path
) -> None:
    lotte = people("lotte", server).sign_up().join(channel)
    said = Talker(lotte).say_long("**Bold** words to keep", "Bold words to keep")
    lotte.expect_sent(said)
    of_channel = OfChannel(lotte).open()
    data = of_channel.export_data(tmp_path)
    assert [message["id"] for message in data["messages"]] == [said.id]
    assert data["held"]["all_that_the_node_holds"] is True
    page = of_channel.read_export(tmp_path)
    expect(page.get_by_role("article")).to_contain_text("Bold words to keep")
    expect(page.get_by_text("other nodes may hold more")).to_be_visible()
    page.screenshot(path=lotte.shots / "export.png")


def test_the_chat_in_german(people: People, server: Server, channel: str) -> None:
    nele = people("nele", server, locale="de-DE")
    german = Deutsch(nele).sign_up(PASSWORD).join(channel)
    expect(german.say("Guten Tag")).to_contain_text(
        re.compile("Gesendet|Bisher hat sie nur (dein Knoten|dieser Server)"), timeout=FAILURE_MAX_MS
    )
    nele.picture("german")
    nele.network(Network.CUT)
    expect(german.say("Ins Leere")).to_contain_text(
        "Nicht gesendet: Zu wenige Knoten haben bestätigt", timeout=FAILURE_MAX_MS
    )
    nele.picture("german-failed")
    nele.network(Network.OPEN)
    german.choose("English", "Anzeigen")
    expect(nele.page.get_by_role("heading", name="Your account")).to_be_visible()
    nele.picture("account")


def test_longer_words_have_no_barriers_and_fit_320_px(people: People, server: Server, channel: str) -> None:
    knut = people("knut", server, locale="de-DE")
    audit = Audit(knut).visit("/signup/").visit("/signin/")
    german = Deutsch(knut).sign_up(PASSWORD)
    audit.look("welcome, in German")
    row = german.join(channel).say("Guten Tag")
    expect(row).to_contain_text(
        re.compile("Gesendet|Bisher hat sie nur (dein Knoten|dieser Server)"), timeout=FAILURE_MAX_MS
    )
    audit.look("chat, in German")
    knut.network(Network.CUT)
    expect(german.say("Ins Leere")).to_contain_text("Nicht gesendet", timeout=FAILURE_MAX_MS)
    audit.look("a failed row, in German")
    for path in ("", "email/", "export/", "import/", "delete/"):
        audit.visit(f"/account/{path}")
    audit.visit("/password/").expect_none()
