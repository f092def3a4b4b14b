"""``People``: what the authors of one channel say of themselves, as its log tells: names and cards.

Of several messages of one author the last in the channel's order counts. Nothing here is an identity: a name
is whatever somebody chose, so whoever shows one tells the node id as well.

Invariants: control characters, line breaks and invisible ones are not part of a name that is shown; over
``NAMES_MAX`` names and ``CARDS_MAX`` cards the one learnt longest ago is forgotten (its id is shown instead).
"""

from __future__ import annotations

import unicodedata
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from peernode.channel.message import Kind, Message
from peernode.channel.parts import PART_DIGEST_BYTES, join_parts, named_by
from peernode.events import CardChanged, NameChanged, Person
from peernode.identity import node_id_of
from peernode.pubsub.context import Context

if TYPE_CHECKING:
    from peernode.pubsub.replica import Replica

NAMES_MAX = 16_384
CARDS_MAX = 2_048
"""Cards kept per channel; one takes up to a kilobyte."""

TOLD_AT_JOIN_MAX = 500
"""People of whom is told when the channel is joined, the latest; the others with what they write."""

_BLANK = "\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0"
"""Characters that show nothing, though their categories are those of letters, marks and symbols."""

_UNSEEN = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
"""Unicode categories of characters that would hide, reorder or break up what stands around them."""


@dataclass(frozen=True, slots=True)
class Card:
    """What somebody says of itself beside the name."""

    order: bytes
    about: str
    parts: bytes
    """The digests of the picture's blocks, one after the other."""

    @property
    def picture(self) -> str:
        """The name of the picture, empty for none."""
        return named_by(self.parts)


NO_CARD = Card(b"", "", b"")


class People:
    """The authors of one replica."""

    def __init__(self, context: Context, replica: Replica) -> None:
        self._context = context
        self._replica = replica
        self._names: OrderedDict[bytes, tuple[bytes, str]] = OrderedDict()
        self._cards: OrderedDict[bytes, Card] = OrderedDict()

    def sizes(self) -> dict[str, tuple[int, int]]:
        """How full the tables are, each with its bound."""
        return {"names": (len(self._names), NAMES_MAX), "cards": (len(self._cards), CARDS_MAX)}

    def load(self) -> None:
        """Take up what the log holds."""
        for kind in (Kind.PROFILE, Kind.CARD):
            for raw in self._context.store.of_kind(self._replica.channel_id, int(kind)):
                self.learn(Message.trusted(raw))

    def learn(self, message: Message) -> bool:
        """Whether a message introduces its author; what it says is known then."""
        if message.kind is Kind.PROFILE:
            self._learn_name(message)
        elif message.kind is Kind.CARD:
            self._learn_card(message)
        else:
            return False
        return True

    def _learn_name(self, message: Message) -> None:
        known = self._names.get(message.author)
        if known is not None and known[0] >= message.order_key:
            return
        name = shown(message.body.decode())
        self._names[message.author] = (message.order_key, name)
        self._names.move_to_end(message.author)
        if len(self._names) > NAMES_MAX:
            self._names.popitem(last=False)
        if self._replica.member and (known is None or known[1] != name):
            self._tell_name(message.author, name)

    def _learn_card(self, message: Message) -> None:
        known = self._cards.get(message.author)
        if known is not None and known.order >= message.order_key:
            return
        card = Card(message.order_key, message.body.decode(), b"".join(message.parts))
        self._cards[message.author] = card
        self._cards.move_to_end(message.author)
        if len(self._cards) > CARDS_MAX:
            self._cards.popitem(last=False)
        if self._replica.member:
            self._tell_card(message.author, card)

    def tell(self) -> None:
        """The channel is being joined: tell what was learnt while it was stored for others."""
        for author, (_, name) in list(self._names.items())[-TOLD_AT_JOIN_MAX:]:
            self._tell_name(author, name)
        for author, card in list(self._cards.items())[-TOLD_AT_JOIN_MAX:]:
            self._tell_card(author, card)

    def _tell_name(self, author: bytes, name: str) -> None:
        self._context.tell(NameChanged(self._replica.name, node_id_of(author).hex(), name))

    def _tell_card(self, author: bytes, card: Card) -> None:
        self._context.tell(CardChanged(self._replica.name, node_id_of(author).hex(), card.picture))

    def name_of(self, author: bytes) -> str:
        """The display name of an author's public key, empty when none is known."""
        found = self._names.get(author)
        return found[1] if found else ""

    def card_of(self, author: bytes) -> Card | None:
        """What else this author says of itself."""
        return self._cards.get(author)

    def names(self) -> dict[bytes, str]:
        """Display names by node id."""
        return {node_id_of(author): name for author, (_, name) in self._names.items()}

    def pictures(self) -> dict[str, str]:
        """The names of pictures by node id in hex, of those who have one."""
        return {node_id_of(author).hex(): card.picture for author, card in self._cards.items() if card.parts}

    def person(self, node_id: bytes) -> Person:
        """What is known of a node."""
        name = next((name for key, (_, name) in self._names.items() if node_id_of(key) == node_id), "")
        card = next((card for key, card in self._cards.items() if node_id_of(key) == node_id), NO_CARD)
        return Person(node_id.hex(), name, card.about, card.picture)

    def picture(self, node_id: bytes, name: str) -> bytes | None:
        """The bytes of a node's picture of this name; None when it has no such, or a part is missing."""
        for author, card in self._cards.items():
            if node_id_of(author) == node_id and card.parts and card.picture == name:
                return self._joined(card.parts)
        return None

    def _joined(self, digests: bytes) -> bytes | None:
        blocks: list[bytes] = []
        for at in range(0, len(digests), PART_DIGEST_BYTES):
            digest = digests[at : at + PART_DIGEST_BYTES]
            block = self._context.store.part(digest)
            if block is None:
                self._context.collector.count("people.part_missing")
                self._replica.miss_part(digest)
                return None
            blocks.append(block)
        return join_parts(blocks)


def shown(name: str) -> str:
    """A name as it may stand in a line of other words."""
    kept = "".join(" " if char.isspace() else char for char in unicodedata.normalize("NFC", name))
    seen = (char for char in kept if unicodedata.category(char) not in _UNSEEN and char not in _BLANK)
    return " ".join("".join(seen).split())
