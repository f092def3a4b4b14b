"""Secrecy: no datagram shows a text in clear, or a private key.

The disks of a public channel hold its texts in clear; the wire is sealed. Runs of over 100 nodes may use a
stand-in for sealing and are not looked at.
"""

from __future__ import annotations

from peernode.simulation.evidence import Evidence

NAME = "secrecy"


def violations(evidence: Evidence) -> list[str]:
    """Each offending datagram."""
    return list(evidence.disclosures)
