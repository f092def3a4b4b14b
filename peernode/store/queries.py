"""What a ``SqliteStore`` asks of the database file.

Invariant: each is answered by an index, at the cost of what it returns; but ``COUNT`` and ``TEXTS`` go
through a channel.
"""

from __future__ import annotations

from peernode.channel.kinds import Kind
from peernode.store.inspection import COLUMNS

_CHANNEL = "FROM messages WHERE node = ? AND channel = ?"

META = "SELECT value FROM meta WHERE node = ? AND key = ?"
METAS = "SELECT key, value FROM meta WHERE node = ? AND key >= ? AND key > ? AND key < ? ORDER BY key LIMIT ?"
CHANNELS = "SELECT channel, name, member, stored FROM channels WHERE node = ? ORDER BY channel"
HEADS = (
    f"SELECT author, instance, seq, digest {_CHANNEL} AND (author, instance, seq, digest) > (?, ?, ?, ?)"
    " ORDER BY author, instance, seq, digest LIMIT ?"
)
_STREAM = f"SELECT {COLUMNS} {_CHANNEL} AND author = ? AND instance = ?"
MESSAGES = f"{_STREAM} AND seq BETWEEN ? AND ? ORDER BY seq, digest"
DIGEST_AT = f"SELECT digest {_CHANNEL} AND author = ? AND instance = ? AND seq = ? ORDER BY digest LIMIT 1"
NEWEST = f"SELECT {COLUMNS} {_CHANNEL} AND order_key < ? ORDER BY order_key DESC"
BY_ID = f"SELECT {COLUMNS} {_CHANNEL} AND id = ? ORDER BY order_key LIMIT ?"
ABOUT = f"SELECT {COLUMNS} {_CHANNEL} AND target = ? ORDER BY order_key DESC"
OF_KIND = f"SELECT {COLUMNS} {_CHANNEL} AND kind = ? AND kind <> {int(Kind.TEXT)} ORDER BY order_key"
TEXTS = f"SELECT {COLUMNS} {_CHANNEL} AND kind = ? ORDER BY order_key"
COUNT = f"SELECT count(*) {_CHANNEL}"
PART = "SELECT block FROM parts WHERE node = ? AND digest = ?"
OUTBOX = (
    "SELECT id, channel, raw, text, state, error_code, created_ms, sum FROM outbox WHERE node = ?"
    " ORDER BY created_ms, id"
)
FATES = "SELECT id, fate FROM fates WHERE node = ? ORDER BY id"
PEERS = "SELECT contact FROM peers WHERE node = ? ORDER BY place"
