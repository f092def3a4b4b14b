#!/bin/sh
# Install Debian packages: tools/system_packages.sh "what for" PACKAGE...
# Runs as root, or through sudo (which may ask for a password only where a person can answer).
# Exit status 1 and a plain sentence when neither is possible.
set -eu

purpose=$1
shift

echo "Missing: $* ($purpose). Installing with apt-get, which needs root."

if ! command -v apt-get >/dev/null 2>&1; then
    echo "This is no Debian or Ubuntu: install the equivalent of \"$*\" yourself, then run make again." >&2
    exit 1
fi
if [ "$(id -u)" -eq 0 ]; then
    as_root=""
elif command -v sudo >/dev/null 2>&1 && { [ -t 0 ] || sudo -n true 2>/dev/null; }; then
    as_root="sudo"
else
    echo "You are not root and sudo can't be used here. Ask someone who is root to run:" >&2
    echo "    apt-get install $*" >&2
    exit 1
fi

$as_root apt-get update -q
$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@"
