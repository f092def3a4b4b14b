"""Every number of the protocol that may be tuned, in one frozen place.

The defaults are those of ``docs/protocol.md``. A bound is named ``*_max``; what happens at the
bound is said where it is enforced and in that document.
"""

from __future__ import annotations

from dataclasses import dataclass

from peernode.environment import Address


@dataclass(frozen=True, slots=True)
class NodeConfig:
    """Settings of one node; units come last in the names."""

    network: str = "starling"
    listen: Address = ("127.0.0.1", 0)
    advertise: Address | None = None
    bootstrap: tuple[Address, ...] = ()
    machine_id: bytes = bytes(8)
    display_name: str = ""

    # rpc (section 4)
    rto_initial_s: float = 0.25
    rto_min_s: float = 0.02
    rto_max_s: float = 2.0
    sends_max: int = 4
    inflight_per_peer_max: int = 32
    queued_per_peer_max: int = 2048
    answers_cached_max: int = 4096
    peers_max: int = 8192
    requests_per_s: float = 2000.0
    requests_burst: float = 8000.0
    serves: bool = True
    """False: this node only asks and never answers, so that nobody counts on it or remembers it."""

    # overlay (section 5)
    k: int = 16
    alpha: int = 3
    strikes_max: int = 3
    strikes_span_s: float = 3.0
    find_node_pad_bytes: int = 400
    peer_cache_max: int = 64
    redial_degraded_s: float = 3.0
    redial_idle_s: float = 10.0
    refresh_s: float = 60.0

    # channels (sections 6 to 10)
    replicas: int = 5
    small_channel_max: int = 32
    body_max_bytes: int = 700
    part_max_bytes: int = 1024
    text_max_bytes: int = 16 * 1024
    seq_ahead_max: int = 4096
    ahead_max_s: float = 60.0
    initiators_ttl_s: float = 30.0
    publish_timeout_s: float = 5.0
    push_stagger_small_s: float = 0.15
    push_stagger_s: float = 0.5
    pushes_max: int = 8192
    acked_batch_s: float = 0.1
    gap_hold_s: float = 2.0
    lease_ttl_s: float = 60.0
    renew_s: float = 20.0
    sync_s: float = 15.0
    retain_s: float = 86_400.0
    join_timeout_s: float = 5.0
    join_attempts_max: int = 5
    author_burst: float = 500.0
    author_rate_per_s: float = 50.0
    channels_max: int = 1024
    channel_bytes_max: int = 1 << 30
    author_bytes_max: int = 64 << 20
    keep_days: float = 0.0
    keep_own_days: float = 0.0
    new_streams_burst: float = 1024.0
    new_streams_per_s: float = 0.5
    streams_per_channel_max: int = 16384
    subscribers_per_channel_max: int = 16384
    outbox_max: int = 4096
    traces_max: int = 1024

    @property
    def quorum_full(self) -> int:
        """Receipts that make a message safe on a full-sized network: W of the full R."""
        return self.replicas // 2 + 1
