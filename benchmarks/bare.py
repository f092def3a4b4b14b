"""What the machine itself can do: one asyncio socket tells some others, each acks. Nothing else.

No signature, no sealing, no disk, no retransmission: the floor that the engine's figures are divided by, in
the same run, so that a busy machine is busy for both.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from typing import cast

from benchmarks.network import WAIT_S, until
from peernode.environment import Address

PAYLOAD_BYTES = 400
"""What a short message takes when it is signed."""
ACK_BYTES = 64
_NUMBER_BYTES = 4


class _Receiver(asyncio.DatagramProtocol):
    """Notes when each message came, and acks it."""

    def __init__(self) -> None:
        self.received: dict[int, float] = {}

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, source: Address) -> None:
        self.received.setdefault(int.from_bytes(data[:_NUMBER_BYTES], "big"), time.monotonic())
        self._transport.sendto(data[:_NUMBER_BYTES] + bytes(ACK_BYTES), source)


class _Sender(asyncio.DatagramProtocol):
    """Counts acks."""

    def __init__(self, receivers: int) -> None:
        self.acks: dict[int, int] = {}
        self.waiting: dict[int, asyncio.Future[float]] = {}
        """By number: told when the last of its acks came."""
        self._receivers = receivers

    def datagram_received(self, data: bytes, source: Address) -> None:
        number = int.from_bytes(data[:_NUMBER_BYTES], "big")
        self.acks[number] = self.acks.get(number, 0) + 1
        if self.acks[number] == self._receivers and (told := self.waiting.pop(number, None)) is not None:
            told.set_result(time.monotonic())


class FanOut:
    """One sender and its receivers, on real sockets of 127.0.0.1."""

    def __init__(self, sender: _Sender, out: asyncio.DatagramTransport, receivers: list[_Receiver]) -> None:
        self._sender = sender
        self._out = out
        self._receivers = receivers
        self._addresses = [cast(Address, each._transport.get_extra_info("sockname")) for each in receivers]
        self._said = 0

    def say(self) -> tuple[int, float]:
        """Send one message to all; its number and when."""
        self._said += 1
        number = self._said
        data = number.to_bytes(_NUMBER_BYTES, "big") + bytes(PAYLOAD_BYTES - _NUMBER_BYTES)
        begin = time.monotonic()
        for address in self._addresses:
            self._out.sendto(data, address)
        return number, begin

    async def acked(self, numbers: list[int]) -> None:
        """Wait for all acks of these messages."""
        acks, wanted = self._sender.acks, len(self._receivers)
        await until("acks of the bare fan-out", lambda: all(acks.get(n) == wanted for n in numbers))

    async def round_trips_ms(self, count: int) -> float:
        """So many one after the other, each to all, until the acks of all are there."""
        began, ended = 0.0, 0.0
        for _ in range(count):
            told: asyncio.Future[float] = asyncio.get_running_loop().create_future()
            self._sender.waiting[self._said + 1] = told
            _, begin = self.say()
            began = began or begin
            ended = await asyncio.wait_for(told, WAIT_S)
        return (ended - began) * 1000

    def took_ms(self, number: int, begin: float) -> list[float]:
        """From sending to each receiver."""
        return [(receiver.received[number] - begin) * 1000 for receiver in self._receivers]


@contextlib.asynccontextmanager
async def fan_out(count: int) -> AsyncIterator[FanOut]:
    """``count`` receivers and a sender."""
    loop = asyncio.get_running_loop()
    transports: list[asyncio.DatagramTransport] = []
    receivers: list[_Receiver] = []
    try:
        for _ in range(count):
            transport, receiver = await loop.create_datagram_endpoint(_Receiver, local_addr=("127.0.0.1", 0))
            transports.append(transport)
            receivers.append(receiver)
        out, sender = await loop.create_datagram_endpoint(lambda: _Sender(count), local_addr=("127.0.0.1", 0))
        transports.append(out)
        yield FanOut(sender, out, receivers)
    finally:
        for transport in transports:
            transport.close()
