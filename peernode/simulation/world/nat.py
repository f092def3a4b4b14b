"""Address translators, in the terms of RFC 4787: who is mapped to what, and who is let back in.

Each simulated host behind a translator has one of its own, with the host's public address.

| kind | mapping | filtering |
| --- | --- | --- |
| ``full`` | endpoint-independent | endpoint-independent |
| ``address`` | endpoint-independent | address-dependent |
| ``port`` | endpoint-independent | address- and port-dependent |
| ``symmetric`` | address- and port-dependent | address- and port-dependent |

Invariants: a mapping and each of its ways back live ``NAT_MAPPING_S`` from the last datagram that went
*out* (REQ-5, REQ-6); what comes in keeps nothing open. Endpoint-independent mappings keep the inner
port where it is free, until a ``rebind``; the others draw one. A host may write to its own public address
(REQ-9), as far as its own filter lets it back in. The translator is not the host: it remembers across a
crash. Tables are bounded, the least recently used entry goes first.
"""

from __future__ import annotations

import random
from collections import OrderedDict
from dataclasses import dataclass, field

from peernode.environment import Address

NAT_KINDS = ("none", "full", "address", "port", "symmetric")
NAT_MAPPING_S = 120.0
"""A translator forgets whom a host wrote to after this long."""
NAT_MAPPINGS_MAX = 1_024
NAT_FILTERS_MAX = 1_024
"""Ways back of one mapping."""
_PORTS = (20_000, 60_000)

FilterKey = str | Address | None


@dataclass(slots=True)
class _Mapping:
    """An inner port as the outside sees it; ``ways_back``: who may answer, and when it was written to."""

    key: tuple[int, Address | None]
    port: int
    used_at: float = 0.0
    ways_back: OrderedDict[FilterKey, float] = field(default_factory=OrderedDict)


class Translator:
    """One translator; ``kind`` is one of ``NAT_KINDS`` but ``none``."""

    def __init__(self, ip: str, kind: str, rng: random.Random) -> None:
        self.kind = kind
        self._ip = ip
        self._rng = rng
        self._mappings: OrderedDict[tuple[int, Address | None], _Mapping] = OrderedDict()
        self._by_port: dict[int, _Mapping] = {}
        self._rebound = False

    def rebind(self) -> None:
        """Forget all mappings, as after a restart: what is sent next leaves by other ports."""
        self._mappings.clear()
        self._by_port.clear()
        self._rebound = True

    def outward(self, inner_port: int, target: Address, now: float) -> Address:
        """The source address that ``target`` sees; opens its way back."""
        key = (inner_port, target if self.kind == "symmetric" else None)
        mapping = self._mappings.get(key)
        if mapping is None or now - mapping.used_at > NAT_MAPPING_S:
            mapping = self._map(key)
        else:
            self._mappings.move_to_end(key)
        mapping.used_at = now
        ways_back, way = mapping.ways_back, self._filter_key(target)
        ways_back[way] = now
        ways_back.move_to_end(way)
        if len(ways_back) > NAT_FILTERS_MAX:
            ways_back.popitem(last=False)
        return (self._ip, mapping.port)

    def inward(self, source: Address, port: int, now: float) -> int | None:
        """The inner port that a datagram from ``source`` to the outer ``port`` goes to; None: filtered."""
        mapping = self._by_port.get(port)
        if mapping is None or now - mapping.used_at > NAT_MAPPING_S:
            return None
        last = mapping.ways_back.get(self._filter_key(source))
        return mapping.key[0] if last is not None and now - last <= NAT_MAPPING_S else None

    def _map(self, key: tuple[int, Address | None]) -> _Mapping:
        self._forget(self._mappings.pop(key, None))
        if len(self._mappings) >= NAT_MAPPINGS_MAX:
            self._forget(self._mappings.popitem(last=False)[1])
        kept = key[1] is None and not self._rebound
        port = key[0] if kept else self._rng.randrange(*_PORTS)
        while port in self._by_port:
            port = self._rng.randrange(*_PORTS)
        mapping = self._mappings[key] = self._by_port[port] = _Mapping(key, port)
        return mapping

    def _forget(self, mapping: _Mapping | None) -> None:
        if mapping is not None:
            del self._by_port[mapping.port]

    def _filter_key(self, other: Address) -> FilterKey:
        """What of the other side's address this translator looks at."""
        if self.kind == "full":
            return None
        return other[0] if self.kind == "address" else other
