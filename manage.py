#!/usr/bin/env python3
"""The app's commands; ``python manage.py chat`` serves everything from one process."""

import os
import sys

from django.core.management import execute_from_command_line

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "webchat.settings")
    execute_from_command_line(sys.argv)
