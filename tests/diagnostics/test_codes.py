"""An unknown error code is told as a bug, counted and logged; nothing falls back in silence."""

from __future__ import annotations

import logging

import pytest

from peernode.diagnostics import codes


def test_an_unknown_code_is_counted_and_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR, logger="peernode.diagnostics"):
        told = [codes.error_info("NO_SUCH_CODE"), codes.error_info("NO_SUCH_CODE")]
    assert [each.code for each in told] == ["INTERNAL", "INTERNAL"]
    assert codes.unknown == {"NO_SUCH_CODE": 2}
    assert [record.getMessage() for record in caplog.records] == [
        "error code 'NO_SUCH_CODE' is not in the catalogue"
    ]
    codes.unknown.clear()


def test_the_count_of_unknown_codes_is_bounded() -> None:
    for number in range(2 * codes.UNKNOWN_MAX):
        codes.error_info(f"MADE_UP_{number}")
    assert len(codes.unknown) == codes.UNKNOWN_MAX + 1
    assert codes.unknown["others"] == codes.UNKNOWN_MAX
    codes.unknown.clear()


def test_a_known_code_is_not_counted() -> None:
    assert codes.error_info("NO_QUORUM", seconds=5).code == "NO_QUORUM"
    assert not codes.unknown
