"""Profiles, cards and fingerprints, between people at real browsers."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import expect

from e2e.card import Card
from e2e.conftest import People
from e2e.servers import Server


def test_people_are_known_by_name_picture_and_fingerprint(
    people: People, server: Server, channel: str, tmp_path: Path
) -> None:
    gesine = people("gesine", server).sign_up().join(channel)
    hinnerk = people("hinnerk", server).sign_up().join(channel)
    said = gesine.say("The ladder is in the shed.")
    hinnerk.expect_message(said)

    form = Card(gesine).edit().fill("Gesine Vogel", "Looks after the apple trees.\nAsk me about grafting.")
    form.choose_something_else(tmp_path).choose_picture(tmp_path)
    gesine.picture("profile-form")
    form.save()

    seen = Card(hinnerk).expect_author(said, "Gesine Vogel").expect_picture(said).expect_verified(said, False)
    card = seen.open(said, "Gesine Vogel")
    expect(card).to_contain_text("Ask me about grafting.")
    seen.compare(card, gesine, "Gesine Vogel")
    hinnerk.picture("person-card")
    seen.close(card).expect_verified(said)
    hinnerk.reload()
    seen.expect_verified(said).expect_picture(said)
    elsewhere = people("hinnerk", server).sign_in().expect_open(channel)
    Card(elsewhere).expect_verified(said).expect_author(said, "Gesine Vogel")


def test_two_of_one_name_are_told_apart(people: People, server: Server, channel: str, tmp_path: Path) -> None:
    ivo = people("ivo", server).sign_up().join(channel)
    Card(ivo).edit().fill("Ivo", "The first").choose_picture(tmp_path).save()
    thief = people("iwo", server).sign_up().join(channel)
    jule = people("jule", server).sign_up().join(channel)
    true = ivo.say("Lend me your key, please.")
    jule.expect_message(true)
    seen = Card(jule).expect_author(true, "Ivo").expect_picture(true)

    Card(thief).introduce("IVO")
    false = thief.say("No, lend it to me.")
    jule.expect_message(false)
    for person, message in ((ivo, true), (thief, false)):
        node_id = person.page.locator("#node-id").text_content() or ""
        assert len(node_id) == 40
        seen.expect_print_beside_name(message, node_id).expect_picture(message, False)
    jule.picture("two-of-one-name")
    jule.composer.focus()
    card = seen.open_by_keyboard("IVO")
    expect(card).to_contain_text("Somebody else in this channel is called like this")
    seen.close(card)
    card = seen.open_from_list("jule (you)")
    expect(card.get_by_role("button", name="Mark as verified")).to_have_count(0)
    card.get_by_role("button", name="Edit your profile").click()
    Card(jule).fill("Jule K.").save()
    ivo_sees = jule.say("I lend it to nobody.")
    ivo.expect_message(ivo_sees)
    Card(ivo).expect_author(ivo_sees, "Jule K.")
