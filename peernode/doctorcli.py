"""``python -m peernode doctor``: the connection doctor on the command line, for people and for scripts.

It starts a node of its own, with an identity that is thrown away and nothing on disk, which asks and never
answers; so it can be run beside the node that is in trouble, as often as one likes, and nobody remembers it.
Invariants: every step is told, also when the
socket can't be opened; exit status 0: all is well or only warned of, 1: something failed, 2: used wrongly.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import sys
import textwrap
from pathlib import Path

from peernode.cli import machine_id, parse_address
from peernode.config import NodeConfig
from peernode.doctor.steps import STEPS, Finding, Step, failing, refused, skipped, step_of
from peernode.doctor.storehealth import disk, store_of_file
from peernode.doctor.words import many
from peernode.environment import Address, Environment
from peernode.errors import PeerNodeError
from peernode.identity import Identity
from peernode.node import PeerNode
from peernode.overlay.addresses import is_loopback
from peernode.rpc.transport import SystemEnvironment
from peernode.store.memory import MemoryDisk

WIDTH = 100
_MARKS = {"ok": "ok", "warning": "WARNING", "failed": "FAILED", "skipped": "skipped"}
_ANYWHERE = ("0.0.0.0", 0)  # noqa: S104  (to be reached from other machines is what is examined)


def parser() -> argparse.ArgumentParser:
    """The command line's options."""
    made = argparse.ArgumentParser(
        prog="python -m peernode doctor",
        description="Find out what works between this machine and a Starling network, and what to do.",
        epilog="Exit status: 0 all is well or only warned of, 1 something failed, 2 used wrongly.",
    )
    made.add_argument(
        "--bootstrap",
        type=parse_address,
        action="append",
        required=True,
        metavar="HOST:PORT",
        help="an address to start from; repeatable",
    )
    made.add_argument(
        "--listen",
        type=parse_address,
        metavar="HOST:PORT",
        help="the address that the node in trouble listens on; default: any free port",
    )
    made.add_argument(
        "--data", type=Path, metavar="DIR", help="look at the database of this node or server, too"
    )
    made.add_argument("--channel", default="", metavar="NAME", help="find who stores it, too")
    made.add_argument("--network", default="starling", help="networks of another name never mix")
    made.add_argument("--json", action="store_true", help="one JSON object a step")
    return made


def as_text(step: Step) -> str:
    """A step as lines for a person, aligned."""
    what = f"{step.name} {step.subject}".strip()
    head = f"{_MARKS[step.result]:<8} {what:<28} {step.elapsed_ms:>7.0f} ms  "
    texts = [step.sentence, f"{step.code}: {step.remedy}"] if step.code else [step.sentence]
    width = max(WIDTH - len(head), 40)
    lines = [line for text in texts for line in textwrap.wrap(text, width, break_on_hyphens=False)]
    return head + f"\n{' ' * len(head)}".join(lines)


def database_in(data: Path) -> Path:
    """The database of a headless node, or of a server, in its directory."""
    found = (data / name for name in ("node.sqlite3", "nodes.sqlite3"))
    return next((each for each in found if each.exists()), data / "node.sqlite3")


def summary(steps: list[Step]) -> str:
    """The last line."""
    count = {result: sum(step.result == result for step in steps) for result in _MARKS}
    if count["failed"]:
        return f"{many(count['failed'], 'step')} failed, {many(count['warning'], 'warning')}."
    unseen = sum(step.unseen for step in steps)
    warned = f", {many(count['warning'], 'warning')}" if count["warning"] else ""
    missed = f"; {many(unseen, 'step')} could not be looked at" if unseen else ""
    return f"Nothing failed{warned}{missed}." if warned or missed else "All is well."


async def examine(options: argparse.Namespace, env: Environment) -> list[Step]:
    """All steps, printed as they end."""
    addresses: list[Address] = options.bootstrap
    local = all(is_loopback(host) for host, _ in addresses)
    listen = options.listen or (("127.0.0.1", 0) if local else _ANYWHERE)
    database = database_in(options.data) if options.data else None
    identity = Identity.generate(env.random)
    config = NodeConfig(
        network=options.network,
        listen=listen,
        bootstrap=tuple(addresses),
        machine_id=machine_id(options.network, identity.node_id),
        serves=False,  # nobody is to count on a node that is gone in a moment, least of all to store
    )

    def told(step: Step) -> None:
        print(json.dumps(step.told(), ensure_ascii=False) if options.json else as_text(step), flush=True)

    store = MemoryDisk().store_for(identity.node_id)
    node = PeerNode(config, env, store, identity, lambda event: None)
    try:
        await node.start()
    except PeerNodeError as error:
        steps = await _without_socket(error, database, identity.node_id, env)
        for step in steps:
            told(step)
        return steps
    try:
        return await node.examine(addresses, options.channel, database, own=False, on_step=told)
    finally:
        await node.stop()


async def _without_socket(
    error: PeerNodeError, database: Path | None, node_id: bytes, env: Environment
) -> list[Step]:
    """What can be looked at without a socket: the disk."""
    found: dict[str, Finding] = {name: skipped("socket.none") for name in STEPS}
    found["socket"] = refused(error)
    found["disk"] = disk(database)
    if database is not None:
        found["store"] = await store_of_file(database, node_id, env.clock)
    else:
        found["store"] = skipped("store.unnamed")
    return [step_of(name, "", finding, 0.0) for name, finding in found.items()]


def main(arguments: list[str] | None = None) -> int:
    """The exit status; wrong usage ends in ``SystemExit`` 2 with a line on standard error."""
    options = parser().parse_args(arguments)
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING)

    async def run() -> list[Step]:
        return await examine(options, SystemEnvironment())

    steps = asyncio.run(run())
    if not options.json:
        print(f"\n{summary(steps)}")
    return 1 if failing(steps) else 0
