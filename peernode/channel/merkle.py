"""A Merkle tree over a handful of leaves, shown in part: what is hidden stays hidden, what is shown is bound.

The tree of n leaves has the shape of RFC 6962, section 2.1 (Merkle, "A digital signature based on a
conventional encryption function", 1987): the left half of a tree takes the largest power of two below n.
A *proof* for some of the leaves is the hash of every largest subtree without a shown leaf, from left to
right. Invariants: leaves and nodes are hashed under different prefixes, so that no node passes for a
leaf; a proof has one form (neither a hash missing nor one left over), so that what is rebuilt from it
can be encoded in one way only; the work is bounded by ``LEAVES_MAX``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from peernode.errors import RemoteProtocolError

HASH_BYTES = 16
LEAVES_MAX = 25
DEPTH_MAX = 5
"""Hashes in the proof of one leaf: the height of a tree of ``LEAVES_MAX``."""

_LEAF, _NODE = b"\0", b"\1"


def leaf_hash(content: bytes) -> bytes:
    """The hash of a leaf that holds ``content``."""
    return hashlib.blake2b(_LEAF + content, digest_size=HASH_BYTES).digest()


def _node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.blake2b(_NODE + left + right, digest_size=HASH_BYTES).digest()


def _split(size: int) -> int:
    """The largest power of two below ``size``, which is at least 2: how many leaves are to the left."""
    return 1 << (size - 1).bit_length() - 1


def root_of(leaves: Sequence[bytes]) -> bytes:
    """The root over these leaf hashes, at least one."""
    if len(leaves) == 1:
        return leaves[0]
    left = _split(len(leaves))
    return _node_hash(root_of(leaves[:left]), root_of(leaves[left:]))


def proof_of(leaves: Sequence[bytes], shown: Sequence[int]) -> list[bytes]:
    """What someone who knows the leaves at the positions ``shown`` needs for the root."""
    if not shown:
        return [root_of(leaves)]
    if len(leaves) == 1:
        return []
    left = _split(len(leaves))
    return [
        *proof_of(leaves[:left], [index for index in shown if index < left]),
        *proof_of(leaves[left:], [index - left for index in shown if index >= left]),
    ]


@dataclass(slots=True)
class Rebuilt:
    """A tree of which some leaves are known: its root, and the proof of each known leaf by itself."""

    root: bytes
    proofs: dict[int, list[bytes]] = field(default_factory=dict)


def rebuild(size: int, shown: Mapping[int, bytes], proof: Sequence[bytes]) -> Rebuilt:
    """The tree of ``size`` leaves from the hashes of those ``shown`` by position, and their proof.

    ``RemoteProtocolError`` when they don't make one tree.
    """
    if not 0 < size <= LEAVES_MAX or not shown or not all(0 <= index < size for index in shown):
        raise RemoteProtocolError("leaves outside of their tree")
    hidden = list(reversed(proof))
    tree = _subtree(0, size, shown, hidden)
    if hidden:
        raise RemoteProtocolError("a proof of another form")
    return tree


def _subtree(start: int, size: int, shown: Mapping[int, bytes], hidden: list[bytes]) -> Rebuilt:
    if not any(start <= index < start + size for index in shown):
        if not hidden:
            raise RemoteProtocolError("a proof of another form")
        return Rebuilt(hidden.pop())
    if size == 1:
        return Rebuilt(shown[start], {start: []})
    middle = _split(size)
    left = _subtree(start, middle, shown, hidden)
    right = _subtree(start + middle, size - middle, shown, hidden)
    proofs = {index: [*proof, right.root] for index, proof in left.proofs.items()}
    proofs.update((index, [left.root, *proof]) for index, proof in right.proofs.items())
    return Rebuilt(_node_hash(left.root, right.root), proofs)
