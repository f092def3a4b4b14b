"""Messages after they were sent: edited, deleted, answered, reacted to; and what hostile ones can't do."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Request, expect

from e2e.conftest import People
from e2e.servers import Network, Server
from e2e.talker import Talker
from tests.webchat.vectors import VECTORS


def test_messages_are_edited_answered_reacted_to_and_deleted(
    people: People, server: Server, channel: str
) -> None:
    ann, bob = (people(name, server).sign_up().join(channel) for name in ("petra", "quin"))
    by_ann, by_bob = Talker(ann), Talker(bob)
    said = ann.say("The beans need water")
    bob.expect_message(said)

    by_bob.react(said, "👍").expect_reaction(said, "👍", "you")
    by_ann.expect_reaction(said, "👍", "quin").toggle(said, "👍")
    by_bob.expect_reaction(said, "👍", "petra", "you").toggle(said, "👍")
    by_ann.expect_reaction(said, "👍", "you").toggle(said, "👍")
    by_bob.expect_no_reaction(said, "👍")

    by_ann.edit(said, "The tomatoes need water").expect_edited(said, "The tomatoes need water")
    by_bob.expect_edited(said, "The tomatoes need water")
    answer = by_bob.reply(said, "I will see to it")
    ann.expect_message(answer)
    by_ann.expect_answer_to(answer, "petra: The tomatoes need water").follow_quote(answer, said)

    by_ann.delete(said).expect_deleted(said, "1 of 1 other nodes")
    by_bob.expect_deleted(said).expect_answer_to(answer, "petra: a deleted message")
    for person in (ann, bob):
        person.expect_order([said, answer])
        person.reload().expect_open(channel).expect_order([said, answer])
    by_ann.expect_deleted(said)


def test_a_mention_an_edit_and_a_reaction_by_keyboard_alone(
    people: People, server: Server, channel: str
) -> None:
    ronja, svea = (people(name, server).sign_up().join(channel) for name in ("ronja", "svea"))
    by_ronja, by_svea = Talker(ronja), Talker(svea)
    hello = svea.say("Who is there?")
    ronja.expect_message(hello)

    ronja.composer.press_sequentially("Me, @sv")
    expect(ronja.page.get_by_role("option", name="svea")).to_have_attribute("aria-selected", "true")
    by_ronja.press("Enter", "!", "Enter")
    said = ronja._written("Me, @svea !")
    by_ronja.expect_mention(said, "svea", own=False)
    by_svea.expect_mention(said, "svea", own=True)
    ronja.expect_delivered(said)

    by_ronja.press("ArrowUp")
    expect(ronja.composer).to_have_value("Me, @svea !")
    by_ronja.press("Escape").person.expect_ready_for_the_next()
    by_ronja.press("ArrowUp", "End", "Backspace", "?", "Enter").expect_edited(said, "Me, @svea ?")
    by_svea.expect_edited(said, "Me, @svea ?")

    by_ronja.go_to_newest_row().press("ArrowUp")
    expect(ronja.row(hello)).to_be_focused()
    by_ronja.press("Tab").expect_focus_on("React").press("Enter", "ArrowRight", "ArrowRight", "Enter")
    by_ronja.expect_focus_on("React").expect_reaction(hello, "❤️", "you")
    by_svea.expect_reaction(hello, "❤️", "ronja")


def test_a_change_that_fails_says_why_and_discarding_it_restores_the_old_look(
    people: People, server: Server, channel: str
) -> None:
    tom, uta = (people(name, server).sign_up().join(channel) for name in ("tom", "uta"))
    by_tom = Talker(tom)
    said = tom.say("First thought")
    uta.expect_message(said)
    tom.expect_delivered(said).network(Network.CUT)
    by_tom.edit(said, "Second thought").expect_edited(said, "Second thought")
    expect(tom.row(said)).to_contain_text("Edit not saved:", timeout=9_000)
    tom.discard(said)
    expect(tom.row(said)).to_contain_text("First thought")
    expect(tom.row(said)).not_to_contain_text("Edit not saved")
    tom.network(Network.OPEN)


def test_no_hostile_message_runs_or_loads_anything(
    people: People, launch: Callable[..., Server], channel: str
) -> None:
    assert len(VECTORS) >= 100
    server = launch("hostile", E2E_MESSAGES_PER_WINDOW="1000")
    eve, mia = (people(name, server).sign_up().join(channel) for name in ("eve", "mia"))
    asked: list[str] = []

    def note(request: Request) -> None:
        asked.append(request.url)

    for person in (eve, mia):
        person.page.on("request", note)
    for text in VECTORS:
        eve.composer.fill(text)
        eve.composer.press("Enter")
    last = eve.say("that was all")
    mia.expect_message(last, timeout_ms=60_000)
    for person in (eve, mia):
        # Past every one of them, so that each is on the page once.
        person.timeline.evaluate(
            "async log => { for (let at = log.scrollHeight; at >= 0; at -= 300) {"
            " log.scrollTop = at; await new Promise(requestAnimationFrame); } }"
        )
        assert person.page.evaluate("window.broken === undefined")
    assert asked == []
