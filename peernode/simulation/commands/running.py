"""``run``: one scenario, one seed."""

from __future__ import annotations

import argparse
import resource
import sys
from collections.abc import Callable
from pathlib import Path

from peernode.simulation import report
from peernode.simulation.commands import HELD, NOT_HELD, UNUSABLE
from peernode.simulation.commands.hourglass import Hourglass
from peernode.simulation.commands.listing import Commands
from peernode.simulation.commands.seeds import seed_number
from peernode.simulation.commands.wall import now_s
from peernode.simulation.result import Result, summarize
from peernode.simulation.run import Run, run
from peernode.simulation.scenario import Scenario, load
from peernode.simulation.sweep_report import shown


def add(commands: Commands[argparse.ArgumentParser]) -> None:
    """Declare the options."""
    parser = commands.add_parser("run", help="run one scenario")
    parser.add_argument("scenario", type=Path, help="a TOML file, or the name of a shipped scenario")
    parser.add_argument("--seed", type=seed_number, help="instead of the scenario's own")
    parser.add_argument("--json", type=Path, metavar="OUT.json", help="write the result")
    parser.add_argument(
        "--html", type=Path, metavar="OUT.html", help="write the result as a page, and its JSON beside it"
    )
    parser.add_argument("--trace", type=Path, metavar="OUT.txt", help="write a line per datagram")
    parser.set_defaults(carry_out=carry_out)


def carry_out(options: argparse.Namespace) -> int:
    """Run it, write what is asked for, say how it went."""
    scenario = load(options.scenario)
    for path in (options.json, options.html, options.trace):
        if path is not None and not path.parent.is_dir():
            print(f"can't write {path}: {path.parent} is not a directory", file=sys.stderr)
            return UNUSABLE
    with Hourglass(scenario.duration_s) as hourglass:
        finished, result = measured(scenario, options.seed, options.trace is not None, hourglass.begin)
    beside: Path | None = options.html.with_suffix(".json") if options.html is not None else None
    json_path: Path | None = options.json or beside
    try:
        if json_path is not None:
            json_path.write_text(result.to_json(), encoding="utf-8")
        if options.html is not None:
            page = report.page(finished, result, str(options.scenario))
            options.html.write_text(page, encoding="utf-8")
        if options.trace is not None:
            options.trace.write_text("\n".join(finished.trace or []) + "\n", encoding="utf-8")
    except OSError as error:
        print(f"can't write: {error}", file=sys.stderr)
        return UNUSABLE
    print(text(result, str(options.scenario)))
    return HELD if result.ok else NOT_HELD


def measured(
    scenario: Scenario,
    seed: int | None,
    trace: bool = False,
    begun: Callable[[Callable[[], float]], None] = lambda _: None,
) -> tuple[Run, Result]:
    """A run and its result, with what it cost on this machine."""
    began_s = now_s()
    finished = run(scenario, seed, trace, begun)
    wall_s = now_s() - began_s
    rss_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return finished, summarize(finished, wall_s, rss_mib)


def text(result: Result, scenario: str) -> str:
    """The result for a person at a terminal."""
    lines = [
        f"{result.name}, seed {result.seed}: {result.nodes} nodes, {result.virtual_s:g} virtual s in "
        f"{result.wall_s:.1f} s, {result.rss_mib:.0f} MiB, trace {result.trace_hash}",
        f"  joins      {result.joins['ok']} of {result.joins['tried']}, ms {shown(result.join_ms)}",
        f"  messages   {result.published} published, {result.acked} acknowledged, {result.failed} failed",
        f"  delivered  {result.delivered} of {result.expected}, {result.duplicates} duplicates, "
        f"{result.phantom} phantoms, {result.lost_acked} lost",
        f"  latency    ms {shown(result.latency_ms)}; one-way delays {shown(result.latency_one_way)}",
        f"  traffic    datagrams {shown(result.datagrams)}; bytes {shown(result.bytes)}",
    ]
    if result.listed["members"]:
        said = f"{result.listed['by_all']} of {result.listed['members']}"
        lines.append(f"  listed     {said} by every initiator at the end")
    if result.lookups["tried"]:
        lines.append(f"  lookups    {result.lookups['right']} of {result.lookups['tried']} right")
    for name, verdict in result.checkers.items():
        lines.append(f"  {'ok  ' if verdict['ok'] else 'FAIL'} {name}")
        lines += [f"         {violation}" for violation in verdict["violations"][:5]]
    for name, verdict in result.expect.items():
        actual = "not measured" if verdict["actual"] is None else f"{verdict['actual']:g}"
        lines.append(f"  {'ok  ' if verdict['ok'] else 'FAIL'} {name} = {verdict['bound']:g}: {actual}")
    judged = {**result.checkers, **{f"expect.{name}": each for name, each in result.expect.items()}}
    broken = [name for name, verdict in judged.items() if not verdict["ok"]]
    said = f"broken: {', '.join(broken)}" if broken else "held"
    lines.append(f"{said} ({len(judged) - len(broken)} of {len(judged)} checkers and expectations)")
    if not result.ok:
        lines.append(f"replay: python -m peernode.simulation run {scenario} --seed {result.seed}")
    return "\n".join(lines)
