"""An administrator sees what is wrong, where, and what to do, while it happens, and nobody else does."""

from __future__ import annotations

import json
import re
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import WebSocketRoute, expect

from e2e.audit import Audit
from e2e.conftest import People
from e2e.health import HEALED_MS, SOON_MS, Health
from e2e.servers import Network, Program, Server
from e2e.tries import Tries, Try

Launch = Callable[..., Server]


def test_a_blocked_subscriber_is_seen_named_and_gone_round(
    people: People, launch: Launch, channel: str
) -> None:
    """Directly before, through cora after the button: another way than before, while the block stays.

    That nothing goes round before the button is no claim of it: initiators look for another way by themselves
    as soon as a path fails (``peernode/pubsub/probing.py``), so the cell may say "relay" at once.
    """
    server = launch("blocked")
    ada = people("ada", server).sign_up().join(channel)
    bert = people("bert", server).sign_up().join(channel)
    cora = people("cora", server).sign_up().join(channel)
    watching = people("ada-watching", server)
    watching.name = "ada"
    health = Health(watching.sign_in()).open(channel).expect_state("Healthy", HEALED_MS)
    for initiator in ("host node", "ada"):
        health.expect_cell("bert", initiator, "Reached directly;")
    watching.picture("health-well")

    health.hurry()
    server.block("bert", "", "ada")
    cora.say("Bert does not hear this from everybody")
    health.expect_cell("bert", "host node", "no way|one way|relay")
    why, counts = (
        "1 subscriber is not reached by every initiator",
        "3 of 3 initiators answer; 3 of 3 subscribers",
    )
    health.expect_state("Degraded").expect_sentence(re.compile(f"^{why}; {counts} are reached"))
    health.expect_host(f"{channel}: {why}.").expect_reason("PATH_BROKEN", why)
    health.expect_subscriber("bert", "PATH_BROKEN").rest()
    watching.picture("health-blocked")
    # The one who is in trouble comes first, and each of the columns is a node that stores the channel.
    health.walk(told="^(host node|ada|cora) to bert: ")
    health.walk("ArrowDown", "ArrowUp", "ArrowRight", "ArrowRight", "ArrowRight", told="to bert: ")

    health.repair("bert", "3 of 3 initiators reach it now, 2 of them through another node.")
    health.expect_cell("bert", "host node", "via cora").expect_cell("bert", "ada", "via cora")
    bert.expect_message(ada.say("And now round the block"))

    # Who comes now has pressed nothing and waits at the button; the trouble goes, and the button with it.
    health = Health(watching).open(channel).wait_at_repair("bert")
    server.block("bert")
    health.expect_state("Healthy", HEALED_MS)
    expect(watching.page.get_by_role("list", name="Subscribers")).to_be_focused()


def test_a_killed_initiator_is_a_story_with_a_good_end(
    people: People, launch: Launch, channel: str, tmp_path: Path
) -> None:
    server = launch("killed")
    command = [*("-m", "peernode", "--listen", "127.0.0.1:0", "--bootstrap", server.udp)]
    node = Program("node", [sys.executable, *command, "--data", str(tmp_path / "n")], tmp_path / "n.log")
    node.start()
    try:
        node.wait_until(lambda: '"ready"' in node.text())
        ready = next(line for line in node.text().splitlines() if '"ready"' in line)
        node_id = json.loads(ready)["node_id"]
        dora = people("dora", server).sign_up().join(channel)
        dora.say("Three nodes keep this")
        health = Health(dora).open(channel)
        health.expect_sentence("3 of 3 initiators answer", HEALED_MS).expect_state("Healthy", HEALED_MS)
        health.expect_story(0, "peer.appeared", about=node_id)
        health.expect_story(0, "initiators.changed", told=node_id[:8])
    finally:
        killed_ms = time.time() * 1000
        node.kill()
    health.expect_state("Degraded").expect_reason("INITIATOR_SILENT").expect_live()
    health.expect_sentence("2 of 2 initiators answer", HEALED_MS).expect_state("Healthy", HEALED_MS)
    # Whether the overlay or the channel notices first is the network's affair.
    health.expect_events("peer.appeared", "join", "peer.left")
    health.expect_events("peer.appeared", "join", "initiators.changed")
    health.expect_story(killed_ms, "peer.left", about=node_id)
    health.expect_story(killed_ms, "initiators.changed", told=f"went: {node_id[:8]}")
    health.expect_verdicts(killed_ms, "from Healthy to Degraded (", "to Healthy")
    # Each operation has its report behind its row: tries, ways, and where one failed why and what to do.
    health.report("join").expect_trace("it went well at the first try.", "Tries", "Ways to each node")
    dora.picture("health-report")


