#!/bin/sh
# Find or install the programs that the tests drive: a Chromium, a Redis server, Node.js.
# tools/test_programs.sh VENV. Only what is missing is installed; see tools/system_packages.sh.
set -eu

venv=$1
here=$(dirname "$0")

have() { command -v "$1" >/dev/null 2>&1; }

have_chromium() {
    { [ -n "${CHROMIUM:-}" ] && [ -x "$CHROMIUM" ]; } || have chromium || have chromium-browser || have google-chrome ||
        "$venv/bin/python" -m tools.find_chromium >/dev/null 2>&1
}

missing=""
have_chromium || missing="$missing chromium fonts-liberation"
have redis-server || missing="$missing redis-server"
have node || missing="$missing nodejs"
[ -n "$missing" ] || exit 0

# shellcheck disable=SC2086  # a list of package names
if "$here/system_packages.sh" "for the tests" $missing; then
    exit 0
fi

have_chromium || {
    echo "Trying Playwright's own Chromium instead, which needs no root."
    "$venv/bin/python" -m playwright install chromium
}
for program in redis-server node; do
    have "$program" || { echo "The tests need $program and it could not be installed." >&2; exit 1; }
done
