"""What gets into a diagnostic bundle: what is listed, and nothing that merely looks harmless."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from peernode.pubsub.probing import WAYS
from peernode.wire.ops import Status
from tests.webchat.test_health_files import NODE, told
from webchat.bridge import CATALOGUE
from webchat.health.records import FINE
from webchat.health.redaction import DIGEST, LEFT_OUT, NODE_ID, Redactor, is_said, nodes_in
from webchat.numbers import METHODS

SECRETS = {
    "a message's text": "meet me at the old mill",
    "a password": "correct horse battery",
    "a short password": "Tr0ub4dor&3",
    "a token": "mVhQ0Jm3vX-2kRzYw9_bT1nC",
    "an e-mail address": "ada@example.org",
    "a key": "-----BEGIN PRIVATE KEY-----",
    "markup": "<b>bold</b>",
    "a name": "Ada Lovelace",
    "an address in a sentence": "at 10.0.0.7:8468 nobody answers",
    "a name in lower case": "lovelace",
    "a password in lower case": "correcthorsebatterystaple",
    "a password with a digit": "9lives-of.cats",
    "a name behind an operation": "join.lovelace",
    "a password in capitals": "SWORDFISH",
    "a token in hex": "deadbeefcafe0123",
    "a long token in hex": "0123456789abcdef" * 4,
    "a node id that no table names": "ef" * 20,
    "a token in base64": "c3dvcmRmaXNo",
    "a token in base32": "onqwc43mnfuw4zy",
    "a random UUID": "4c1f7c1e-7a43-4a0e-9d9b-0f6f2b9f7c11",
    "a number of digits": "4929123412341234",
    "an IPv6 address": "2001:db8::7",
    "a host's name": "chat.example.org",
}


@pytest.mark.parametrize("secret", SECRETS.values(), ids=SECRETS)
def test_what_has_no_known_form_is_left_out_wherever_it_stands(secret: str) -> None:
    redactor = Redactor([], [], [NODE])
    found = {
        "records": [told(subject=secret, outcome=secret, route={"peer": secret, secret: 1, "text": "x"})],
        "sizes": {secret: {secret: [1, 2]}, NODE: {secret: [1, 2]}},
        "channels": [{"joins": {"steps": {secret: 1}}, "matrix": {secret: {"outcome": secret}}}],
        "host": {
            "node": {"reason": secret},
            "version": secret,
            "canary": {"code": secret, "message": secret},
        },
        "made_at": secret,
        "unknown_field": NODE,
        "text": "hello",
    }
    shown = json.dumps(redactor.redacted(found))
    assert secret not in shown
    assert "hello" not in shown
    assert "unknown_field" not in shown
    with_stand_in = 2 if DIGEST.fullmatch(secret) else 0  # as the subject and as the message of an error
    with_stand_in += 1 if NODE_ID.fullmatch(secret) else 0  # as the peer, which a gone node may be
    fields = 8  # two of a record, of the sizes and at the top, one of the steps and of the matrix
    assert redactor.left_out == 8 - with_stand_in + fields


def test_how_many_a_renewal_took_and_how_many_receipts_came_are_told() -> None:
    redactor = Redactor([], [], [NODE])
    records = [told(route={"took": 3, "count": 5}), told(route={"receipts": 2, "of": 3})]
    shown = [each["route"] for each in redactor.redacted(records)]
    assert shown == [{"took": 3, "count": 5}, {"receipts": 2, "of": 3}]
    assert redactor.redacted({"of_a_later_engine": 1, "of": 2}) == {"of": 2}
    assert redactor.left_out == 3, "the subjects of both, and the field that nobody knows"


@pytest.mark.parametrize("secret", ["recovery", "RATE_LIMITED", NODE])
def test_a_known_secret_is_struck_out_though_it_is_a_word_of_the_engine(secret: str) -> None:
    found = {"records": [told(subject=secret, route={"peer": secret}), told(subject=f"x{secret}")]}
    assert secret in json.dumps(Redactor([], [], [NODE]).redacted(found))
    assert secret not in json.dumps(Redactor([], [secret], [NODE]).redacted(found))


def test_digests_have_the_same_stand_in_throughout() -> None:
    redactor = Redactor(["#lobby"], [], [NODE])
    digest, root = "cafe" * 8, "beef" * 8
    found = {
        "records": [told(subject=digest), told(route={"message": digest, "peer": NODE})],
        "channels": [{"initiators": [{"root": root}, {"root": root}]}],
    }
    shown = redactor.redacted(found)
    assert (shown["records"][0]["subject"], shown["records"][1]["route"]["message"]) == ("id-1", "id-1")
    assert shown["records"][1]["route"]["peer"] == NODE
    assert [each["root"] for each in shown["channels"][0]["initiators"]] == ["id-2", "id-2"]
    assert redactor.left_out == 0


def test_a_node_that_is_gone_has_a_stand_in_wherever_it_is_told_of() -> None:
    """Before, who read the bundle could not tell which of the nodes that were left out was which."""
    gone, other = "ef" * 20, "ba" * 20
    records = [
        told(subject=gone, route={"peer": gone, "initiator": other}),
        told(route={"peer": other, "came": [NODE, gone], "went": []}),
        told(subject="#lobby", route={"subscriber": gone, "by": gone, "to": other}),
    ]
    redactor = Redactor(["#lobby"], [], [NODE])
    first, second, third = redactor.redacted(records)
    assert (first["subject"], first["route"]) == ("node-1", {"peer": "node-1", "initiator": "node-2"})
    assert second["route"] == {"peer": "node-2", "came": [NODE, "node-1"], "went": []}
    assert third["route"] == {"subscriber": "node-1", "by": "node-1", "to": "node-2"}
    assert redactor.left_out == 0


def test_which_relay_an_attempt_failed_through_is_told() -> None:
    gone = "ef" * 20
    redactor = Redactor(["#lobby"], [], [NODE])
    records = [
        told(outcome=f"Refused by {NODE[:8]}"),
        told(outcome=f"RpcTimeout by {gone[:8]}", route={"via": gone}),
        told(outcome=f"swordfish by {NODE[:8]}"),
        told(operation=f"Refused by {NODE[:8]}"),
    ]
    shown = redactor.redacted(records)
    assert [each["outcome"] for each in shown[:3]] == [
        f"Refused by {NODE[:8]}",
        "RpcTimeout by node-1",
        LEFT_OUT,
    ]
    assert shown[1]["route"] == {"via": "node-1"}, "the same stand-in as where the whole id stands"
    assert shown[3]["operation"] == LEFT_OUT, "only in its field"
    assert redactor.left_out == 2


def test_a_secret_that_looks_like_a_node_is_struck_out_where_nodes_stand() -> None:
    secret = "ef" * 20
    redactor = Redactor([], [secret], [NODE])
    assert redactor.redacted(told(route={"peer": secret}))["route"]["peer"] == LEFT_OUT
    assert Redactor([], [], [NODE]).redacted({"reason": secret}) == {"reason": LEFT_OUT}, (
        "only in their fields"
    )


def test_every_operation_of_the_engine_may_be_said() -> None:
    sources = [path.read_text() for path in Path("peernode").rglob("*.py") if "simulation" not in path.parts]
    said = {
        name
        for text in sources
        for name in re.findall(r'(?:collector|context|self)\S*\.(?:begin|happened)\(\s*"([a-z_.]+)"', text)
    }
    assert len(said) >= 10
    said |= {f"attempt.{method}" for method in METHODS}
    assert {name for name in said if not is_said(name, "operation")} == set()
    outcomes = {
        *FINE,
        *WAYS,
        *(status.name for status in Status if status.value),
        "UNREACHABLE",
        "network",
        "sleep",
    }
    assert {word for word in outcomes if not is_said(word, "outcome")} == set()


def test_channels_and_addresses_have_the_same_stand_in_throughout() -> None:
    redactor = Redactor(["#lobby", "#garden"], [])
    found = {
        "channels": [{"channel": "#lobby"}, {"channel": "#garden"}],
        "records": [told(subject="#lobby")],
        "peers": [{"address": ["10.0.0.7", 8468]}, {"address": "10.0.0.7:8468"}, {"address": "10.0.0.8"}],
    }
    shown = redactor.redacted(found)
    assert [each["channel"] for each in shown["channels"]] == ["#channel-2", "#channel-1"]
    assert shown["records"][0]["subject"] == "#channel-2"
    addresses = [each["address"] for each in shown["peers"]]
    assert addresses == [["address-1", 8468], "address-1:8468", "address-2"]
    assert redactor.replaced == {"channels": 2, "addresses": 2}


def test_a_channel_that_nobody_told_of_is_left_out() -> None:
    assert Redactor([], []).redacted(told(subject="#secret"))["subject"] == LEFT_OUT


def test_numbers_ids_codes_and_the_matrix_get_through() -> None:
    cell = {"latency_ms": 4, "age_ms": 900, "via": None}
    found = {
        "failing_only": True,
        "matrix": {NODE: {"outcome": "ok", "until": "cd" * 20, "subscribers": {"cd" * 20: cell}}},
        "verdict": {"state": "degraded", "code": "NO_QUORUM"},
        "pushes": {"5m": {"attempted": 3}},
        "sizes": {NODE: {"rpc.waiting": [1, 64]}},
        "starling": "0.1.0",
    }
    nodes = [*nodes_in({"sizes": found["sizes"]}), "cd" * 20]
    assert Redactor([], [], nodes).redacted(found) == found
    gone = {"matrix": {NODE: {"until": "ef" * 20}}}
    assert Redactor([], [], nodes).redacted(gone) == {"matrix": {NODE: {"until": "node-1"}}}


def test_what_the_catalogue_says_gets_through_as_it_stands() -> None:
    entry = CATALOGUE["NO_QUORUM"]
    found = {"canary": {"code": entry.code, "message": entry.meaning, "remedy": entry.remedy}}
    assert Redactor([], []).redacted(found) == found


def test_the_nodes_of_a_bundle_are_those_that_its_tables_name() -> None:
    ids = [f"{number:02}" * 20 for number in range(1, 7)]
    found = {
        "host": {"node": {"id": ids[0]}, "peers": [{"id": ids[1]}]},
        "channels": [{"initiators": [{"id": ids[2]}], "subscribers": [{"id": ids[3]}]}],
        "records": [{"node": ids[4], "route": {"peer": "ff" * 20}}],
        "sizes": {ids[5]: {}},
    }
    assert [*nodes_in(found)] == ids
