#!/bin/sh
# Create the virtual environment and install the project: tools/python_environment.sh DIR EXTRAS
# Needs root only where python3 has no working venv module (bare Debian): then python3-venv is installed.
set -eu

venv=$1
extras=$2
here=$(dirname "$0")

# A python3 that is new enough and can make an environment with pip in it.
usable() {
    "$1" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
}

find_python() {
    for candidate in python3 /usr/bin/python3 python3.13 python3.12 python3.11; do
        if command -v "$candidate" >/dev/null 2>&1 && usable "$candidate"; then
            echo "$candidate"
            return 0
        fi
    done
    return 1
}

if ! "$venv/bin/python" -m pip --version >/dev/null 2>&1; then
    if ! python=$(find_python); then
        if ! python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            echo "Python 3.11 or newer is needed; \"python3 --version\" says: $(python3 --version 2>&1 || true)" >&2
            exit 1
        fi
        "$here/system_packages.sh" "to make $venv, where the Python packages go" python3-venv
        python=$(find_python) || { echo "python3 still can't make a virtual environment." >&2; exit 1; }
    fi
    echo "Making $venv with $python"
    "$python" -m venv --clear "$venv"
fi

echo "Installing the Python packages of pyproject.toml [$extras] into $venv (a minute or two the first time)"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --editable ".[$extras]"
