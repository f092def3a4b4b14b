"""The tree: of the shape of RFC 6962, rebuilt from any part of its leaves, and from nothing else."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from peernode.channel.merkle import DEPTH_MAX, LEAVES_MAX, leaf_hash, proof_of, rebuild, root_of
from peernode.errors import RemoteProtocolError

parts = st.integers(1, LEAVES_MAX).flatmap(
    lambda size: st.tuples(st.just(size), st.sets(st.integers(0, size - 1), min_size=1))
)


def leaves(size: int, tree: int = 0) -> list[bytes]:
    """The leaf hashes of some tree."""
    return [leaf_hash(b"%d of %d" % (index, tree)) for index in range(size)]


def node(left: bytes, right: bytes) -> bytes:
    """An inner node as the RFC says, with BLAKE2b-128 for its hash."""
    return hashlib.blake2b(b"\1" + left + right, digest_size=16).digest()


def test_the_shape_is_that_of_the_example_with_seven_leaves() -> None:
    """RFC 6962, section 2.1.3: the root is ((a b) (c d)) ((e f) j)."""
    a, b, c, d, e, f, j = leaves(7)
    k, last = node(node(a, b), node(c, d)), node(node(e, f), j)
    assert root_of(leaves(7)) == node(k, last)
    # From left to right; the RFC lists the path of the first leaf from the bottom: b, h, l.
    assert proof_of(leaves(7), [0]) == [b, node(c, d), last]
    assert proof_of(leaves(7), [6]) == [k, node(e, f)]
    assert root_of([a]) == a == hashlib.blake2b(b"\0" + b"0 of 0", digest_size=16).digest()


@settings(max_examples=100)
@given(parts)
def test_any_part_gives_the_root_and_the_proof_of_each_leaf_by_itself(part: tuple[int, set[int]]) -> None:
    size, shown = part
    everything = leaves(size)
    known = {index: everything[index] for index in sorted(shown)}
    tree = rebuild(size, known, proof_of(everything, list(known)))
    assert tree.root == root_of(everything)
    assert list(tree.proofs) == list(known)
    for index, proof in tree.proofs.items():
        assert proof == proof_of(everything, [index])
        assert len(proof) <= DEPTH_MAX
        assert rebuild(size, {index: everything[index]}, proof).root == tree.root


@settings(max_examples=100)
@given(parts, st.data())
def test_no_other_leaves_places_sizes_or_hashes_give_that_root(part: tuple[int, set[int]], data: Any) -> None:
    size, shown = part
    everything = leaves(size)
    known = {index: everything[index] for index in sorted(shown)}
    proof = proof_of(everything, list(known))
    root = root_of(everything)
    indexes = list(known)
    chosen = data.draw(st.sampled_from(indexes))
    forged: list[tuple[int, dict[int, bytes], list[bytes]]] = [
        (size, {**known, chosen: leaf_hash(b"another")}, proof),
        (size, known, [*proof, bytes(16)]),
        (size, {index + 1: leaf for index, leaf in known.items()}, proof),
    ]
    if len(indexes) > 1:
        other = data.draw(st.sampled_from([index for index in indexes if index != chosen]))
        forged.append((size, {**known, chosen: known[other], other: known[chosen]}, proof))
    if proof:
        place = data.draw(st.integers(0, len(proof) - 1))
        forged.append((size, known, [*proof[:place], bytes(16), *proof[place + 1 :]]))
        forged.append((size, known, proof[:-1]))
        forged.append((size, known, proof_of(leaves(size, tree=1), indexes)))
        if len(proof) > 1:
            forged.append((size, known, proof[1:] + proof[:1]))
    for other_size, leaves_shown, hashes in forged:
        try:
            assert rebuild(other_size, leaves_shown, hashes).root != root
        except RemoteProtocolError:
            continue


def test_a_node_does_not_pass_for_a_leaf() -> None:
    """Without the prefixes a tree of two leaves would be one whose only leaf holds the two hashes."""
    left, right = leaves(2)
    assert leaf_hash(left + right) != root_of([left, right])


@pytest.mark.parametrize(
    ("size", "shown"), [(0, [0]), (26, [0]), (3, []), (3, [3]), (3, [-1]), (1 << 40, [0])], ids=str
)
def test_what_lies_outside_of_the_bounds_is_refused(size: int, shown: list[int]) -> None:
    with pytest.raises(RemoteProtocolError):
        rebuild(size, dict.fromkeys(shown, bytes(16)), [bytes(16)] * 5)
