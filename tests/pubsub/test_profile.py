"""What people say of themselves: in every channel, after restarts, and from hostile keys."""

from __future__ import annotations

import random

import pytest

from peernode.channel.kinds import ABOUT_MAX_BYTES, Kind
from peernode.channel.message import Message
from peernode.errors import PeerNodeError
from peernode.events import CardChanged, NameChanged, Person, Profile
from peernode.pubsub.chosen import VERIFIED_MAX
from peernode.pubsub.people import CARDS_MAX, NAMES_MAX, People, shown
from tests.pubsub.flock import LOBBY, Bird, Flock, story

PICTURE = bytes(range(256)) * 20
"""Five blocks."""
ROBIN = Profile("Robin", "Sings at dawn", PICTURE)


def known(bird: Bird, of: Bird, channel: str = LOBBY) -> Person:
    return bird.node.person(channel, of.node.node_id)


def said(bird: Bird, kind: Kind) -> list[Message]:
    """The messages of one kind that a node holds in all its channels."""
    store = bird.disk.store_for(bird.identity.node_id)
    raws = [raw for row in store.channels() for raw in store.of_kind(row.channel_id, int(kind))]
    return [Message.trusted(raw) for raw in raws]


async def introduces(flock: Flock, bird: Bird, profile: Profile, channel: str = LOBBY) -> str:
    """Everybody in the channel sees the profile; the name of the picture."""
    await bird.call(bird.node.set_profile(profile))
    picture = bird.node.profile()[1]
    wanted = Person(bird.node.node_id, profile.name, profile.about, picture)
    await flock.expect(lambda: all(known(each, bird, channel) == wanted for each in flock), 5, f"{wanted}")
    return picture


def test_a_profile_is_seen_by_everybody_and_can_be_changed_and_emptied() -> None:
    async def tell(flock: Flock) -> None:
        await flock.join()
        robin, reader = flock[0], flock[1]
        picture = await introduces(flock, robin, ROBIN)
        assert reader.node.picture(robin.node.node_id, picture) == PICTURE
        assert reader.node.pictures(LOBBY) == {robin.node.node_id: picture}
        assert reader.told(CardChanged)[-1] == CardChanged(LOBBY, robin.node.node_id, picture)
        assert NameChanged(LOBBY, robin.node.node_id, "Robin") in reader.told(NameChanged)
        assert await introduces(flock, robin, Profile("Robin R.", "", b"")) == ""
        assert reader.node.picture(robin.node.node_id, picture) is None
        assert reader.node.pictures(LOBBY) == {}

    story(tell, 3, display_name="robin")


def test_what_is_known_is_not_said_again() -> None:
    async def tell(flock: Flock) -> None:
        await flock.join()
        robin = flock[0]
        await introduces(flock, robin, ROBIN)
        await robin.call(robin.node.set_profile(ROBIN))
        for number in range(3):
            await robin.say(f"line {number}")
        await flock.expect(lambda: len(flock[1].texts()) == 3, 5, "the lines")
        assert len([one for one in said(robin, Kind.CARD) if one.author == robin.identity.public_key]) == 1
        names = [one for one in said(robin, Kind.PROFILE) if one.author == robin.identity.public_key]
        assert [one.body for one in names] == [b"robin", b"Robin"]

    story(tell, 3, display_name="robin")


def test_a_profile_survives_a_restart_and_goes_to_channels_that_are_joined_later() -> None:
    async def tell(flock: Flock) -> None:
        robin, reader = flock[0], flock[1]
        await robin.call(robin.node.set_profile(ROBIN))
        robin.crash()
        await robin.restart()
        assert robin.node.profile()[0] == ROBIN
        picture = robin.node.profile()[1]
        assert robin.node.picture(robin.node.node_id, picture) == PICTURE, "also before any channel"
        for channel in (LOBBY, "#elsewhere"):
            await flock.join(channel)
            await flock.expect(lambda at=channel: known(reader, robin, at).picture == picture, 5, channel)  # type: ignore[misc]
        reader.crash()
        await reader.restart()
        assert known(reader, robin) == Person(robin.node.node_id, "Robin", "Sings at dawn", picture)
        assert reader.node.picture(robin.node.node_id, picture) == PICTURE

    story(tell, 3, display_name="robin")


def test_who_joins_a_channel_that_his_node_stores_already_is_told_of_its_people() -> None:
    async def tell(flock: Flock) -> None:
        robin, late = flock[0], flock[1]
        await robin.join()
        await robin.call(robin.node.set_profile(ROBIN))
        await flock.expect(lambda: bool(said(late, Kind.CARD)), 5, "the card is stored")
        assert late.told(CardChanged) == [], "of a channel in which he is not"
        await late.join()
        assert late.told(CardChanged)[0].author == robin.node.node_id
        assert late.node.names(LOBBY)[robin.node.node_id] == "Robin"

    story(tell, 3, display_name="robin")


