"""The words that a diagnostic bundle may hold: those with which the engine and the server say how things are.

Only what is listed here gets out (``webchat.health.redaction``); a word that the engine learns later is left
out until it is added, and a test compares the operations with the engine's sources. Nothing but data.
"""

from __future__ import annotations

_STATES = """
healthy degraded down unknown online offline ok failed starting off alone answering silent untried
ACTIVE RECOVERING FAILED LOADING store node names channels canary looking unseen
"""
_SETTINGS = "embedded scaled open closed invite staff members nobody everybody linux darwin windows freebsd"
_OPERATIONS = """
accept publish lookup known local participants node join attempt delayed find subscribe inbound outbound
history sync renewal recovery catch_up reach repair initiators changed peer appeared left rpc coordinator
handoff take give direct initiator alternative relay pull admin diagnostic doctor export preview bundle
verdict
"""
_OUTCOMES = """
ok timeout malformed backpressure unheard left cancelled delayed running missing not_found
could_not_ask unconfirmed unreached none page_closed network peers restart silence lease sleep
partition UNREACHABLE TIMEOUT
RpcTimeout Refused RemoteProtocolError Backpressure
UNSUPPORTED MALFORMED NOT_INITIATOR NOT_YET RATE_LIMITED STORE_FULL INVALID NOT_SUBSCRIBED MISSING UNPROVEN
PARTS_MISSING BUSY OVER_QUOTA refused stale
unsupported not_initiator not_yet rate_limited store_full invalid not_subscribed unproven parts_missing busy
over_quota
"""
_DOUBTS = "messages bytes subscribers pushes"
_PATHS = "directly relay no untested both heard hears neither configured nearby remembered json csv"
_TABLES = "diagnostics overlay pubsub rpc store outbox people files sqlite"

WORDS = frozenset(" ".join((_STATES, _SETTINGS, _OPERATIONS, _OUTCOMES, _DOUBTS, _PATHS)).split())
PHRASES = frozenset(
    {
        "does not say",
        "not heard yet",
        "under way",
        "last address",
        "after a relay",
        "pushes full",
        "not answering",
        "lines full",
        "line full",
        "tried in vain",
        "lease ended",
        "too old",
        "silent or refused",
        "starling-diagnostic-bundle-1",
    }
)
TABLES = frozenset(_TABLES.split())
"""What the names of tables begin with."""
