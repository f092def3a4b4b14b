"""What may leave the server in a diagnostic bundle: everything else stays out.

Nothing is let through because it looks harmless: a password, a token or a name may look like any word. So
there are lists of what may be said, and three layers, each of which would be enough for what is known to be
in the data today: only the fields that ``FIELDS`` names (and tables, which the engine's sources name); of
strings only the words of ``webchat.health.vocabulary``, the catalogue's codes and texts, versions and times
in the fields that hold these, message ids in ``trace``, and ids of nodes that the bundle's own tables name;
and the server's own secrets and its people's e-mail addresses are struck out wherever they should stand.
Channels, network addresses and other ids (digests, roots, nodes that are in no table any more) become
stand-ins, the same one for the same thing throughout a bundle, so that it can still be read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from webchat.bridge import CATALOGUE
from webchat.health.vocabulary import PHRASES, TABLES, WORDS

TEXTS = frozenset(text for entry in CATALOGUE.values() for text in (entry.meaning, entry.remedy))
LEFT_OUT = "[left out]"
SECRET_MIN_CHARS = 6
"""A shorter secret would strike out half of everything, and is none."""

NODE_ID = re.compile(r"[0-9a-f]{40}", re.ASCII)
DIGEST = re.compile(r"(?:[0-9a-f]{2}){8,32}", re.ASCII)
MESSAGE_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", re.ASCII)
VERSION = re.compile(r"\d{1,4}(?:\.\d{1,4}){1,3}(?:[.+-]?(?:dev|a|b|rc|post)\d{0,4})?", re.ASCII)
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?(?:Z|[+-]\d\d:\d\d)", re.ASCII)
ADDRESS = re.compile(r"(\d{1,3}(?:\.\d{1,3}){3})(:\d{1,5})?", re.ASCII)
NODE_SHORT = 8
"""As many characters of a node's id stand for it in an outcome ("Refused by …", peernode.pubsub.detours)."""
BY = re.compile(rf"([A-Za-z_]{{2,32}}) by ([0-9a-f]{{{NODE_SHORT}}})", re.ASCII)
TABLE = re.compile(r"([a-z]{2,16})(?:\.[a-z_]{2,32}){0,2}", re.ASCII)

FORMS = {
    **dict.fromkeys(("version", "starling", "python", "django"), VERSION),
    "made_at": TIME,
    "trace": MESSAGE_ID,
}
"""Fields whose texts have a form of their own."""

DIGESTED = ("root", "message", "digest", "subject")
"""Fields that may hold another id than a node's; it gets a stand-in."""

NODED = (
    *("peer", "initiator", "subscriber", "node", "via", "by", "to", "until"),
    *("asked", "answered", "came", "went"),
)
"""Fields that hold nodes' ids. One that no table names may be a node that is gone, or anything that looks
like one: its stand-in says nothing but where else the same one stands."""

_NAMES = """
format made_at starling python django system settings host channels records sizes
at_ms as_of_ms verdict state cause code error seen troubled version uptime_s diagnostic node id address
external public peers bootstraps buckets users users_offline store bytes free ok low canary last_ok_ms
latency_ms origin answered_s_ago tried_s_ago failures rtt_ms bits waiting
channel initiators own answers outcome messages behind root set_agrees started_ms pushes
subscribers reached reached_by of success_age_ms via slow listed_by reason retryable
matrix failing_only until direction asymmetric failing_age_ms repairs
coordinator audience broken reasons numbers silent unreached relayed slow unlisted hanging round_trip_ms
age_ms agree series minute attempted acked retried failed average_ms p50_ms p95_ms p99_ms
replication held_by under joins steps recent count step attempt attempts began_ms elapsed_ms asked
answered serial wall_ms operation subject parts trace route stands_for lookup disk network retry queue
uncertain_ms claimed_ms doubtful unheard doubted now lone full own unknown
method peer message remedy came went count initiator subscriber digest by to attempts_max
shape signup signups_per_hour invites keep_days keep_own_days lan proxies udp_ports advertised
bootstraps_configured letters canary
kind bytes on account took receipts unseen was was_code number new works differ apart
report paths ways failure_points times first_ms last_ms reached_otherwise
"""
FIELDS = frozenset(_NAMES.split())

