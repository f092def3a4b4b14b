"""``python -m peernode``: one headless node; see ``peernode.cli``."""

from __future__ import annotations

import sys

from peernode.cli import main

if __name__ == "__main__":
    sys.exit(main())
