"""Which of a node's bounded tables mean a trouble when they are full, for ``/metrics`` and its alert.

A table is one of three kinds, by what happens at its bound. ``WATCHED``: something is refused, put off or not
done, so somebody should know. ``LAST_SO_MANY``: the entry longest unused is forgotten, and entries go in no
other way, so any node that has run for long has it full for ever; nothing is lost but a memory. ``IN_TURNS``:
what goes on at once, where what has to wait stands in a table of its own, which is watched.

Invariant: every table that a node has is of exactly one kind (a test compares), so whoever adds one decides.
The diagnostic bundle has them all.
"""

from __future__ import annotations

from collections.abc import Iterable


def _named(part: str, names: str) -> Iterable[str]:
    return (f"{part}.{name}" for name in names.split())


LAST_SO_MANY = frozenset(
    (
        *_named(
            "rpc",
            """
            peers keys unproven_addresses remembered_addresses measured ended_requests request_prefixes
            hello_prefixes derivation_prefixes addresses_seen clock_offsets
            """,
        ),
        *_named(
            "overlay",
            """
            lost remembered newcomers_noted misleading nearby askers passers introduced contacted
            probe_askers words
            """,
        ),
        *_named(
            "pubsub",
            """
            spreads reachability alternatives relay_nonces relay_origins relay_heard relay_pinged hidden gone
            places names cards disputes compared lent subscribers_told ration_prefixes late_streams authors
            stream_prefixes stream_restarts early_parts outbox_done subscribers_begun echo_askers nonce_peers
            nonces_of_peer presence_answered writers recovery_lost health_looks logs_apart health_told
            forks_told forks_told_channels mending_askers question_askers join_log ack_askers acks_missed
            """,
        ),
        *_named("diagnostics", "records failures exchanges traces attempts windows"),
    )
)

IN_TURNS = frozenset(("rpc.inflight", "pubsub.files_tried"))
"""Behind them wait ``rpc.queued`` and ``pubsub.files_wanted``."""

WATCHED = frozenset(
    (
        *_named("rpc", "queued answers patient_answers working working_prefixes greetings hellos_beside"),
        *_named(
            "overlay", "peers probes newcomers seeds configured announcements probes_served words_changed"
        ),
        *_named(
            "pubsub",
            """
            pushing pushes pushed_to pushes_waiting acked acked_by_name reports reports_heard retry_lines
            retry_line detours detours_waiting relay_asks probing unreached unreached_channels channels
            channels_begun own_channels coordinator_loads coordinator_recoveries coordinator_rumours streams
            leases tombstones leases_ended held held_streams channel_bytes healths missing_parts subscribers
            handoffs retained rounds_due peers_moved syncing syncs_near syncs_outside repairs repairs_put_off
            outbox outbox_told_later outbox_digests resuming fates renewals renewals_settling files_fetching
            files_wanted files_deleted proving echo_relays presence_looking recoveries mending reached_by
            acks_awaited acks_missed_channels acks_away
            """,
        ),
        *_named("diagnostics", "operations"),
    )
)
