"""``python -m peernode``: one headless node (``cli``); with ``doctor``: what is wrong (``doctorcli``)."""

from __future__ import annotations

import sys

from peernode import cli, doctorcli


def main(arguments: list[str] | None = None) -> int:
    """The way in for both; the exit status."""
    given = sys.argv[1:] if arguments is None else arguments
    if given[:1] == ["doctor"]:
        return doctorcli.main(given[1:])
    return cli.main(given)


if __name__ == "__main__":
    sys.exit(main())
