"""Which UDP addresses the nodes of this machine use, and which machine this is."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import socket
from pathlib import Path

from webchat.deployment import Address, Deployment
from webchat.keyfiles import load_or_create

log = logging.getLogger("webchat.udp")

PORT_TRIES_MAX = 64
MACHINE_ID_FILE = Path("/etc/machine-id")
MACHINE_ID_BYTES = 8


def machine_id(deployment: Deployment) -> bytes:
    """Eight bytes that are the same for all nodes of one machine in one network, and tell no more.

    From the system's own machine id, so that two servers on one machine count as one place to store
    a message; a machine without one gets a random one, kept with the keys.
    """
    try:
        own = MACHINE_ID_FILE.read_bytes().strip()
    except OSError:
        own = b""
    if not own:
        own = load_or_create(deployment.keys / "machine.key")
    return hashlib.sha256(b"machine\0" + deployment.network.encode() + b"\0" + own).digest()[
        :MACHINE_ID_BYTES
    ]


async def resolve(addresses: tuple[Address, ...], level: int = logging.ERROR) -> tuple[Address, ...]:
    """IPv4 addresses of host names; a name that is unknown now is left out and logged."""
    loop = asyncio.get_running_loop()
    found: dict[Address, None] = {}
    for host, port in addresses:
        try:
            answers = await loop.getaddrinfo(host, port, family=socket.AF_INET, type=socket.SOCK_DGRAM)
        except OSError as error:
            log.log(level, "the address of %s:%s is unknown: %s", host, port, error)
            continue
        found[(str(answers[0][4][0]), port)] = None
    return tuple(found)


def ports_for(deployment: Deployment, user_id: int, used: tuple[int, ...]) -> list[int]:
    """Ports to try for a user's node, the likeliest first; 0 lets the system choose.

    A user's node tries the same port at each start, because others remember it. Who is told an
    advertised address must be told a port too, so one is chosen beforehand.
    """
    if deployment.udp_ports is not None:
        ports = deployment.udp_ports
        first = user_id % len(ports)
        return [port for port in (*ports[first:], *ports[:first]) if port not in used]
    if not deployment.advertise_host:
        return [0]
    return [_free_port(deployment.udp_host) for _ in range(4)]


def _free_port(host: str) -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])
