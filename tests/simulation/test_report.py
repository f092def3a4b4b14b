"""The HTML report: complete, equal to the JSON, well-formed, and unmoved by what it shows."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pytest

from peernode.simulation import report
from peernode.simulation.__main__ import main
from peernode.simulation.evidence import Failure
from peernode.simulation.observation.attempts import troubles
from peernode.simulation.observation.timeline import SLICES
from peernode.simulation.report.markup import VOID, escaped
from peernode.simulation.result import Result, summarize
from peernode.simulation.run import Run, run
from peernode.simulation.scenario import parse

HOSTILE = "<img/src=x>&\"'"
TROUBLED = f"""\
name = "rain </title><script>alert(1)</script>"
seed = 3
duration_s = 40
settle_s = 15
network = {{ one_way_ms = [5, 30] }}
nodes = {{ count = 5, bootstrap = 2 }}

[[channels]]
name = '''#{HOSTILE}'''
join = {{ at_s = 3 }}

[[publish]]
channel = '''#{HOSTILE}'''
authors = 3
messages = 10
start_s = 8
every_s = 1

[[faults]]
kind = "loss"
at_s = 9
for_s = 12
loss = 0.85

[[faults]]
kind = "crash"
at_s = 12
for_s = 5
nodes = [4]

[expect]
delivered_min = 1.0
latency_p99_ms_max = 1
"""
SECTIONS = ["promises", "latency", "course", "reach", "missed", "joins", "traffic", "counted"]


class Reader(HTMLParser):
    """Reads a page as a browser would, and keeps what it finds."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.words: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self.ids += [value for name, value in attrs if name == "id" and value]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.words.append(data)


@pytest.fixture(scope="module")
def troubled() -> tuple[Run, Result]:
    finished = run(parse(TROUBLED))
    finished.evidence.failures.append(Failure(1.0, "node 0: </li><script>alert(2)</script>\x1b[31m\u202e"))
    return finished, summarize(finished, 1.5, 48.0)


@pytest.fixture(scope="module")
def page(troubled: tuple[Run, Result]) -> str:
    return report.page(*troubled, "rain.toml")


def test_every_section_is_there_once_and_can_be_gone_to(page: str) -> None:
    read = Reader(page)
    assert read.open == []
    assert [ident for ident in read.ids if ident in SECTIONS] == SECTIONS
    assert len(set(read.ids)) == len(read.ids)
    links = [attrs["href"] for tag, attrs in read.tags if tag == "a"]
    assert links == [f"#{ident}" for ident in SECTIONS]


def test_the_numbers_are_those_of_the_json(troubled: tuple[Run, Result], page: str) -> None:
    result = json.loads(troubled[1].to_json())
    shown = [attrs["value"] for tag, attrs in Reader(page).tags if tag == "data"]
    for value in (
        result["nodes"],
        result["members"],
        result["virtual_s"],
        result["wall_s"],
        result["rss_mib"],
        result["rss_kib_per_node"],
        result["delivered"],
        result["acked"],
        result["joins"]["ok"],
        result["latency_ms"]["p50"],
        result["latency_ms"]["p99"],
        result["datagrams"]["per_delivery"],
        *(verdict["actual"] for verdict in result["expect"].values()),
    ):
        assert repr(value) in shown
    words = "".join(Reader(page).words)
    assert result["trace_hash"] in words
    for name, times in {**result["coverage"], **result["by_op"]}.items():
        assert f"{name}{times:,}" in words
    for name in result["checkers"]:
        assert name in words
    bars = "".join(re.findall(r"(?s)<figure>.*?</figure>", page))
    assert bars.count(" deliveries, ") >= 2


def test_it_says_what_did_not_hold_and_how_to_have_it_again(page: str) -> None:
    words = "".join(Reader(page).words)
    assert "This run did not hold" in words
    assert "1 of" in words and "checkers failed: no_crash." in words
    assert "1 of 2 expectations not met: latency_p99_ms_max." in words
    assert "python -m peernode.simulation run rain.toml --seed 3" in words


def test_who_missed_what_is_told_with_every_attempt(troubled: tuple[Run, Result], page: str) -> None:
    finished = troubled[0]
    worst = troubles(finished.evidence)[0]
    tries = finished.attempts[worst.sending.id]
    assert {tried.outcome for tried in tries} >= {"ok", "timeout"}
    assert tries == sorted(tries, key=lambda tried: (tried.at_s, tried.by))
    concerned = [tried for tried in tries if worst.concerns(tried)]
    assert concerned and len(concerned) < len(tries)
    begin = page.index(worst.sending.id)
    block = page[begin : page.index("</details>", begin)]
    assert f"{len(concerned)} attempts by its author, or to whoever missed it: " in block
    assert block.count('<td class="number">') == len(tries)


def test_faults_are_shown_as_they_were(troubled: tuple[Run, Result], page: str) -> None:
    spans = {span.kind: span for span in troubled[0].timeline.faults}
    assert (spans["crash"].from_s, spans["crash"].to_s, spans["crash"].nodes) == (12, 17, (4,))
    assert (spans["loss"].from_s, spans["loss"].to_s, spans["loss"].hit) == (9, 21, 5)
    assert "crash, 12 s to 17 s, node 4" in page
    assert "node 4 has no power, 12 s to 17 s" in page