def test_a_slow_network_moves_the_plot_and_is_named(people: People, launch: Launch, channel: str) -> None:
    server = launch("slow")
    emil = people("emil", server).sign_up().join(channel)
    fine = people("fine", server).sign_up().join(channel)
    said = emil.say("At once")
    fine.expect_message(said)
    emil.expect_delivered(said)
    before_ms = Health(emil).open(channel).plotted_ms()
    emil.open_page()
    server.slow("*", 0.25)
    for number in range(5):  # one after the other, so that the nodes get used to it and repeat nothing
        said = emil.say(f"Slowly, {number}")
        fine.expect_message(said)
        emil.expect_delivered(said)
    health = Health(emil).open(channel).expect_reason("NETWORK_SLOW")
    assert health.plotted_ms() >= max(400, 2 * before_ms), "the plot has moved"
    health.plot_last("60 minutes")
    expect(health.page.locator("#latency figcaption")).to_contain_text("In the worst 1 min", timeout=SOON_MS)
    assert health.plotted_ms() >= max(400, 2 * before_ms), "an hour has it, too"
    emil.picture("health-hour")
    health.plot_last("5 minutes")
    expect(health.page.locator("#latency figcaption")).to_contain_text("In the worst 10 s", timeout=SOON_MS)
    health.trace(said)
    health.expect_trace(re.compile("went to: network"))
    for table in ("#pushes", "#initiators"):
        expect(health.page.locator(table)).to_contain_text(re.compile("mostly (network|retry) "))


def test_a_failed_message_shows_every_try(people: People, launch: Launch, channel: str) -> None:
    """By which node, to whom, which way, why it failed: as the server tells it, as the nodes recorded it."""
    server = launch("failing")
    gero = people("gero", server).sign_up().join(channel)
    hilda = people("hilda", server).sign_up().join(channel)
    hilda.network(Network.CUT)
    message = hilda.say("Into the void")
    hilda.expect_failed(message)
    hilda.network(Network.OPEN)

    tries = Tries(gero, {server.node_id(each.name): each.name for each in (gero, hilda)})
    health, asked_ms = Health(gero).open(channel), time.time() * 1000
    health.trace_failed(message).expect_trace("publish", "timeout")
    shown = tries.shown()
    assert shown == tries.told(), "the page leaves none out"
    failed = Counter({each: times for each, times in shown.items() if each.outcome != "ok"})
    assert tries.places() == failed, "each is in the list of where it failed"
    gero.page.locator("#trace").scroll_into_view_if_needed()
    gero.picture("health-trace")
    recorded = tries.recorded(health.choose("Words to look for", message.id).export("JSON"))
    earlier = Counter(each for at_ms, each in recorded if at_ms < asked_ms)
    # Those that ended while all were asked may be in it or not: the node goes on trying.
    assert earlier <= failed <= Counter(each for _, each in recorded), "nor does the server"
    for peer in ("host node", "gero"):
        assert Try("hilda", peer, "publish", "timeout") in earlier


def test_who_is_not_staff_sees_nothing_of_it(people: People, launch: Launch) -> None:
    server = launch("closed")
    people("ines", server).sign_up()
    people.allow("403")
    jens = people("jens", server).sign_up()
    for path in ("/health/", "/health/export.json", "/health/export.csv", "/health/bundle/"):
        answer = jens.page.request.get(f"{server.url}{path}")
        assert answer.status == 403, path
    refused = """url => new Promise(done => {
        const socket = new WebSocket(url);
        socket.onopen = () => done("open");
        socket.onclose = () => done("refused");
    })"""
    with jens.page.expect_console_message(lambda told: "/ws/health/" in told.text) as told:
        assert jens.page.evaluate(refused, f"{server.url.replace('http', 'ws')}/ws/health/") == "refused"
    assert "Unexpected response code: 403" in told.value.text


