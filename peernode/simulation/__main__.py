"""``python -m peernode.simulation``: list what there is, run a scenario, say how it went.

Exit status 0 when every checker and every expectation holds, 1 when one does not, 2 for a scenario
or an option that this version can't carry out.
"""

from __future__ import annotations

import argparse
import logging
import resource
import sys
import time
from pathlib import Path

from peernode.simulation import fault_kinds
from peernode.simulation.result import Result, summarize
from peernode.simulation.run import run
from peernode.simulation.scenario import SHIPPED, Scenario, load
from peernode.simulation.schema import ScenarioError

HELD, NOT_HELD, UNUSABLE = 0, 1, 2


def main(arguments: list[str] | None = None) -> int:
    """Carry out the command line and return the exit status."""
    options = _parser().parse_args(arguments)
    # What nodes log is judged by the checkers; here it would only interleave.
    logging.getLogger("peernode").setLevel(logging.CRITICAL)
    if options.command == "list":
        return _list(options.faults)
    try:
        scenario = load(options.scenario)
    except ScenarioError as error:
        print(error, file=sys.stderr)
        return UNUSABLE
    if options.html is not None:
        print("--html: not supported yet; use --json", file=sys.stderr)
        return UNUSABLE
    return _run(scenario, options)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m peernode.simulation", description="Simulated networks.")
    commands = parser.add_subparsers(dest="command", required=True)
    listing = commands.add_parser("list", help="the shipped scenarios, or the kinds of faults")
    listing.add_argument("--faults", action="store_true", help="kinds of faults, their keys and defaults")
    running = commands.add_parser("run", help="run one scenario")
    running.add_argument("scenario", type=Path, help="a TOML file, or the name of a shipped scenario")
    running.add_argument("--seed", type=int, help="instead of the scenario's own")
    running.add_argument("--json", type=Path, metavar="OUT.json", help="write the result")
    running.add_argument("--html", type=Path, metavar="OUT.html", help="not supported yet")
    running.add_argument("--trace", type=Path, metavar="OUT.txt", help="write a line per datagram")
    return parser


def _list(faults: bool) -> int:
    if faults:
        print(fault_kinds.described())
        return HELD
    for path in sorted(SHIPPED.glob("*.toml")):
        scenario = load(path)
        print(f"{path.name:<22} {scenario.nodes.count:>4} nodes {scenario.duration_s:>6g} s  {scenario.name}")
    return HELD


def _run(scenario: Scenario, options: argparse.Namespace) -> int:
    began = time.perf_counter()
    finished = run(scenario, options.seed, trace=options.trace is not None)
    wall_s = time.perf_counter() - began
    rss_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    result = summarize(finished, wall_s, rss_mib)
    try:
        if options.json is not None:
            options.json.write_text(result.to_json(), encoding="utf-8")
        if options.trace is not None:
            options.trace.write_text("\n".join(finished.trace or []) + "\n", encoding="utf-8")
    except OSError as error:
        print(f"can't write: {error}", file=sys.stderr)
        return UNUSABLE
    print(report(result, str(options.scenario)))
    return HELD if result.ok else NOT_HELD


def report(result: Result, scenario: str) -> str:
    """The result for a person at a terminal."""
    lines = [
        f"{result.name}, seed {result.seed}: {result.nodes} nodes, {result.virtual_s:g} virtual s in "
        f"{result.wall_s:.1f} s, {result.rss_mib:.0f} MiB, trace {result.trace_hash}",
        f"  joins      {result.joins['ok']} of {result.joins['tried']}, ms {_shown(result.join_ms)}",
        f"  messages   {result.published} published, {result.acked} acknowledged, {result.failed} failed",
        f"  delivered  {result.delivered} of {result.expected}, {result.duplicates} duplicates, "
        f"{result.phantom} phantoms, {result.lost_acked} lost",
        f"  latency    ms {_shown(result.latency_ms)}; one-way delays {_shown(result.latency_one_way)}",
        f"  traffic    datagrams {_shown(result.datagrams)}; bytes {_shown(result.bytes)}",
    ]
    for name, verdict in result.checkers.items():
        lines.append(f"  {'ok  ' if verdict['ok'] else 'FAIL'} {name}")
        lines += [f"         {violation}" for violation in verdict["violations"][:5]]
    for name, verdict in result.expect.items():
        actual = "not measured" if verdict["actual"] is None else f"{verdict['actual']:g}"
        lines.append(f"  {'ok  ' if verdict['ok'] else 'FAIL'} {name} = {verdict['bound']:g}: {actual}")
    if not result.ok:
        lines.append(f"replay: python -m peernode.simulation run {scenario} --seed {result.seed}")
    return "\n".join(lines)


def _shown(numbers: dict[str, float | None]) -> str:
    return ", ".join(f"{name} {'-' if value is None else f'{value:g}'}" for name, value in numbers.items())


if __name__ == "__main__":
    sys.exit(main())
