"""An identity as it is taken along, for tests."""

from __future__ import annotations

import base64

from tests.support.pictures import png
from webchat.accounts.identityfile import Carried

PASSPHRASE = "six words that nobody else knows"
SEED = bytes(range(32))
PROFILE = {"name": "Ann of old", "about": "before", "picture": base64.b64encode(png(8, 8)).decode()}
CARRIED = Carried(SEED, PROFILE)
