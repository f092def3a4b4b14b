"""`python -m benchmarks.scrolling`: how long frames take while 10,000 messages are scrolled through.

The real page of a real server in Chromium, its node played by ``LongChannel``, so that nothing but the page
is measured; then, in the same browser, a plain page with as many paragraphs of the same texts. Three ways to
scroll: ``wheel`` (120 px a frame), ``flick`` (1,500 px a frame), ``thumb`` (to a far place with each frame).
A frame over 50 ms is one that people see. A busy machine makes frames of both pages longer, which is what the
plain one is for; ``cpu_ms_per_frame`` leaves out what other programs do.

Results go to standard output and to ``test-results/scrolling.json``.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, CDPSession, Page, expect, sync_playwright

from benchmarks.longchannel import CHANNEL, LongChannel, message
from benchmarks.words import timeline_label, timeline_start
from e2e.chat import Person
from e2e.report import Report
from e2e.servers import Server
from tools.find_chromium import system_chromium

MESSAGES = 10_000
LONG_MS = 50
WAYS = ("wheel", "flick", "thumb")
LOADING_MS = 120_000
RESULT = Path("test-results") / "scrolling.json"
SCRIPT = Path(__file__).with_name("scrolling.js")
PLAIN = "<!doctype html><body style='margin:0'><div id=all style='height:100vh;overflow:auto'>"


def told(times: list[float], busy_ms: float) -> dict[str, Any]:
    """What frame times, and the processor time of the page's thread, come to."""
    ordered = sorted(times)
    return {
        "frames": len(times),
        "over_50_ms": sum(1 for each in times if each > LONG_MS),
        "p50_ms": round(ordered[len(ordered) // 2], 1),
        "p99_ms": round(ordered[int(len(ordered) * 0.99)], 1),
        "worst_ms": round(ordered[-1], 1),
        "cpu_ms_per_frame": round(busy_ms / len(times), 1),
    }


def busy_ms(session: CDPSession) -> float:
    """Processor time of the page's main thread so far; other programs don't count."""
    metrics = session.send("Performance.getMetrics")["metrics"]
    return 1000 * next(float(each["value"]) for each in metrics if each["name"] == "TaskDuration")


def scrolled(page: Page, selector: str) -> dict[str, Any]:
    """What comes of scrolling an element, for each way to scroll."""
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})
    script = SCRIPT.read_text(encoding="utf-8").rstrip().rstrip(";")
    found = {}
    for way in WAYS:
        before = busy_ms(session)
        times = page.evaluate(script, {"selector": selector, "way": way})
        found[way] = told(times, busy_ms(session) - before)
    return found


def chat(page: Page, server: Server, folder: Path) -> dict[str, Any]:
    """The page of a channel with all its messages held."""
    LongChannel(page, MESSAGES)
    Person("reader", page, server, Report(), folder).sign_up()
    timeline = page.get_by_role("log", name=timeline_label(CHANNEL), exact=True)
    expect(timeline).to_be_visible()
    timeline.evaluate("log => { log.scrollTop = 0; }")
    # All the rest comes at once, so from here on nothing is loaded any more.
    expect(page.get_by_text(timeline_start(CHANNEL))).to_have_count(1, timeout=LOADING_MS)
    return scrolled(page, "#timeline")


def plain(page: Page) -> dict[str, Any]:
    """As many paragraphs with the same texts, and nothing else."""
    page.set_content(PLAIN + "".join(f"<p>{message(number)['text']}</p>" for number in range(MESSAGES)))
    return scrolled(page, "#all")


def measured(browser: Browser, folder: Path) -> dict[str, Any]:
    """Both pages, one after the other."""
    size = {"width": 1280, "height": 800}
    server = Server("scrolling", folder, ("chat",), {})
    try:
        server.start()
        context = browser.new_context(viewport={"width": 1280, "height": 800})
        with_chat = chat(context.new_page(), server, folder)
        context.close()
        return {"messages": MESSAGES, "window": size, "page": with_chat, "plain": plain(browser.new_page())}
    finally:
        server.kill()


def run() -> dict[str, Any]:
    """A browser, a server, and the figures."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=system_chromium(), args=["--no-sandbox"])
        try:
            return measured(browser, Path(folder))
        finally:
            browser.close()


if __name__ == "__main__":
    text = json.dumps(run(), indent=1) + "\n"
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(text, encoding="utf-8")
    sys.stdout.write(text)
