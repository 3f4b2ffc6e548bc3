#!/usr/bin/env bash
# Make .venv with exactly the packages of requirements.lock, and the project itself in it.
set -euo pipefail
cd "$(dirname "$0")/.."
started=$SECONDS

find_python() {
  for candidate in ${PYTHON:-} python3 python3.13 python3.12 python3.11 python; do
    if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then
      echo "$candidate"
      return
    fi
  done
  echo "The book needs Python 3.11 or newer, and none was found. Install it, or name it: make book PYTHON=/path/to/python3" >&2
  exit 1
}

if [ ! -x .venv/bin/python ]; then
  python=$(find_python)
  echo "Setting up .venv with $("$python" --version) …"
  "$python" -m venv .venv || {
    rm -rf .venv
    echo "This Python cannot make virtual environments. On Debian or Ubuntu: apt install python3-venv" >&2
    exit 1
  }
fi

if [ ! -x .venv/bin/uv ] && command -v uv >/dev/null; then
  ln -s "$(command -v uv)" .venv/bin/uv
fi
[ -x .venv/bin/uv ] || .venv/bin/python -m pip install --quiet --disable-pip-version-check uv 2>/dev/null || true

if [ -x .venv/bin/uv ]; then
  echo "Installing the packages of requirements.lock with uv …"
  .venv/bin/uv pip install --quiet --python .venv/bin/python --compile-bytecode --require-hashes -r requirements.lock
  .venv/bin/uv pip install --quiet --python .venv/bin/python --no-deps --editable .
else
  echo "Installing the packages of requirements.lock with pip (uv cannot be had; this takes a minute or two) …"
  .venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
  .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
fi
echo "Set up in $((SECONDS - started)) s."
