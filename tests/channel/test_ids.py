"""Channel names and ids: one channel, one id, and a name that people can read."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from peernode.channel.ids import NAME_MAX_CHARS, channel_id_of, joinable_name, normalise_name
from peernode.errors import PeerNodeError

NETWORK = b"network8"


def test_the_id_is_that_of_the_specification() -> None:
    expected = hashlib.sha256(b"channel" + NETWORK + "größe".encode()).digest()[:20]
    assert channel_id_of(NETWORK, "größe") == expected


def test_one_name_typed_two_ways_is_one_channel() -> None:
    composed, combining = "gr\u00f6\u00dfe", "gro\u0308\u00dfe"
    assert normalise_name(composed) == normalise_name(combining) == composed
    assert channel_id_of(NETWORK, normalise_name(combining)) == channel_id_of(NETWORK, composed)


def test_other_networks_and_names_have_other_ids() -> None:
    ids = {channel_id_of(network, name) for network in (NETWORK, b"NETWORK8") for name in ("a", "b", "A")}
    assert len(ids) == 6


@pytest.mark.parametrize("name", ["lobby", "#lobby", "Büro", "東京", "a" * NAME_MAX_CHARS, "a.b-c_d", "🐦"])
def test_good_names_stay_as_they_are(name: str) -> None:
    assert normalise_name(name) == name


@pytest.mark.parametrize(
    "name",
    ["", " ", "a b", "a\tb", "a\nb", "a\u00a0b", "a\u2028b", "a\x00", "a\x7f", "a\u202eb", "a\u200bb"],
    ids=ascii,
)
def test_bad_names_are_refused(name: str) -> None:
    with pytest.raises(PeerNodeError) as refused:
        normalise_name(name)
    assert refused.value.code == "CHANNEL_NAME_INVALID"


@pytest.mark.parametrize("name", ["#lobby", "##", "#a/b", "#...", "#.a", "#\U0001f426", " #lobby "])
def test_a_name_with_an_address_can_be_joined(name: str) -> None:
    assert joinable_name(name) == name.strip()


@pytest.mark.parametrize("name", ["lobby", "#", "#.", "#..", "", "a#", "\uff03lobby", "#two words"])
def test_a_name_without_an_address_can_not_be_joined(name: str) -> None:
    with pytest.raises(PeerNodeError) as refused:
        joinable_name(name)
    assert refused.value.code == "CHANNEL_NAME_INVALID"


@pytest.mark.parametrize("length", [NAME_MAX_CHARS + 1, 1_000_000])
def test_long_names_are_refused(length: int) -> None:
    with pytest.raises(PeerNodeError):
        normalise_name("a" * length)


def test_a_name_is_measured_in_its_one_spelling() -> None:
    assert len(normalise_name("o\u0308" * NAME_MAX_CHARS)) == NAME_MAX_CHARS
    with pytest.raises(PeerNodeError):
        normalise_name("\ufb2c" * (NAME_MAX_CHARS // 2))  # three characters each in NFC


def test_half_a_surrogate_pair_is_refused() -> None:
    with pytest.raises(PeerNodeError):
        normalise_name("\ud800")


@settings(max_examples=150)
@given(st.text(max_size=80))
def test_any_text_is_a_stable_name_or_refused(text: str) -> None:
    try:
        name = normalise_name(text)
    except PeerNodeError:
        return
    assert normalise_name(name) == name
    assert 1 <= len(name) <= NAME_MAX_CHARS
    assert len(channel_id_of(NETWORK, name)) == 20
