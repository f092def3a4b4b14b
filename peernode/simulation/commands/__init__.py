"""The command line, one module per command.

Each has ``add``, which declares its options, and ``carry_out``, which returns the exit status. Only
``wall`` reads the real clock; ``pool`` is the only one that starts other processes.
"""

from __future__ import annotations

HELD, NOT_HELD, UNUSABLE = 0, 1, 2
"""Exit status: everything holds; something does not; it could not be tried."""
