"""A run tells how far it is, and goes the same whether somebody looks or not."""

from __future__ import annotations

import re

import pytest

from peernode.simulation.commands.hourglass import Hourglass
from peernode.simulation.run import run
from peernode.simulation.scenario import parse
from tests.simulation.tiny import TINY


def test_a_long_run_tells_how_far_it_is_and_goes_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    scenario = parse(TINY)
    with Hourglass(scenario.duration_s, every_s=0.001) as hourglass:
        watched = run(scenario, 3, begun=hourglass.begin)
    assert re.search(r"^[\d.]+ of 16 virtual s after \d+ s$", capsys.readouterr().err, re.M)
    assert watched.trace_hash == run(scenario, 3).trace_hash
