#!/usr/bin/env bash
# Provide a browser for the tests of the built book: the one on PATH, else Debian's chromium, else playwright's own.
set -euo pipefail
cd "$(dirname "$0")/.."

for name in chromium chromium-browser google-chrome google-chrome-stable; do
  if command -v "$name" >/dev/null; then exit 0; fi
done

as_root=()
[ "$(id -u)" = 0 ] || as_root=(sudo -n)
if command -v apt-get >/dev/null && "${as_root[@]}" true 2>/dev/null; then
  echo "Installing Debian's chromium for the browser tests …"
  if "${as_root[@]}" apt-get update -qq && DEBIAN_FRONTEND=noninteractive "${as_root[@]}" apt-get install -y -qq chromium >/dev/null; then
    exit 0
  fi
fi

echo "Installing playwright's own browser for the browser tests …"
.venv/bin/python -m playwright install chromium || echo "No browser can be had here: the browser tests will say so."
