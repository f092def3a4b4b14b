"""Whether our address has changed: two peers' changed words, the others asked at once, and no liar alone."""

from __future__ import annotations

from peernode.overlay.moves import EVERY_S, TOGETHER_S, UNSAID_S, WORDS_MAX, Moves
from tests.overlay.test_table import HandClock

THEIRS = ("192.0.2.1", 7400)
HOME, AWAY, ELSEWHERE = ("198.51.100.7", 7400), ("198.51.100.7", 20_001), ("203.0.113.9", 7400)


class Story:
    """A node with so many peers, and how often it had them asked and told that it has moved."""

    def __init__(self, peers: int = 4) -> None:
        self.clock = HandClock()
        self.asked = self.told = 0
        self.moves = Moves(self.clock, {"overlay.moved": 0}, lambda: peers, self._ask)
        self.moves.on_moved.append(self._tell)

    def _ask(self) -> None:
        self.asked += 1

    def _tell(self) -> None:
        self.told += 1

    def say(self, word: tuple[str, int], *peers: bytes) -> tuple[int, int]:
        for peer in peers:
            self.moves.said(peer, THEIRS, word)
        return self.asked, self.told


def test_when_a_first_word_changes_the_others_are_asked_and_a_second_one_decides() -> None:
    story = Story()
    assert story.say(HOME, b"a", b"b", b"c", b"d") == (0, 0)
    assert story.say(AWAY, b"a") == (1, 0)
    assert story.say(AWAY, b"b") == (1, 1)
    story.clock.now += EVERY_S
    assert story.say(AWAY, b"c", b"d", b"a") == (1, 1), "they only say what is known"


def test_each_peer_may_see_us_elsewhere() -> None:
    story = Story()
    story.say(HOME, b"a")
    story.say(AWAY, b"b")
    assert story.say(ELSEWHERE, b"c") == (0, 0)
    story.say(("198.51.100.7", 1), b"a")
    assert story.say(("198.51.100.7", 2), b"b") == (1, 1)


def test_a_liar_alone_moves_nothing_and_has_the_others_asked_only_now_and_then() -> None:
    story = Story()
    story.say(HOME, b"a", b"b", b"c")
    for second in range(100):
        story.say((AWAY, ELSEWHERE)[second % 2], b"a")
        story.say(HOME, b"b", b"c")
        story.clock.now += 1
    assert (story.asked, story.told) == (100 / EVERY_S, 0)


def test_with_one_peer_its_word_decides() -> None:
    story = Story(peers=1)
    assert story.say(HOME, b"a") == (0, 0)
    assert story.say(AWAY, b"a") == (0, 1)


def test_changes_long_apart_are_not_one_move() -> None:
    story = Story()
    story.say(HOME, b"a", b"b")
    story.say(AWAY, b"a")
    story.clock.now += TOGETHER_S + 1
    assert story.say(ELSEWHERE, b"b")[1] == 0


def test_a_second_move_soon_after_is_told_when_its_time_has_come() -> None:
    story = Story()
    story.say(HOME, b"a", b"b")
    assert story.say(AWAY, b"a", b"b")[1] == 1
    story.clock.now += 2
    assert story.say(ELSEWHERE, b"a", b"b")[1] == 1
    story.clock.now += EVERY_S
    story.moves.tick()
    story.moves.tick()
    assert story.told == 2


def test_somebody_is_asked_when_nobody_has_said_anything_for_a_while() -> None:
    story = Story()
    story.say(HOME, b"a")
    for _ in range(3):
        story.clock.now += UNSAID_S - 1
        story.say(HOME, b"a")
        story.moves.tick()
    assert story.asked == 0
    story.clock.now += UNSAID_S
    story.moves.tick()
    story.moves.tick()
    assert story.asked == 1


def test_peers_that_are_reached_by_two_addresses_have_not_seen_us_move() -> None:
    story = Story()
    for _ in range(3):
        for asked, word in ((THEIRS, HOME), (("10.0.0.9", 7400), ("10.0.0.1", 7400))):
            for peer in (b"a", b"b"):
                story.moves.said(peer, asked, word)
        story.clock.now += EVERY_S
    assert (story.asked, story.told) == (0, 0)


def test_the_words_are_bounded() -> None:
    story = Story()
    first, others = ([bytes([group, number]) for number in range(WORDS_MAX)] for group in (1, 2))
    story.say(HOME, *first)
    story.say(AWAY, *first)
    assert story.told == 1
    story.say(HOME, *first)
    story.say(ELSEWHERE, *first)
    assert story.moves.sizes() == {"words": (WORDS_MAX,) * 2, "words_changed": (WORDS_MAX,) * 2}
    story.say(HOME, *others)
    assert story.moves.sizes() == {"words": (WORDS_MAX,) * 2, "words_changed": (0, WORDS_MAX)}
