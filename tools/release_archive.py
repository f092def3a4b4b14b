"""``python -m tools.release_archive [REVISION]``: keep the engine of a release, to be tested against.

The package ``peernode`` of a git revision, without its simulator, becomes
``tests/golden/releases/starling-VERSION.zip``; the version is that revision's ``pyproject.toml``'s. The
interpreter imports from the archive as it is (``zipimport``, by PYTHONPATH), so a test can start the
released node beside today's (``tests/headless/test_releases.py``). The same revision gives the same bytes.
Once a version is released its archive is never made anew.
"""

from __future__ import annotations

import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

FOLDER = Path("tests/golden/releases")
PACKAGE = "peernode/"
LEFT_OUT = "peernode/simulation/"
EPOCH = (1980, 1, 1, 0, 0, 0)
"""The oldest time that an archive can hold; every file has it."""


def _git(*arguments: str) -> bytes:
    return subprocess.run(["git", *arguments], check=True, capture_output=True).stdout


def files_of(revision: str) -> list[str]:
    """Paths of the engine's files in a revision, sorted."""
    paths = _git("ls-tree", "-r", "-z", "--name-only", revision, PACKAGE).decode().split("\0")
    return sorted(path for path in paths if path and not path.startswith(LEFT_OUT))


def version_of(revision: str) -> str:
    """The project's version in a revision."""
    return str(tomllib.loads(_git("show", f"{revision}:pyproject.toml").decode())["project"]["version"])


def write(revision: str, folder: Path = FOLDER) -> Path:
    """Make the archive of a revision; where it is."""
    path = folder / f"starling-{version_of(revision)}.zip"
    folder.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name in files_of(revision):
            entry = zipfile.ZipInfo(name, EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, _git("show", f"{revision}:{name}"))
    return path


if __name__ == "__main__":
    sys.stdout.write(f"{write(sys.argv[1] if len(sys.argv) > 1 else 'HEAD')}\n")
