"""What a node tells its application: frozen events, in the order in which they happened.

Ids of messages are UUID strings, nodes are hex node ids, channels are their names. ``order`` is a
string whose lexicographic order is the channel's final order, the same on every node.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class ErrorInfo:
    """An error as a person reads it; texts come from ``peernode.diagnostics.codes``."""

    code: str
    message: str
    remedy: str
    retryable: bool


@dataclass(frozen=True, slots=True)
class FileInfo:
    """A file that a message names; what it is its bytes say, not its name."""

    root: str
    """Names the contents, in hex."""
    name: str
    size: int


@dataclass(frozen=True, slots=True)
class ChatMessage:
    """A message as the application shows it."""

    id: str
    channel: str
    author: str
    name: str
    text: str
    order: str
    at_ms: int
    own: bool
    reply_to: str = ""
    """The id of the message that it answers."""
    edited_ms: int = 0
    """When it got its present text, Unix ms; 0 when that is the first one."""
    deleted: bool = False
    """Its author has taken it back; there is no text any more."""
    reactions: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """Each emoji with the node ids of those who set it, in the order in which they did."""
    file: FileInfo | None = None


@dataclass(frozen=True, slots=True)
class OutboxState:
    """How far one of our own messages got; counts never go down."""

    id: str
    channel: str
    text: str
    order: str
    at_ms: int
    state: str
    """``pending``, ``sent``, ``delivered`` or ``failed``."""
    stored: tuple[int, int] = (0, 0)
    machines: int = 0
    delivered: tuple[int, int] = (0, 0)
    alone: bool = False
    error: ErrorInfo | None = None
    kind: str = "text"
    """``text``, ``reply``, ``edit``, ``delete``, ``reaction`` or ``file``."""
    target: str = ""
    """The id of the message that it is about."""
    emoji: str = ""
    on: bool = True
    """Whether a reaction sets its emoji, or takes it back."""
    unreachable: tuple[tuple[str, int], ...] = ()
    """Subscribers that the initiators can't reach: node id, and since when (Unix ms); the first 64."""
    acks: tuple[tuple[str, int], ...] = ()
    """Who has it: node id, and when that was heard (Unix ms); the first 64, after a restart as well."""
    file: FileInfo | None = None


@dataclass(frozen=True, slots=True)
class ReadState:
    """How far a channel was read: an order string, and what others wrote since (counted to a bound)."""

    channel: str
    upto: str
    unread: int
    mentions: int


@dataclass(frozen=True, slots=True)
class Member:
    """A member of a channel as this node sees it."""

    node_id: str
    name: str
    reachable: bool
    """Its node has answered ours lately."""
    answered_ms: int
    """How long ago it last did, in ms; -1 for never."""
    forked: bool = False
    """Its messages in this channel contradict each other: its key may be in two hands."""


@dataclass(frozen=True, slots=True)
class Profile:
    """What the person behind this node says of itself in every channel."""

    name: str
    about: str
    picture: bytes


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody as a channel knows him: empty where nothing is known."""

    node_id: str
    name: str
    about: str
    picture: str
    """The name of the picture's contents, for ``PeerNode.picture``."""


@dataclass(frozen=True, slots=True)
class NodeState:
    """``state`` is ``online``, ``degraded`` or ``offline``; ``reason`` is empty when online."""

    state: str
    peers: int
    reason: str


@dataclass(frozen=True, slots=True)
class JoinProgress:
    """One step of a join began (``done`` False) or ended (True); steps count from 1."""

    channel: str
    step: str
    index: int
    of: int
    elapsed_ms: float
    detail: str
    done: bool


@dataclass(frozen=True, slots=True)
class Joined:
    """A channel is joined, proven both ways (``alone``: no other node to prove it with)."""

    channel: str
    created: bool
    alone: bool
    elapsed_ms: float
    initiators: tuple[str, ...]
    subscribers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class JoinDelayed:
    """A join has used up its budget; it goes on in the background. ``step`` is where it hangs."""

    channel: str
    step: str
    elapsed_ms: float
    error: ErrorInfo


@dataclass(frozen=True, slots=True)
class Left:
    """A channel was left."""

    channel: str


@dataclass(frozen=True, slots=True)
class ChannelHealth:
    """How a joined channel is has changed, by the own node's word; nobody was asked for it."""

    channel: str
    state: str
    """``healthy``, ``degraded`` or ``down``."""
    initiators: tuple[int, int]
    """So many of the nodes that store it hold this node's lease and are not silent, of how many."""
    error: ErrorInfo | None
    """What is wrong with it; None while it is healthy."""


@dataclass(frozen=True, slots=True)
class MessageReceived:
    """A message of somebody else, or history; each author's in sequence."""

    message: ChatMessage
    history: bool


@dataclass(frozen=True, slots=True)
class MessageChanged:
    """A message that was told before looks different now: edited, deleted, or reacted to."""

    message: ChatMessage


@dataclass(frozen=True, slots=True)
class MessageTakenBack:
    """Somebody else took a message back that had got out all the same: nobody shows it any more.

    ``author``: the id of their node, for anybody may give a message of his own the id of another's.
    """

    id: str
    channel: str
    author: str
    order: str


@dataclass(frozen=True, slots=True)
class MessageState:
    """One of our own messages changed its state or counts."""

    state: OutboxState


@dataclass(frozen=True, slots=True)
class NameChanged:
    """An author's display name in a channel became known or changed."""

    channel: str
    author: str
    name: str


@dataclass(frozen=True, slots=True)
class CardChanged:
    """What an author says of itself in a channel became known or changed; ``picture`` is empty for none."""

    channel: str
    author: str
    picture: str


@dataclass(frozen=True, slots=True)
class Typing:
    """Somebody writes in a channel just now."""

    channel: str
    author: str


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something the person should know that belongs to no single operation."""

    error: ErrorInfo
    context: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Recovering:
    """A joined channel is being recovered; ``reason`` is ``network``, ``sleep`` or ``partition``."""

    channel: str
    reason: str


@dataclass(frozen=True, slots=True)
class Recovered:
    """A recovery is complete; ``verified``: proven both ways (False: no other node to prove it with)."""

    channel: str
    reason: str
    elapsed_ms: float
    verified: bool


Event = (
    NodeState
    | JoinProgress
    | Joined
    | JoinDelayed
    | Left
    | ChannelHealth
    | MessageReceived
    | MessageChanged
    | MessageTakenBack
    | MessageState
    | NameChanged
    | CardChanged
    | Typing
    | Trouble
    | Recovering
    | Recovered
)