@pytest.mark.parametrize(
    ("profile", "code"),
    [
        (Profile(" \u200b\n", "", b""), "EMPTY"),
        (Profile("x" * 129, "", b""), "TOO_LARGE"),
        (Profile("Robin", "x" * (ABOUT_MAX_BYTES + 1), b""), "TOO_LARGE"),
        (Profile("Robin", "", bytes(16 * 1024 + 1)), "TOO_LARGE"),
        (Profile("Robin \ud800", "half \ud800", b""), "BAD_FRAME"),
    ],
)
def test_a_profile_that_fits_no_message_is_refused_and_changes_nothing(profile: Profile, code: str) -> None:
    async def tell(flock: Flock) -> None:
        robin = flock[0]
        await robin.call(robin.node.set_profile(ROBIN))
        with pytest.raises(PeerNodeError) as refused:
            await robin.call(robin.node.set_profile(profile))
        assert refused.value.code == code
        assert robin.node.profile()[0] == ROBIN

    story(tell, 1)


def test_a_name_shows_nothing_that_hides_or_turns_what_stands_around_it() -> None:
    assert shown("A\u202enn\u200b\u0000") == "Ann"
    assert shown(" Ann\n\u2028 of   the\tHill ") == "Ann of the Hill"
    assert shown("\u200f") == ""
    assert shown("\u3164\u2800 Ann\u115f") == "Ann"
    assert shown("Zoe\u0308 🙂") == "Zoë 🙂"


def test_more_people_than_fit_are_forgotten_in_the_order_in_which_they_were_learnt() -> None:
    async def tell(flock: Flock) -> None:
        await flock.join()
        people: People = flock[0].node._pubsub.storage.member(LOBBY).timeline.people
        await flock.expect(lambda: bool(said(flock[0], Kind.PROFILE)), 5, "the own name")
        template = said(flock[0], Kind.PROFILE)[0]

        def learn(kind: Kind, number: int) -> None:
            author = number.to_bytes(32, "big")
            fields = {**vars(template), "author": author, "kind": kind, "hlc": number + 1, "parts": ()}
            people.learn(Message(**{name: fields[name] for name in Message.__dataclass_fields__}))

        async def crowd() -> None:
            for number in range(NAMES_MAX + 9):
                learn(Kind.PROFILE, number)
            for number in range(CARDS_MAX + 9):
                learn(Kind.CARD, number)

        await flock[0].call(crowd())
        assert people.sizes() == {"names": (NAMES_MAX, NAMES_MAX), "cards": (CARDS_MAX, CARDS_MAX)}
        assert people.name_of(bytes(32)) == ""
        assert people.name_of((NAMES_MAX + 8).to_bytes(32, "big")) == "robin"
        flock[0].events.clear()
        people.tell()
        assert len(flock[0].events) == 1000

    story(tell, 1, display_name="robin")


def test_who_is_verified_is_kept_and_bounded() -> None:
    async def tell(flock: Flock) -> None:
        reader, other = flock[0], flock[1]
        assert await reader.call(reader.node.verify(other.node.node_id, True)) == [other.node.node_id]
        reader.crash()
        await reader.restart()
        assert reader.node.verified() == [other.node.node_id]
        assert reader.node.blocked() == []
        assert await reader.call(reader.node.verify(other.node.node_id, False)) == []
        for wrong in (reader.node.node_id, "ab"):
            with pytest.raises(PeerNodeError) as refused:
                await reader.call(reader.node.verify(wrong, True))
            assert refused.value.code == "BAD_FRAME"
        for number in range(VERIFIED_MAX):
            await reader.call(reader.node.verify(f"{number:040x}", True))
        with pytest.raises(PeerNodeError) as full:
            await reader.call(reader.node.verify(other.node.node_id, True))
        assert full.value.code == "TOO_MANY_VERIFIED"

    story(tell, 2)


def test_a_part_of_a_picture_that_is_lost_is_repaired() -> None:
    async def tell(flock: Flock) -> None:
        await flock.join()
        robin, reader = flock[0], flock[1]
        picture = await introduces(flock, robin, ROBIN)
        assert reader.disk.rot(random.Random(1), 1000) > 5
        assert reader.node.picture(robin.node.node_id, picture) is None
        whole = lambda: reader.node.picture(robin.node.node_id, picture) == PICTURE  # noqa: E731
        await flock.expect(whole, 60, "the picture again")

    story(tell, 3, display_name="robin")
