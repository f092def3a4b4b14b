"""Honest receipt: at the moment an author hears of k copies, k disks hold them, power cut or not."""

from __future__ import annotations

from peernode.simulation.evidence import Evidence

NAME = "honest_receipt"


def violations(evidence: Evidence) -> list[str]:
    """Acknowledgements that claimed more copies than disks held."""
    return [
        f"{sending.id} of node {sending.author} was acknowledged at {sending.acked_at_s:.3f} s with "
        f"{sending.claimed} copies, {sending.durable} disks held it"
        for sending in evidence.acknowledged()
        if sending.durable < sending.claimed
    ]
