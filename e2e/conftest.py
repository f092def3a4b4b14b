"""Fixtures of the browser tests: servers, people, and what is kept of a run in test-results/.

``server`` is one embedded server for all tests that don't break theirs; ``launch`` starts more.
``people("ann")`` opens a browser context; an error in the page, on its console, or a violation of
the content security policy fails the test. Each test uses names and channels of its own.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest
from playwright.sync_api import BrowserContext, ConsoleMessage, Error, Page

from e2e.chat import Person
from e2e.report import Outcome, Report
from e2e.servers import Server
from tools.find_chromium import system_chromium

OBSERVER = Path(__file__).parent / "observer.js"
REPORT: pytest.StashKey[Report] = pytest.StashKey()
SERVERS: pytest.StashKey[list[Server]] = pytest.StashKey()
SHARED_BY_MAX = 20
"""Tests that share a server; they bring some 30 people."""

DESKTOP: dict[str, Any] = {"viewport": {"width": 1280, "height": 800}}
PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 780}, "has_touch": True, "is_mobile": True}

QUIET_BROWSER = (
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-domain-reliability",
    "--disable-extensions",
    "--disable-sync",
    "--no-pings",
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
    "--force-color-profile=srgb",
)


def pytest_configure(config: pytest.Config) -> None:
    """A trace and a screenshot of every failed test, without options on the command line."""
    config.option.tracing = "retain-on-failure"
    config.option.screenshot = "only-on-failure"
    config.stash[REPORT] = Report()
    config.stash[SERVERS] = []


def results_of(config: pytest.Config) -> Path:
    """Where everything that is kept of a run goes: the folder around Playwright's own."""
    return Path(config.getoption("--output")).absolute().parent


def pytest_sessionstart(session: pytest.Session) -> None:
    """Results are those of one run, and name its seed, which is settled by now."""
    session.config.stash[REPORT].seed = session.config.getoption("randomly_seed", None)
    if not session.config.option.collectonly:
        results = results_of(session.config)
        shutil.rmtree(results, ignore_errors=True)
        (results / "screenshots").mkdir(parents=True)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Note the outcome; of a failed test keep the logs and what the nodes say."""
    result = yield
    config = item.config
    if result.failed:
        name = re.sub(r"\W+", "-", item.name).strip("-")
        keep_evidence(config.stash[SERVERS], results_of(config) / "failed" / name)
    if result.when == "call" or result.failed:
        config.stash[REPORT].outcomes.append(Outcome(item.nodeid, result.outcome, result.duration))
    return result


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Write the report and say where it is."""
    report = config.stash[REPORT]
    if report.outcomes:
        results = results_of(config)
        report.write(results)
        terminalreporter.section("browser tests")
        for line in [*report.summary(), f"report: {results / 'report.html'}"]:
            terminalreporter.line(line)


def keep_evidence(servers: list[Server], folder: Path) -> None:
    """Copy each server's logs, and the diagnostics of those that still answer."""
    folder.mkdir(parents=True, exist_ok=True)
    for server in servers:
        for program in server.programs.values():
            (folder / f"{program.name.replace(' ', '-')}.log").write_text(program.text())
        if server.web.alive:
            try:
                found = server.diagnostics()
            except OSError as error:
                found = {"error": str(error)}
            (folder / f"{server.name}-diagnostics.json").write_text(json.dumps(found, indent=1))


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """The system's Chromium where there is one, otherwise the one that Playwright installed."""
    found = system_chromium()
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    path = {"executable_path": found} if found else {}
    return {**browser_type_launch_args, **path, "args": [*sandbox, *QUIET_BROWSER]}


@pytest.fixture(scope="session")
def base_url() -> None:
    """No address is everybody's: each person says on which server they are."""


@pytest.fixture(scope="session")
def report(pytestconfig: pytest.Config) -> Report:
    """Where measurements go."""
    return pytestconfig.stash[REPORT]


