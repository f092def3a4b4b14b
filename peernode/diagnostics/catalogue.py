"""The entries of the catalogue of error codes, in the order in which they came to be.

Nothing but data: ``peernode.diagnostics.codes`` says what holds of it.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Code:
    """One entry; ``retryable``: the same action can succeed later without a change by the user."""

    code: str
    meaning: str
    cause: str
    remedy: str
    retryable: bool


ENTRIES = (
    Code(
        "NO_BOOTSTRAP",
        "No other node of the network answers",
        "None of the configured bootstrap addresses and remembered peers answered.",
        "Check this machine's network and the addresses in STARLING_BOOTSTRAP; your node keeps trying.",
        True,
    ),
    Code(
        "NO_INITIATOR",
        "No node that stores this channel could be reached",
        "The nodes closest to the channel did not answer.",
        "Wait a moment, your node keeps trying; if it lasts, check the network and the firewall's UDP ports.",
        True,
    ),
    Code(
        "NO_PLACE",
        "The nodes that store this channel have no place for one more",
        "They have as many subscribers or channels as they may, in all or from one network, or are busy.",
        "Wait until there is a place, your node keeps trying by itself; or meet in another channel.",
        True,
    ),
    Code(
        "NO_QUORUM",
        "Too few nodes confirmed that they stored the message",
        "Fewer than a majority of the channel's nodes answered within {seconds} seconds.",
        "Check the connection and press Retry; the message is kept and goes out when the network is back.",
        True,
    ),
    Code(
        "UNREACHABLE_BY_INITIATORS",
        "Messages from the channel's nodes don't reach your node",
        "Probes sent to this node were lost, most often in a firewall or NAT.",
        "Open this node's UDP port in the firewall, or set STARLING_ADVERTISE to a reachable address.",
        True,
    ),
    Code(
        "SEND_PATH_BROKEN",
        "What your node sends doesn't come through",
        "A probe sent to one node of the channel did not come back through another.",
        "Check the firewall's rules for outgoing UDP; your node keeps trying.",
        True,
    ),
    Code(
        "CHANNEL_UNKNOWN",
        "There is no such channel here",
        "The channel was never joined on this node, or was left.",
        "Join the channel first.",
        False,
    ),
    Code(
        "CHANNEL_NAME_INVALID",
        "That is not a channel name",
        "Names begin with # and have at most 64 characters without spaces; #, #. and #.. are none.",
        "Choose a name that begins with #, for example #lobby.",
        False,
    ),
    Code(
        "NOT_A_MEMBER",
        "You are not in this channel",
        "The channel was left, or never joined.",
        "Join the channel, then send again.",
        False,
    ),
    Code(
        "TOO_LARGE",
        "The message is too long",
        "A message has at most {limit} bytes of text.",
        "Shorten it or send it in several messages.",
        False,
    ),
    Code("EMPTY", "The message is empty", "There was no text in it.", "Write something first.", False),
    Code(
        "RATE_LIMITED",
        "Too much in a short time",
        "The limit protects everybody in the channel, and everybody on this server.",
        "Wait {retry_after} seconds; then it works again.",
        True,
    ),
    Code(
        "CLOCK_SKEW",
        "This machine's clock is {seconds} seconds off",
        "It is ahead, and other nodes refuse messages from the future until their time has come; or it is "
        "behind, and what is said here stands too early. By minutes, they refuse it a place in a channel. "
        "Among three machines or fewer the wrong clock may be another one's.",
        "Set the clock of this machine (turn on automatic time). A message that was refused: edit it and "
        "send it again, or press Retry when its time has come.",
        True,
    ),
    Code(
        "SIGNATURE_INVALID",
        "A signature does not match",
        "The message or the node's key was damaged or forged.",
        "Discard the message and write it again; if it recurs, check the disk of this machine.",
        False,
    ),
    Code(
        "STORE_FULL",
        "The disk is full",
        "The database of this node can't grow.",
        "Free some space on this machine's disk, then press Retry.",
        True,
    ),
    Code(
        "CHANNEL_FULL",
        "The nodes that store this channel have no room for more",
        "Their disks are full, or the channel has as many bytes or authors as one may have.",
        "Ask the people who run those nodes to make room, then press Retry.",
        True,
    ),
    Code(
        "AUTHOR_QUOTA",
        "You have used up your room in this channel",
        "The nodes that store the channel keep only so many bytes of each author.",
        "Write in another channel, or ask the people who run those nodes for more room.",
        True,
    ),
    Code(
        "STORE_VERSION",
        "The database was written by a newer version",
        "An older program was started on newer files.",
        "Start the newer version, or choose another data directory.",
        False,
    ),
    Code(
        "STORE_CORRUPT",
        "The database can't be read",
        "The file is damaged or is not a database of this program.",
        "Move the file away and start again; the history comes back from the network.",
        False,
    ),
    Code(
        "ROW_DAMAGED",
        "Something that this node had written down is damaged",
        "The disk gave back something else than was written: a channel of yours, or a message that waited.",
        "Join the channel that your list lacks, or write the message again; then have the disk checked.",
        False,
    ),
    Code(
        "STORE_LOCKED",
        "The database is in use by another program",
        "A second process was started on the same data directory.",
        "Stop the other process, or choose another data directory.",
        False,
    ),
    Code(
        "IDENTITY_UNREADABLE",
        "This node's key can't be read",
        "The key file or the file with its wrapping key is missing or damaged.",
        "Restore both files from a backup, or move them away to start with a new identity.",
        False,
    ),
    Code(
        "OUTBOX_FULL",
        "Too many messages are waiting to be sent",
        "The outbox holds at most {limit} messages.",
        "Wait until some have gone out, or discard some.",
        True,
    ),
    Code(
        "OUTBOX_UNWRITABLE",
        "The browser could not write down what you wrote",
        "The disk is full, or the browser has closed what this page keeps.",
        "Free some disk space or reload the page, then try again; a text is back in the message field.",
        True,
    ),
    Code(
        "MESSAGE_UNKNOWN",
        "There is no such message here",
        "It was sent or discarded already, or this node has never had it.",
        "Reload the page to see its state.",
        False,
    ),
    Code(
        "TOO_MANY_BLOCKED",
        "Nobody more can be blocked",
        "The list of blocked people holds {limit}.",
        "Unblock somebody first, in the list of people.",
        False,
    ),
    Code(
        "NOT_AUTHOR",
        "Only who wrote a message can change it",
        "The message is another person's.",
        "Reply to it instead, or ask its author.",
        False,
    ),
    Code(
        "ID_REUSED",
        "Another message already has this id",
        "The same id was used with a different text or channel.",
        "Send the message again under a new id.",
        False,
    ),
    Code(
        "TOO_MANY_CHANNELS",
        "This node has joined as many channels as it can",
        "A node holds at most {limit} channels, and keeps some that were left for the others in them.",
        "Leave a channel first. If you have left many, try again later: they are kept for others a while.",
        False,
    ),
    Code(
        "VERSION_UNSUPPORTED",
        "The other node speaks another version",
        "The versions have none in common.",
        "Update the older of the two.",
        False,
    ),
    Code(
        "WORKER_UNAVAILABLE",
        "Your node does not answer",
        "The process that runs the nodes is stopped, starting or overloaded.",
        "Wait a moment; what you wrote is kept and goes out by itself.",
        True,
    ),
    Code(
        "CONNECTION_LOST",
        "The connection to your node is interrupted",
        "The browser reaches the server no more: it restarts, or the network between them is down.",
        "Wait a moment, it comes back by itself and what you write is kept; if it lasts, check the server.",
        True,
    ),
    Code(
        "TIMEOUT",
        "It took too long: {step}",
        "The other nodes did not answer in time.",
        "Wait a moment, your node keeps trying; if it lasts, check the network.",
        True,
    ),
    Code(
        "NODE_START_FAILED",
        "Your node could not be started",
        "Its UDP address is in use or not of this machine: {reason}.",
        "Set STARLING_UDP_HOST and STARLING_UDP_PORT to a free address of this machine.",
        False,
    ),
    Code(
        "SETTING_INVALID",
        "A setting has a value that can't be used",
        "An environment variable does not have the form that is expected of it.",
        "Set the variable that is named to a value as in docs/operations.md, then start again.",
        False,
    ),
    Code(
        "KEY_UNREADABLE",
        "A key file of the server can't be used",
        "The file that is named is damaged, or the server's account may not read it.",
        "Restore the file from a backup, or have the server's account read it, then start again.",
        False,
    ),
    Code(
        "BAD_FRAME",
        "The request was not understood",
        "What the page sent does not have the documented form: {reason}.",
        "Reload the page; if it recurs, report it.",
        False,
    ),
    Code(
        "TOO_MANY_SOCKETS",
        "The chat is open too often",
        "One account can have {limit} pages open at the same time.",
        "Close a page of the chat, then reload this one.",
        True,
    ),
    Code(
        "SESSION_ENDED",
        "You are signed out",
        "The session was ended here or elsewhere, or it expired.",
        "Sign in again; what you wrote is kept.",
        False,
    ),
    Code(
        "INTERNAL",
        "Something unexpected happened in this program",
        "A bug; the details are in the log.",
        "Try again; if it recurs, report it with the log.",
        True,
    ),
)
