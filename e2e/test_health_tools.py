"""What an administrator presses on the health page does what it says, and is logged."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
from collections.abc import Callable

from playwright.sync_api import WebSocketRoute, expect

from e2e.conftest import People
from e2e.health import SOON_MS, Health
from e2e.servers import Server

Launch = Callable[..., Server]


def test_the_log_is_filtered_paused_and_taken_away(people: People, launch: Launch, channel: str) -> None:
    server = launch("tools")
    mona = people("mona", server).sign_up().join(channel)
    health = Health(mona).open(channel)
    health.choose("Operation", "join")
    rows, operation = health.log.locator("tbody tr"), health.page.locator("code")
    others = rows.filter(has_not=operation.filter(has_text=re.compile(r"^join(\.\w+)?$")))
    expect(others).to_have_count(0, timeout=SOON_MS)
    for part in ("join", "join.attempt", "join.find"):
        expect(rows.filter(has=operation.filter(has_text=re.compile(f"^{part}$")))).to_have_count(1)
    health.choose("Words to look for", "join.attempt").expect_rows("join.attempt")
    lines = list(csv.DictReader(io.StringIO(health.export("CSV"))))
    assert [(row["operation"], row["subject"], row["outcome"]) for row in lines] == [
        ("join.attempt", channel, "ok")
    ]
    content = json.loads(health.export("JSON"))
    assert content["filter"] == {"operation": "join", "text": "join.attempt"}
    assert [each["operation"] for each in content["records"]] == ["join.attempt"]

    health.choose("Words to look for", "").choose("Operation", "")
    health.choose("From", "2020-01-01T00:00:00").choose("Until", "2020-01-02T00:00:00")
    expect(health.log).to_contain_text("No event is chosen.", timeout=SOON_MS)
    assert json.loads(health.export("JSON"))["records"] == []
    health.choose("Until", "2200-01-01T00:00:00").choose("Words to look for", "admin.export")
    health.expect_rows(*["mona (administrator)"] * 3)
    mona.picture("health-filter")

    health.log.get_by_role("button", name="Pause").click()
    health.export("CSV")
    expect(health.log.get_by_role("button", name="Go on (")).to_be_visible(timeout=SOON_MS)
    health.expect_rows(*["mona (administrator)"] * 3)
    health.log.get_by_role("button", name="Go on").click()
    health.expect_rows(*["mona (administrator)"] * 4)


def test_the_switch_the_doctor_and_the_bundle_do_what_they_say(
    people: People, launch: Launch, channel: str
) -> None:
    server = launch("switch")
    people.allow("410")
    nele = people("nele", server).sign_up().join(channel)
    health = Health(nele).open(channel).switch_diagnostic(on=True).switch_diagnostic(on=False)
    health.examine(channel)
    doctor = health.page.get_by_role("region", name="Connection doctor")
    expect(doctor.get_by_role("listitem").filter(has_text="The channel")).to_contain_text("ok")
    doctor.get_by_label("Address to start from").fill("127.0.0.1:9")  # where nobody is, which takes its time
    doctor.get_by_role("button", name="Examine").click()
    expect(doctor.get_by_role("listitem")).to_have_count(1, timeout=SOON_MS)
    expect(doctor.get_by_role("status")).to_have_text("Examining …")
    expect(doctor.get_by_role("status")).to_contain_text("failed: begin", timeout=40_000)
    health.choose("Words to look for", "admin.").expect_rows(
        "admin.doctor", "admin.doctor", "admin.diagnostic", "admin.diagnostic"
    )

    health.page.get_by_role("link", name="Look at it").click()
    shown = health.page.locator(".bundle-text").inner_text()
    with health.page.expect_download() as downloading:
        health.page.get_by_role("link", name="Download exactly this").click()
    file = downloading.value.path().read_bytes()
    assert file.decode() == shown
    expect(health.page.locator(".digest")).to_have_text(hashlib.sha256(file).hexdigest())
    nele.visit("/health/bundle.json?of=another", 410)
    health.page.get_by_role("link", name="Look at it again").click()
    expect(health.page.get_by_role("heading", name="This is what the file holds")).to_be_visible()


def test_what_could_not_be_asked_is_told_where_it_was_asked_for(
    people: People, launch: Launch, channel: str
) -> None:
    """None of it comes to the server, as on a line that is cut."""
    server = launch("unasked")
    paula = people("paula", server).sign_up().join(channel)
    paula.page.route_web_socket("**/ws/health/", _without_answers)
    health = Health(paula).open(channel)
    health.page.get_by_role("switch", name="Diagnostic mode").click()
    health.choose("From", "2020-01-01T00:00:00").plot_last("60 minutes")
    for place, words in (
        ("#diagnostic-note", "It could not be switched: "),
        ("#events-note", "This time could not be asked for, so older events may be missing: "),
        ("#plots-missed", "This time could not be asked for: "),
        ("#latency", "Could not be asked."),
    ):
        told = health.page.locator(place)
        expect(told).to_contain_text(words, timeout=3 * SOON_MS)
        expect(told).to_be_visible()
    paula.picture("health-unasked")


def _without_answers(page: WebSocketRoute) -> None:
    server = page.connect_to_server()
    dropped = re.compile(r'"type":"(diagnostic|history)"|"since":\d')
    page.on_message(lambda text: None if dropped.search(str(text)) else server.send(text))


def test_who_is_no_longer_an_administrator_is_told_so_and_let_in_no_more(
    people: People, launch: Launch
) -> None:
    server = launch("demoted")
    otto = people("otto", server).sign_up()
    health = Health(otto).open().expect_live()
    server.demote("otto")
    alert = health.page.get_by_role("alert").filter(
        has_text="You are no administrator of this server any more"
    )
    expect(alert).to_be_visible(timeout=2 * SOON_MS)
    expect(health.page.locator("#live")).to_have_text("No longer let in")
    expect(alert.get_by_role("button", name="Try again")).to_be_hidden()
    otto.picture("health-demoted")
    health.page.evaluate("dispatchEvent(new Event('online'))")
    expect(health.page.locator("#live")).to_have_attribute("data-live", "ended")
