"""Settings of servers under test: what the environment chose, and the hooks of ``tests.support``."""

import os

from webchat.settings import *  # noqa: F403

NODE_ENVIRONMENT = "tests.support.network.environment"
ROOT_URLCONF = "tests.support.urls"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STREAM_EVENTS_MAX = int(os.environ.get("E2E_STREAM_EVENTS", "2000"))
MESSAGES_PER_WINDOW_MAX = int(os.environ.get("E2E_MESSAGES_PER_WINDOW", "10"))
