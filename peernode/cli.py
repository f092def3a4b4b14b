"""One headless node on the command line: lines in, JSON events out.

Each line on standard input is published; each event is one JSON object on a line of standard output,
flushed at once. Invariants: the events' fields are stable (docs/operations.md), more may be added;
log lines go to standard error; SIGTERM, SIGINT, ``/quit`` and the end of input in a terminal end the
node cleanly. At the end of piped input the node stays up and goes on serving.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import logging
import os
import signal
import socket
import sys
from pathlib import Path
from typing import Any

from peernode.channel.ids import joinable_name
from peernode.clilines import error_line, lines_of
from peernode.config import NodeConfig
from peernode.diagnostics.codes import info_of
from peernode.diagnostics.jsonlines import LineWriter
from peernode.environment import Address
from peernode.errors import PeerNodeError
from peernode.events import Event, JoinDelayed, Joined, MessageReceived
from peernode.identity import load_or_create
from peernode.node import PeerNode
from peernode.overlay.lan import lan_if
from peernode.rpc.transport import SystemEnvironment
from peernode.store.sqlite import SqliteDatabase

LINES_MAX = 256
"""Lines read ahead of what the node has accepted; then standard input waits."""

PASSING = ("STORE_FULL", "RATE_LIMITED")
"""Refusals of a join that another try may not meet."""

JOIN_AGAIN_S = 5.0
"""The pause before that."""


def parse_address(text: str) -> Address:
    """``HOST:PORT``; a name is resolved once."""
    host, separator, port = text.rpartition(":")
    if not separator or not port.isdecimal() or not 0 <= int(port) <= 65535:
        raise argparse.ArgumentTypeError(f"expected HOST:PORT, got {text!r}")
    try:
        return socket.gethostbyname(host or "127.0.0.1"), int(port)
    except OSError:
        raise argparse.ArgumentTypeError(f"the name {host!r} can't be resolved") from None


def parser() -> argparse.ArgumentParser:
    """The command line's options."""
    made = argparse.ArgumentParser(prog="python -m peernode", description="Run one headless Starling node.")
    made.add_argument("--listen", type=parse_address, default=("127.0.0.1", 0), metavar="HOST:PORT")
    made.add_argument(
        "--advertise", type=parse_address, metavar="HOST:PORT", help="the address others are told"
    )
    made.add_argument(
        "--bootstrap", type=parse_address, action="append", default=[], metavar="HOST:PORT", help="repeatable"
    )
    made.add_argument("--data", type=Path, default=Path("var/node"), metavar="DIR")
    made.add_argument("--channel", metavar="NAME", help="without it: bootstrap and initiator alone")
    made.add_argument("--network", default="starling", help="networks of another name never mix")
    made.add_argument("--name", default="", help="display name")
    made.add_argument("--keep-days", type=int, default=0, metavar="DAYS", help="0: keep messages for ever")
    made.add_argument(
        "--lan",
        choices=("on", "off"),
        default=os.environ.get("STARLING_LAN", "on"),
        help="find nodes on the same network, unless on loopback; default: STARLING_LAN, else on",
    )
    made.add_argument("--verbose", action="store_true")
    made.add_argument(
        "--diagnostic",
        choices=("on", "off"),
        default=os.environ.get("STARLING_DIAGNOSTIC", "off"),
        help="write a record of everything to standard error; default: STARLING_DIAGNOSTIC, else off",
    )
    return made


def machine_id(network: str, fallback: bytes) -> bytes:
    """8 bytes naming this machine, so that copies on one disk are counted as such."""
    try:
        found = Path("/etc/machine-id").read_bytes().strip()
    except OSError:
        found = b""
    return hashlib.sha256(b"machine" + network.encode() + (found or fallback)).digest()[:8]


