"""What the parts of one node's Rpc share: identity, settings, clock, and the bounded tables."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from peernode.clock import Clock
from peernode.config import NodeConfig
from peernode.environment import Environment
from peernode.identity import Identity, network_id_of
from peernode.rpc.amplification import AmplificationLedger
from peernode.rpc.peers import PeerStates
from peernode.rpc.rto import RtoTable
from peernode.rpc.tokens import AddressTokens
from peernode.wire.sealing import Sealer


@dataclass(frozen=True, slots=True, eq=False)
class Core:
    """One node's shared state; each table says itself how it is bounded."""

    identity: Identity
    network_id: bytes
    config: NodeConfig
    clock: Clock
    rng: random.Random
    counters: Counter[str]
    sealer: Sealer
    tokens: AddressTokens
    ledger: AmplificationLedger
    rtos: RtoTable
    peers: PeerStates
    on_crash: Callable[[str, BaseException], None]

    @classmethod
    def of(
        cls,
        identity: Identity,
        config: NodeConfig,
        env: Environment,
        on_crash: Callable[[str, BaseException], None],
        sealer: type[Sealer] = Sealer,
    ) -> Core:
        """The state of a node that has just started."""
        now = env.clock.monotonic()
        network_id = network_id_of(config.network)
        return cls(
            identity=identity,
            network_id=network_id,
            config=config,
            clock=env.clock,
            rng=env.random,
            counters=Counter(),
            sealer=sealer(identity, network_id, config.peers_max),
            tokens=AddressTokens(env.random, now),
            ledger=AmplificationLedger(config.peers_max, now),
            rtos=RtoTable(config),
            peers=PeerStates(config),
            on_crash=on_crash,
        )
