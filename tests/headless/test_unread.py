"""A headless node in diagnostic mode whose standard error nobody reads."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from peernode.diagnostics.jsonlines import PIECE_BYTES
from tests.headless.processes import Headless

MESSAGES = 60


def test_a_node_goes_on_and_ends_while_nobody_reads_its_log(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, PIECE_BYTES)
    options = ("--diagnostic", "on", "--channel", "#lobby")
    with os.fdopen(writing, "a") as log:
        node = Headless(tmp_path / "ann", *options, log=log)
        node.first("joined")
        node.type(*(f"message {number}" for number in range(MESSAGES)))
        node.wait(lambda _: len(node.all("sent")) == MESSAGES, "all are sent")
        assert node.stop() == 0
    with os.fdopen(reading, "rb") as rest:
        assert 0 < len(rest.read()) <= PIECE_BYTES, "there was more to tell than was taken"
