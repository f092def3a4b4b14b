"""Settings of the Python tests: the embedded shape on files that go away, and a fast password hash."""

import os
import tempfile
from pathlib import Path

for _name in [*os.environ]:
    if _name.startswith("STARLING_") or _name in ("DATABASE_URL", "REDIS_URL"):
        del os.environ[_name]
_directory = tempfile.TemporaryDirectory(prefix="starling-tests-")
os.environ["STARLING_DATA"] = _directory.name
os.environ["STARLING_UDP_PORT"] = "0"
os.environ["STARLING_CANARY"] = "off"  # tests of it switch it on

from webchat.settings import *  # noqa: E402, F403

DATABASES["default"]["TEST"] = {"NAME": str(Path(_directory.name) / "test.sqlite3")}  # noqa: F405
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
ALLOWED_HOSTS = ["testserver", "127.0.0.1", "localhost"]
