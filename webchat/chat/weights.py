"""How much room something takes that is kept: what holds texts is bounded by bytes, not by number alone."""

from __future__ import annotations

import json
from typing import Any


def weight_of(content: dict[str, Any]) -> int:
    """The bytes of an event or an answer as JSON in ASCII: not less than its texts take, in any script."""
    return len(json.dumps(content))
