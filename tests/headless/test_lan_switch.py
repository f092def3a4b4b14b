"""Nodes on the same network find each other unless that is turned off, by option or by variable."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from peernode import cli
from peernode.errors import PeerNodeError
from peernode.overlay.lan import LanDiscovery, lan_if


def test_who_does_not_want_a_neighbourhood_has_none() -> None:
    assert lan_if(False) is None
    assert isinstance(lan_if(True), LanDiscovery)


@pytest.mark.parametrize(
    ("variable", "options", "wanted"),
    [
        (None, (), True),
        ("off", (), False),
        (None, ("--lan", "off"), False),
        ("on", ("--lan", "off"), False),
        ("off", ("--lan", "on"), True),
    ],
)
async def test_a_headless_node_looks_for_neighbours_unless_it_is_told_not_to(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    variable: str | None,
    options: tuple[str, ...],
    wanted: bool,
) -> None:
    given: list[Any] = []

    def made(*parts: Any, lan: Any) -> None:
        given.append(lan)
        raise PeerNodeError("NO_BOOTSTRAP")  # that was all the test wants to see

    monkeypatch.setattr(cli, "PeerNode", made)
    monkeypatch.delenv("STARLING_LAN", raising=False)
    if variable is not None:
        monkeypatch.setenv("STARLING_LAN", variable)
    asked = cli.parser().parse_args(["--data", str(tmp_path), *options])
    assert await cli.Headless(asked).run() == 1
    assert [isinstance(lan, LanDiscovery) for lan in given] == [wanted]
    assert wanted or given == [None]
