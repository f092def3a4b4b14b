#!/usr/bin/env python3
"""The app's commands; ``python manage.py chat`` serves everything from one process."""

import os
import sys

from django.core.management import execute_from_command_line

from peernode.diagnostics.codes import CATALOGUE
from webchat.deployment import DeploymentError
from webchat.keyfiles import KeyFileError

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "webchat.settings")
    try:
        execute_from_command_line(sys.argv)
    except (DeploymentError, KeyFileError) as error:
        sys.exit(f"Starling can't run: {error}\n{error.code}: {CATALOGUE[error.code].remedy}")