class Shared:
    """The embedded server that most tests share, a new one after ``SHARED_BY_MAX`` tests.

    Each person that a test brings has a node there that goes on running: with a hundred of them on two cores
    the last tests would wait for the first ones' nodes.
    """

    def __init__(self, folder: Callable[[str], Path], known: list[Server]) -> None:
        self._folder = folder
        self._known = known
        self._server: Server | None = None
        self._tests = 0

    def one_more(self) -> Server:
        """The server for one more test."""
        if self._server is None or self._tests == SHARED_BY_MAX:
            self.end()
            self._server, self._tests = Server("shared", self._folder("shared"), ("chat",), {}), 0
            self._known.append(self._server)
            self._server.start()
        self._tests += 1
        return self._server

    def end(self) -> None:
        """Stop it cleanly; what fails does not leave it behind."""
        server, self._server = self._server, None
        if server is None:
            return
        self._known.remove(server)
        try:
            server.stop()
        finally:
            server.kill()


@pytest.fixture(scope="session")
def shared(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shared]:
    """See ``Shared``."""
    servers = Shared(tmp_path_factory.mktemp, pytestconfig.stash[SERVERS])
    try:
        yield servers
    finally:
        servers.end()


@pytest.fixture
def server(shared: Shared) -> Server:
    """The embedded server that most tests share."""
    return shared.one_more()


@pytest.fixture
def launch(pytestconfig: pytest.Config, tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """``launch("second", STARLING_BOOTSTRAP=…)``: one more server, for this test alone."""
    known = pytestconfig.stash[SERVERS]
    launched: list[Server] = []

    def start(name: str, *, shape: tuple[str, ...] = ("chat",), **environment: str) -> Server:
        server = Server(name, tmp_path / name, shape, environment)
        launched.append(server)
        known.append(server)
        return server.start()

    try:
        yield start
        for server in launched:
            server.stop()
    finally:
        for server in launched:
            server.kill()
            known.remove(server)


class People:
    """Opens browsers; ``troubles`` is what went wrong in any of them.

    A name is one test's on the server that tests share, or their order would decide whether it is taken.
    """

    claims: ClassVar[dict[tuple[str, str], str]] = {}
    """(server's address, name) -> the test whose name it is."""

    def __init__(
        self, new_context: Callable[..., BrowserContext], report: Report, test: str, shots: Path
    ) -> None:
        self.new_context = new_context
        self.report = report
        self.test = test
        self.shots = shots
        self.troubles: list[str] = []
        self.allowed: list[re.Pattern[str]] = []

    def __call__(self, name: str, server: Server, locale: str = "en-US", phone: bool = False) -> Person:
        """A person who has an own browser, which speaks their language, but no account yet."""
        owner = self.claims.setdefault((server.url, name), self.test)
        assert owner == self.test, f"{name} is the name of {owner} on this server: take another one"
        device = PHONE if phone else DESKTOP
        context = self.new_context(color_scheme="light", locale=locale, **device)
        context.add_init_script(path=OBSERVER)
        return self._at(context.new_page(), name, server)

    def another_tab(self, person: Person) -> Person:
        """The same person at one more page of the same browser, which is not opened yet."""
        tab = self._at(person.page.context.new_page(), person.name, person.server)
        tab.channel = person.channel
        return tab

    def _at(self, page: Page, name: str, server: Server) -> Person:
        page.on("pageerror", lambda error: self._page_error(name, error))
        page.on("console", lambda message: self._console(name, message))
        person = Person(name, page, server, self.report, self.shots)
        person.test = self.test
        return person

    def allow(self, pattern: str) -> None:
        """A console error that this test provokes."""
        self.allowed.append(re.compile(pattern))

    def _page_error(self, name: str, error: Error) -> None:
        self.troubles.append(f"{name}: {error}")

    def _console(self, name: str, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not any(p.search(message.text) for p in self.allowed):
            self.troubles.append(f"{name}: {message.text}")


@pytest.fixture
def people(
    new_context: Callable[..., BrowserContext], report: Report, request: pytest.FixtureRequest
) -> Iterator[People]:
    """Open browsers with ``people(name, server)``; any error in one of them fails the test."""
    everybody = People(
        new_context, report, request.node.originalname, results_of(request.config) / "screenshots"
    )
    yield everybody
    assert everybody.troubles == []


@pytest.fixture
def channel(request: pytest.FixtureRequest) -> str:
    """A channel that only this test uses."""
    return "#" + re.sub(r"[\W_]+", "-", request.node.originalname.removeprefix("test_"))[:40].strip("-")