Json = Any


class Redactor:
    """See the module; one for one bundle. ``nodes``: the ids of nodes that it names (``nodes_in``)."""

    def __init__(self, channels: Iterable[str], secrets: Iterable[str], nodes: Iterable[str] = ()) -> None:
        self._channels = {name: f"#channel-{number}" for number, name in enumerate(sorted(channels), 1)}
        self._secrets = sorted(
            {each for each in secrets if len(each) >= SECRET_MIN_CHARS}, key=len, reverse=True
        )
        self._nodes = {each for each in nodes if NODE_ID.fullmatch(each)}
        self._addresses: dict[str, str] = {}
        self._ids: dict[str, str] = {}
        self.left_out = 0
        """Strings, and fields with all that is in them, that were not let through."""

    @property
    def replaced(self) -> dict[str, int]:
        """How many channels and addresses have a stand-in."""
        return {"channels": len(self._channels), "addresses": len(self._addresses)}

    def redacted(self, value: Json, key: str = "") -> Json:
        """The same without what must stay here; ``key``: the field that the value is in."""
        if isinstance(value, dict):
            return {
                name: self.redacted(each, key if name in self._nodes else name)
                for name, each in value.items()
                if self._is_let_through(name, key) or self._drop()
            }
        if isinstance(value, list | tuple):
            return [self.redacted(each, key) for each in value]
        return self._text(value, key) if isinstance(value, str) else value

    def _is_let_through(self, name: str, inside: str) -> bool:
        if name in FIELDS or name in ("5m", "1h", "24h"):
            return True
        if any(secret in name for secret in self._secrets):
            return False
        table = TABLE.fullmatch(name) if inside == "sizes" else None
        return (
            name in self._nodes or (inside == "steps" and name in WORDS) or bool(table and table[1] in TABLES)
        )

    def _text(self, text: str, key: str) -> str:
        if not text:
            return text
        if text in self._channels:
            return self._channels[text]
        if any(secret in text for secret in self._secrets):
            return self._strike()
        if found := ADDRESS.fullmatch(text):
            host = self._addresses.setdefault(found[1], f"address-{len(self._addresses) + 1}")
            return host + (found[2] or "")
        if text in self._nodes or (key in FORMS and FORMS[key].fullmatch(text)) or is_said(text, key):
            return text
        if key == "outcome" and (found := BY.fullmatch(text)) and found[1] in WORDS:
            is_named = any(each.startswith(found[2]) for each in self._nodes)
            return text if is_named else f"{found[1]} by {self._stand_in(found[2], 'node')}"
        if NODE_ID.fullmatch(text) and key in (*NODED, *DIGESTED):
            return self._stand_in(text[:NODE_SHORT], "node")
        if key in DIGESTED and DIGEST.fullmatch(text):
            return self._stand_in(text, "id")
        return self._strike()

    def _stand_in(self, text: str, kind: str) -> str:
        return self._ids.setdefault(text, f"{kind}-{len(self._ids) + 1}")

    def _drop(self) -> bool:
        self.left_out += 1
        return False

    def _strike(self) -> str:
        self.left_out += 1
        return LEFT_OUT


def is_said(text: str, key: str) -> bool:
    """Whether the engine or the server says this itself: a word, an operation, a text of the catalogue."""
    if text in WORDS or text in PHRASES or text in CATALOGUE or text in TEXTS:
        return True
    return key == "operation" and all(part in WORDS for part in text.split("."))


def nodes_in(found: Json) -> Iterator[str]:
    """The ids of the nodes of this server, its peers, and the channels' initiators and subscribers."""
    host = found.get("host", {})
    yield host.get("node", {}).get("id", "")
    yield from (peer["id"] for peer in host.get("peers", ()))
    for channel in found.get("channels", ()):
        yield from (each["id"] for each in (*channel["initiators"], *channel["subscribers"]))
    yield from (record.get("node", "") for record in found.get("records", ()))
    yield from found.get("sizes", ())
