"""The overlay's memory across restarts, kept in the node's store."""

from __future__ import annotations

from peernode.store.base import PutMeta, PutPeers, Store

MET_OTHERS = "met_others"


class StoredPeers:
    """A ``peernode.overlay.peer_cache.PeerCache`` on a ``Store``."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def load(self) -> list[bytes]:
        """See ``PeerCache.load``."""
        return self._store.peers()

    async def save(self, peers: list[bytes]) -> None:
        """See ``PeerCache.save``."""
        await self._store.commit(PutPeers(tuple(peers)))

    def met_others(self) -> bool:
        """See ``PeerCache.met_others``."""
        return self._store.meta(MET_OTHERS) == b"1"

    async def set_met_others(self) -> None:
        """See ``PeerCache.set_met_others``."""
        await self._store.commit(PutMeta(MET_OTHERS, b"1"))
