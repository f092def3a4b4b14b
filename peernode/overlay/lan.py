"""Peers on the same network find each other without configuration, by DNS-SD over multicast DNS.

(RFC 6762, RFC 6763; package ``zeroconf``.) A node announces a service of ``SERVICE_TYPE`` with its port and
its network's id, and listens for others'. It implements ``environment.Neighbourhood``, and only real
programs have one: the simulator does not.

Invariants: what is announced proves nothing, so an announced address is only one more place to dial, and
only private addresses are taken, or anybody on the network could have us dial the Internet; at most
``RESOLVING_MAX`` announcements are looked into at a time, the rest waits for its next repetition;
a node that listens on loopback announces nothing unless it is told to, since nobody else could reach it.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Callable, Sequence
from typing import Any

import ifaddr
from zeroconf import Error, IPVersion, ServiceStateChange, Zeroconf
from zeroconf.asyncio import AsyncServiceBrowser, AsyncServiceInfo, AsyncZeroconf

from peernode.environment import Address
from peernode.overlay.addresses import is_loopback

SERVICE_TYPE = "_starling._udp.local."
RESOLVING_MAX = 16
RESOLVE_S = 3.0
ADDRESSES_MAX = 4
"""Taken of one announcement."""

_CLOSE_S = 2.0
_ANYWHERE = "0.0.0.0"  # noqa: S104  (compared with, not bound)


class LanDiscovery:
    """Announces one node and hears of others; started, stopped, and started again where the node goes."""

    def __init__(self, interfaces: Sequence[str] | None = None) -> None:
        """``interfaces``: the addresses of those to use; else those that the node listens on."""
        self._interfaces = interfaces
        self._zeroconf: AsyncZeroconf | None = None
        self._browser: AsyncServiceBrowser | None = None
        self._resolving: dict[str, asyncio.Task[None]] = {}
        self._network = b""
        self._own: Address = ("", 0)
        self._addresses: list[str] = []
        self._name = ""
        self._found: Callable[[Address], None] = lambda _: None

    async def start(
        self, network_id: bytes, name: str, own: Address, found: Callable[[Address], None]
    ) -> bool:
        """See ``Neighbourhood.start``."""
        self._network, self._own, self._found = network_id.hex().encode(), own, found
        addresses = self._addresses = self._present()
        if not addresses:
            return False
        self._name = f"{name}.{SERVICE_TYPE}"
        for ip in addresses:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
                probe.bind((ip, 0))  # where this fails, zeroconf would fail with its socket left open
        try:
            # Kept before anything is awaited, so that ``stop`` closes it whatever happens.
            opened = self._zeroconf = AsyncZeroconf(interfaces=addresses, ip_version=IPVersion.V4Only)
            self._browser = AsyncServiceBrowser(opened.zeroconf, SERVICE_TYPE, handlers=[self._changed])
            info = AsyncServiceInfo(
                SERVICE_TYPE,
                self._name,
                port=own[1],
                parsed_addresses=addresses,
                properties={"net": self._network},
                server=f"{name}.local.",
            )
            await opened.async_register_service(info)
        except Error as error:
            raise OSError(f"multicast DNS: {error}") from error
        return True

    async def stop(self) -> None:
        """See ``Neighbourhood.stop``."""
        for task in list(self._resolving.values()):
            task.cancel()
        opened, self._zeroconf = self._zeroconf, None
        browser, self._browser = self._browser, None
        if opened is None:
            return
        try:
            async with asyncio.timeout(_CLOSE_S):
                if browser is not None:
                    await browser.async_cancel()
                await opened.async_unregister_all_services()
                await opened.async_close()
        except TimeoutError:
            opened.zeroconf.close()  # others forget us when our announcement's time is over
        except asyncio.CancelledError:
            opened.zeroconf.close()
            raise
        except Error as error:
            raise OSError(f"multicast DNS: {error}") from error

    def outdated(self) -> bool:
        """See ``Neighbourhood.outdated``."""
        return set(self._present()) != set(self._addresses)

    def _present(self) -> list[str]:
        return [*self._interfaces] if self._interfaces is not None else _reachable(self._own)

    def sizes(self) -> dict[str, tuple[int, int]]:
        """How full the tables are, each with its bound."""
        return {"announcements": (len(self._resolving), RESOLVING_MAX)}

    def _changed(
        self, zeroconf: Zeroconf, service_type: str, name: str, state_change: ServiceStateChange
    ) -> None:
        gone = state_change is ServiceStateChange.Removed
        if gone or name == self._name or name in self._resolving or len(self._resolving) >= RESOLVING_MAX:
            return
        task = asyncio.get_running_loop().create_task(self._resolve(zeroconf, name))
        self._resolving[name] = task
        task.add_done_callback(lambda _: self._resolving.pop(name, None))

    async def _resolve(self, zeroconf: Zeroconf, name: str) -> None:
        try:
            info = AsyncServiceInfo(SERVICE_TYPE, name)
            known = await info.async_request(zeroconf, RESOLVE_S * 1000)
        except (Error, OSError):  # a name that is none, or the network is gone: there is nobody to dial
            return
        if known:
            for address in announced(info.properties, self._network, info.port, info.parsed_addresses()):
                if is_loopback(address[0]) <= is_loopback(self._own[0]):
                    self._found(address)


def lan_if(wanted: bool) -> LanDiscovery | None:
    """The neighbourhood of a real node, if it is to have one."""
    return LanDiscovery() if wanted else None


def announced(properties: dict[Any, Any], network: bytes, port: int | None, ips: list[str]) -> list[Address]:
    """The places to dial in an announcement, as far as it is for this network and means anything."""
    if properties.get(b"net") != network or port is None or not 1 <= port <= 65535:
        return []
    places = [(ip, port) for ip in dict.fromkeys(ips) if _private(ip)]
    return places[:ADDRESSES_MAX]


def _private(text: str) -> bool:
    try:
        ip = ipaddress.IPv4Address(text)
    except ValueError:
        return False
    nobody = ip.is_unspecified or ip.is_multicast or ip.is_reserved or int(ip) >> 24 == 0
    return ip.is_private and not nobody


def _reachable(own: Address) -> list[str]:
    """Our addresses at which others on the same network reach us."""
    if own[0] != _ANYWHERE:
        return [] if is_loopback(own[0]) else [own[0]]
    found = [ip.ip for adapter in ifaddr.get_adapters() for ip in adapter.ips if isinstance(ip.ip, str)]
    return [ip for ip in found if not is_loopback(ip)]