class Headless:
    """The node of one command line, and its two streams of lines."""

    def __init__(self, options: argparse.Namespace) -> None:
        self._options = options
        self._join_told = False
        """The node itself has said how its join goes."""
        self._stopping = asyncio.Event()
        self._input_ready = asyncio.Event()

    def emit(self, event: str, **fields: Any) -> None:
        """One line of output."""
        sys.stdout.write(json.dumps({"event": event, **fields}, ensure_ascii=False) + "\n")
        sys.stdout.flush()

    def heard(self, event: Event) -> None:
        """Print a node's event."""
        self._join_told = self._join_told or isinstance(event, JoinDelayed | Joined)
        for line in lines_of(event):
            self.emit(**line)

    async def run(self) -> int:
        """Serve until told to end; the exit status."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stopping.set)
        env = SystemEnvironment()
        options = self._options
        database, lines = None, LineWriter(sys.stderr)
        try:
            identity = load_or_create(options.data, env.random)
            config = NodeConfig(
                network=options.network,
                listen=options.listen,
                advertise=options.advertise,
                bootstrap=tuple(options.bootstrap),
                machine_id=machine_id(options.network, identity.node_id),
                display_name=options.name,
                keep_days=float(options.keep_days),
                keep_own_days=float(options.keep_days),
            )
            database = SqliteDatabase(options.data / "node.sqlite3")
            store, lan = database.for_node(identity.node_id), lan_if(options.lan == "on")
            node = PeerNode(config, env, store, identity, self.heard, lan=lan)
            node.write_records(lines)
            await node.start()
            node.diagnostic = options.diagnostic == "on"
        except PeerNodeError as error:
            self._error(error)
            if database is not None:
                database.close()
            return 1
        try:
            await self._serve(node)
        finally:
            await node.stop()
            lines.close()
            database.close()
        return 0

    async def _serve(self, node: PeerNode) -> None:
        host, port = node.address
        self.emit("ready", address=f"{host}:{port}", node_id=node.node_id)
        work: list[asyncio.Task[None]] = []
        if self._options.channel:
            for message in node.history(self._options.channel, None, 1 << 30) if self._kept(node) else []:
                self.heard(MessageReceived(message, True))
            work.append(asyncio.create_task(self.join(node)))
            work.append(asyncio.create_task(self._lines(node)))
        else:
            work.append(asyncio.create_task(self._lines(node)))
        await self._stopping.wait()
        for task in work:
            task.cancel()
        await asyncio.gather(*work, return_exceptions=True)

    def _kept(self, node: PeerNode) -> bool:
        return self._options.channel in node.channels()

    async def join(self, node: PeerNode) -> None:
        """Join the channel; a refusal before that has begun is told, and tried again if that may help.

        A join that has begun tells by itself that it is delayed, and goes on.
        """
        told = ""
        try:
            while (error := await self._refusal(node)) is not None:
                if error.code != told:
                    self._error(error)
                told = error.code
                if error.code not in PASSING:
                    return
                self._input_ready.set()
                await asyncio.sleep(JOIN_AGAIN_S)
        finally:
            self._input_ready.set()

    async def _refusal(self, node: PeerNode) -> PeerNodeError | None:
        """Try to join; the error of which no event has told."""
        try:
            name = self._options.channel
            await node.join(name if self._kept(node) else joinable_name(name))
        except PeerNodeError as error:
            return None if self._join_told else error
        return None

    def _error(self, error: PeerNodeError) -> None:
        self.emit(**error_line(info_of(error)))

    async def _lines(self, node: PeerNode) -> None:
        """Publish each line of standard input; ``/log``, ``/subscribers`` and ``/quit`` are commands."""
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader(limit=1 << 20)
        await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
        if self._options.channel:
            await self._input_ready.wait()
        gate = asyncio.Semaphore(LINES_MAX)
        while line := await reader.readline():
            text = line.decode(errors="replace").rstrip("\r\n")
            if text == "/quit":
                break
            if text.strip():
                await gate.acquire()
                await self._line(node, text, gate)
        else:
            if not sys.stdin.isatty():
                return
        self._stopping.set()

    async def _line(self, node: PeerNode, text: str, gate: asyncio.Semaphore) -> None:
        channel = self._options.channel
        try:
            if channel is None:
                raise PeerNodeError("NOT_A_MEMBER")
            if text == "/log":
                self.emit("log", ids=node.log_ids(channel))
            elif text == "/subscribers":
                self.emit("subscribers", initiators=await node.subscribers(channel))
            else:
                state = await node.publish(channel, None, text)
                self.emit("accepted", id=state.id, text=text)
        except PeerNodeError as error:
            self._error(error)
        finally:
            gate.release()


def main(arguments: list[str] | None = None) -> int:
    """The way in for ``python -m peernode``."""
    options = parser().parse_args(arguments)
    level = logging.DEBUG if options.verbose else logging.WARNING
    logging.basicConfig(
        stream=sys.stderr, level=level, format="%(asctime)s %(levelname)s %(name)s %(message)s"
    )

    async def run() -> int:
        return await Headless(options).run()

    return asyncio.run(run())
