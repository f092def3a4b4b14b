"""What may leave the server in a diagnostic bundle: everything else stays out.

Three layers, each of which would be enough for what is known to be in the data today: only the fields that
``FIELDS`` names; of strings only those that have the form of an id, a code or a plain word of the engine
(anything else becomes ``[left out]``); and the server's own secrets and its people's e-mail addresses are
struck out wherever they should stand. Channels and network addresses become stand-ins, the same one for the
same thing throughout a bundle, so that it can still be read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

LEFT_OUT = "[left out]"
SECRET_MIN_CHARS = 6
"""A shorter secret would strike out half of everything, and is none."""

WORD = re.compile(r"[a-z][a-z0-9_.:-]{0,31}", re.ASCII)
CODE = re.compile(r"[A-Z][A-Z_]{2,31}", re.ASCII)
ID = re.compile(r"(?:[0-9a-f]{8,40}|[0-9a-f]{64}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})", re.ASCII)
VERSION = re.compile(r"[0-9][0-9A-Za-z.+-]{0,31}", re.ASCII)
KEPT = (WORD, CODE, ID, VERSION)
ADDRESS = re.compile(r"(\d{1,3}(?:\.\d{1,3}){3})(:\d+)?", re.ASCII)

_NAMES = """
format made_at starling python django system settings host channels records sizes
at_ms as_of_ms verdict state cause code sentence troubled version uptime_s diagnostic node id address
external public peers bootstraps buckets users store bytes free ok canary last_ok_ms latency_ms
origin answered_s_ago tried_s_ago failures rtt_ms bits waiting
channel initiators own answers outcome messages behind root set_agrees started_ms pushes
subscribers reached reached_by of success_age_ms via slow listed_by reason retryable
matrix direction asymmetric failing_age_ms repairs
coordinator audience broken reasons numbers silent unreached relayed slow unlisted hanging round_trip_ms
age_ms agree series attempted acked retried failed average_ms p50_ms p95_ms p99_ms
replication held_by under joins steps recent count step attempt attempts began_ms elapsed_ms asked
answered serial wall_ms operation subject parts trace route stands_for lookup disk network retry queue
method peer message initiator subscriber digest by to attempts_max
shape signup invites keep_days keep_own_days lan proxies udp_ports advertised bootstraps_configured
letters canary
"""
FIELDS = frozenset(_NAMES.split())

Json = Any


class Redactor:
    """See the module; one for one bundle."""

    def __init__(self, channels: Iterable[str], secrets: Iterable[str]) -> None:
        self._channels = {name: f"#channel-{number}" for number, name in enumerate(sorted(channels), 1)}
        self._secrets = sorted(
            {each for each in secrets if len(each) >= SECRET_MIN_CHARS}, key=len, reverse=True
        )
        self._addresses: dict[str, str] = {}
        self.left_out = 0
        """Strings that were not let through."""

    @property
    def replaced(self) -> dict[str, int]:
        """How many channels and addresses have a stand-in."""
        return {"channels": len(self._channels), "addresses": len(self._addresses)}

    def redacted(self, value: Json, key: str = "") -> Json:
        """The same without what must stay here; ``key``: the field that the value is in."""
        if isinstance(value, dict):
            return {
                self._key(name): self.redacted(each, key if ID.fullmatch(str(name)) else str(name))
                for name, each in value.items()
                if self._is_let_through(str(name), key)
            }
        if isinstance(value, list | tuple):
            return [self.redacted(each, key) for each in value]
        return self._text(value, key) if isinstance(value, str) else value

    def _is_let_through(self, name: str, inside: str) -> bool:
        if name in FIELDS or ID.fullmatch(name) or name in ("5m", "1h", "24h"):
            return True
        return inside in ("steps", "sizes") and bool(WORD.fullmatch(name))

    def _key(self, name: Json) -> str:
        return self._channels.get(str(name), str(name))

    def _text(self, text: str, key: str) -> str:
        if text in self._channels:
            return self._channels[text]
        if any(secret in text for secret in self._secrets):
            return self._strike(text)
        if found := ADDRESS.fullmatch(text):
            host = self._addresses.setdefault(found[1], f"address-{len(self._addresses) + 1}")
            return host + (found[2] or "")
        if not text or any(pattern.fullmatch(text) for pattern in KEPT) or key == "made_at":
            return text
        return self._strike(text)

    def _strike(self, text: str) -> str:
        self.left_out += 1
        return LEFT_OUT