def test_the_page_says_when_it_is_not_live(people: People, launch: Launch, channel: str) -> None:
    server = launch("stopped")
    people.allow("ERR_CONNECTION_REFUSED|Error in connection|WebSocket connection")
    kuno = people("kuno", server).sign_up().join(channel)
    health = Health(kuno).open(channel).expect_live()
    server.web.terminate()
    health.expect_not_live()
    expect(kuno.page).to_have_title("Not live · Health · Starling")
    kuno.picture("health-not-live")
    server.start()
    # The page may be back by itself already, and the button gone.
    health.page.locator("#try-now").dispatch_event("click")
    health.expect_live()


def test_a_channel_whose_looks_fail_is_not_called_live(people: People, launch: Launch, channel: str) -> None:
    """The server goes on answering each second, the picture of the one channel stays as it was."""
    server = launch("unlooked")
    nora = people("nora", server).sign_up().join(channel)
    kept: list[int] = []
    nora.page.route_web_socket("**/ws/health/", lambda page: _with_one_picture(page, kept))
    health = Health(nora).open(channel)
    kept.append(0)
    expect(health.page.locator("#live")).to_have_text(
        re.compile(r"Not live, as of \d+ s ago$"), timeout=SOON_MS
    )
    alert = health.page.get_by_role("alert").filter(has_text="The nodes of this channel take long to answer")
    expect(alert).to_be_visible()
    expect(alert.get_by_role("button", name="Try again")).to_be_hidden()
    nora.picture("health-channel-not-live")
    health.switch_diagnostic(on=True)
    health.expect_story(0, "admin.diagnostic", told="switched on")
    kept.clear()
    health.expect_live()


def _with_one_picture(page: WebSocketRoute, kept: list[int]) -> None:
    """While ``kept`` has a place, each picture of a channel is as old as the first one was."""
    server = page.connect_to_server()

    def passed_on(text: str | bytes) -> None:
        frame = json.loads(text)
        if kept and frame["type"] == "health" and frame["detail"]:
            kept[0] = kept[0] or frame["detail"]["as_of_ms"]
            frame["detail"]["as_of_ms"] = kept[0]
        page.send(json.dumps(frame))

    server.on_message(passed_on)


def test_the_health_pages_have_no_barriers(people: People, launch: Launch, channel: str) -> None:
    server = launch("barriers")
    lotte = people("lotte", server).sign_up()
    audit, health = Audit(lotte), Health(lotte)
    audit.visit("/health/")
    lotte.open_page().join(channel)
    said = lotte.say("A message")
    health.open(channel).trace(said).expect_trace("Written by")
    for summary in health.page.get_by_text("As a table").all():
        summary.click()
    health.examine()
    audit.look("a channel, a trace, tables, an examination")
    health.walk("ArrowRight", told=" to ")
    health.choose("From", "2020-01-01T00:00:00").choose("Until", "2200-01-01T00:00:00")
    health.choose("Words to look for", "admin.doctor").expect_rows("admin.doctor")
    audit.look("a cell of the matrix, the log with a range of time")
    health.choose("Until", "2020-01-02T00:00:00")
    expect(health.log).to_contain_text("No event is chosen.", timeout=SOON_MS)
    health.page.get_by_label("Message id").fill("no id")
    health.page.get_by_role("button", name="Trace", exact=True).click()
    audit.look("an empty log, a trace of nothing")
    _look_at_a_repair(audit, people, server, channel)
    audit.visit("/health/bundle/")
    expect(health.page.get_by_role("link", name="Download exactly this")).to_be_visible()
    lotte.picture("health-bundle")
    audit.expect_none()


def _look_at_a_repair(audit: Audit, people: People, server: Server, channel: str) -> None:
    """One that takes its time: what asks for it never comes to the server."""
    people("mick", server).sign_up().join(channel)
    server.block("mick", "")
    audit.page.route_web_socket("**/ws/health/", _without_repairs)
    audit.person.open_page().say("Mick does not hear this from everybody")
    health = Health(audit.person).open(channel).expect_reason("PATH_BROKEN").wait_at_repair("mick")
    audit.page.keyboard.press("Enter")
    running = health.subscriber("mick").get_by_role("button", name="Looking for a way")
    expect(running).to_be_focused()
    audit.look("a repair that runs")
    told = health.subscriber("mick").locator(".subscriber-told")
    expect(told).to_contain_text("That did not work", timeout=30_000)
    audit.look("a repair that failed")
    server.block("mick")


def _without_repairs(page: WebSocketRoute) -> None:
    server = page.connect_to_server()
    page.on_message(lambda text: None if '"repair"' in str(text) else server.send(text))