def test_reach_shows_the_loss_and_the_crash(troubled: tuple[Run, Result]) -> None:
    timeline = troubled[0].timeline

    def arrived(row: int, from_s: float, to_s: float) -> float:
        got, lost = timeline.arrivals(row, None, int(from_s / timeline.slice_s), int(to_s / timeline.slice_s))
        return got / (got + lost)

    assert arrived(0, 3, 9) == 1
    assert arrived(0, 9, 21) < 0.4
    assert arrived(4, 13, 17) == 0
    pairs = [timeline.arrivals(0, sender, 0, SLICES) for sender in range(5)]
    assert pairs[0] == (0, 0)
    assert tuple(map(sum, zip(*pairs, strict=True))) == timeline.arrivals(0, None, 0, SLICES)


def test_traffic_over_time_adds_up(troubled: tuple[Run, Result]) -> None:
    finished, result = troubled
    assert sum(finished.timeline.datagrams) == result.datagrams["total"]
    assert sum(finished.timeline.bytes) == result.bytes["total"]
    assert finished.timeline.looks[-1][1] == result.by_op
    assert len(finished.timeline.looks) <= SLICES + 1


def test_plots_are_well_formed_and_say_what_they_are(page: str) -> None:
    drawings = re.findall(r"(?s)<svg.*?</svg>", page)
    assert len(drawings) > 10
    plots = 0
    for drawing in drawings:
        root = ElementTree.fromstring(drawing)
        if root.get("role") == "img":
            plots += 1
            title, description = root.find("title"), root.find("desc")
            assert title is not None and description is not None and title.text and description.text
            assert root.get("aria-labelledby") == f"{title.get('id')} {description.get('id')}"
        for path in root.iter("path"):
            assert re.fullmatch(r"[MLHVZhvzcC0-9 .\-]+", path.get("d", ""))
    assert plots >= 12


def test_tables_have_captions_and_heads(page: str) -> None:
    for found in re.findall(r"(?s)<table.*?</table>", page):
        read = ElementTree.fromstring(found)
        caption = read.find("caption")
        assert caption is not None and caption.text
        assert all(head.get("scope") == "col" for head in read.findall("thead/tr/th"))
        assert all(row[0].tag == "th" for row in read.findall("tbody/tr"))


def test_nothing_that_a_run_says_becomes_markup(page: str) -> None:
    read = Reader(page)
    assert not [tag for tag, _ in read.tags if tag in ("script", "img", "iframe", "object", "form")]
    assert not [name for _, attrs in read.tags for name in attrs if name.startswith("on") or name == "style"]
    words = "".join(read.words)
    assert f"#{HOSTILE}, from node" in words
    assert "node 0: </li><script>alert(2)</script>\\u001b[31m\\u202e" in words
    assert "rain </title><script>alert(1)</script>" in words


def test_the_page_needs_nothing_but_itself(page: str) -> None:
    own = page.replace(f"#{escaped(HOSTILE)}", "")
    for reference in ("http:", "https:", " src=", "url(", "@import", "<link", "javascript:"):
        assert reference not in own
    assert "default-src &#x27;none&#x27;" in page


def test_the_same_run_gives_the_same_page(troubled: tuple[Run, Result], page: str) -> None:
    again = run(parse(TROUBLED))
    assert again.trace_hash == troubled[0].trace_hash
    again.evidence.failures.extend(troubled[0].evidence.failures[-1:])
    assert report.page(again, summarize(again, 1.5, 48.0), "rain.toml") == page


def test_a_run_without_anything_has_a_page() -> None:
    finished = run(parse('name = "silence"\nduration_s = 5\nnodes.count = 1\n'))
    text = report.page(finished, summarize(finished, 0.1, 30.0), "silence")
    assert "Nothing was delivered." in text
    assert Reader(text).open == []


def test_the_command_writes_the_page_and_the_json_beside_it(tmp_path: Path) -> None:
    scenario = tmp_path / "quiet.toml"
    scenario.write_text('name = "quiet"\nduration_s = 5\nnodes.count = 2\n', encoding="utf-8")
    written = tmp_path / "out.html"
    main(["run", str(scenario), "--html", str(written)])
    result = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))
    assert result["trace_hash"] in written.read_text(encoding="utf-8")
    other = tmp_path / "named.json"
    (tmp_path / "out.json").unlink()
    main(["run", str(scenario), "--html", str(written), "--json", str(other)])
    assert other.exists() and not (tmp_path / "out.json").exists()


def test_a_summary_links_every_run_and_counts_what_held(troubled: tuple[Run, Result]) -> None:
    failed = json.loads(troubled[1].to_json())
    held = json.loads(replace(troubled[1], name="fine", ok=True, seed=8).to_json())
    text = report.summary(
        [
            report.Entry("fine", held, "fine.html"),
            report.Entry("rain.toml", failed, "rain.html"),
            report.Entry("endless", None, error="took longer than 60 s"),
        ],
        "The standing set",
        12.0,
    )
    read = Reader(text)
    words = "".join(read.words)
    assert read.open == []
    assert "2 of 3 runs did not hold" in words and "Not everything held" in words
    assert [attrs["href"] for tag, attrs in read.tags if tag == "a"] == [
        "rain.html",
        "fine.html",
        "rain.html",
    ]
    assert "python -m peernode.simulation run rain.toml --seed 3" in words
    assert "took longer than 60 s" in words
    assert not [tag for tag, _ in read.tags if tag == "script"]
    for drawing in re.findall(r"(?s)<svg.*?</svg>", text):
        ElementTree.fromstring(drawing)
