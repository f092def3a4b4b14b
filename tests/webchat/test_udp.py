"""UDP addresses of the nodes, and what identifies the machine."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path

import pytest

from webchat import udp
from webchat.deployment import Deployment
from webchat.udp import machine_id, ports_for, resolve


def deployment(tmp_path: Path, **variables: str) -> Deployment:
    return Deployment.read({"STARLING_DATA": str(tmp_path), **variables}, tmp_path)


def test_a_machine_has_one_id_in_a_network_and_another_in_the_next(tmp_path: Path) -> None:
    here = deployment(tmp_path)
    assert len(machine_id(here)) == 8
    assert machine_id(here) == machine_id(replace(here, data=tmp_path / "other"))
    assert machine_id(here) != machine_id(replace(here, network="mine"))


@pytest.mark.parametrize("content", [None, b"\n"])
def test_a_machine_without_an_id_keeps_a_random_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes | None
) -> None:
    file = tmp_path / "machine-id"
    if content is not None:
        file.write_bytes(content)
    monkeypatch.setattr(udp, "MACHINE_ID_FILE", file)
    here, there = deployment(tmp_path / "here"), deployment(tmp_path / "there")
    assert machine_id(here) == machine_id(here)
    assert machine_id(here) != machine_id(there)


async def test_a_name_that_is_unknown_now_is_left_out_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        found = await resolve((("localhost", 1), ("127.0.0.1", 1), ("nowhere.invalid", 2), ("10.1.2.3", 3)))
    assert found == (("127.0.0.1", 1), ("10.1.2.3", 3))
    assert "nowhere.invalid:2" in caplog.text


def test_a_user_keeps_the_port_as_long_as_it_is_free(tmp_path: Path) -> None:
    here = deployment(tmp_path, STARLING_UDP_PORTS="9001-9003")
    assert ports_for(here, 3, ()) == [9001, 9002, 9003]
    assert ports_for(here, 4, ()) == [9002, 9003, 9001]
    assert ports_for(here, 4, (9002,)) == [9003, 9001]
    assert ports_for(here, 4, (9001, 9002, 9003)) == []


def test_without_a_range_the_system_chooses_unless_the_port_must_be_told(tmp_path: Path) -> None:
    assert ports_for(deployment(tmp_path), 1, ()) == [0]
    advertised = deployment(tmp_path, STARLING_ADVERTISE="203.0.113.5")
    assert all(port > 0 for port in ports_for(advertised, 1, ()))
