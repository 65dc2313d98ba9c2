#!/bin/sh
# Print the interpreter that sets SalesCommand up: SALESCOMMAND_PYTHON, or the first Python 3.11 to 3.13 on the PATH.
# Each candidate is run, not only looked up: a version manager's shim may exist and still refuse.
set -u

probe='import sys; print(sys.executable if (3, 11) <= sys.version_info < (3, 14) else "", "%d.%d.%d" % sys.version_info[:3])'
seen=""

try() {
  answer=$("$1" -c "$probe" 2>/dev/null) || return 1
  path=${answer% *}
  if [ -n "$path" ]; then
    echo "$path"
    exit 0
  fi
  version=${answer##* }
  seen="$seen $1 ($version)"
}

if [ -n "${SALESCOMMAND_PYTHON:-}" ]; then
  try "$SALESCOMMAND_PYTHON"
  why="it does not run"
  [ -z "$seen" ] || why="it is Python $version"
  echo "SALESCOMMAND_PYTHON=$SALESCOMMAND_PYTHON cannot be used: $why; SalesCommand needs Python 3.11, 3.12 or 3.13." >&2
  exit 1
fi
for candidate in python3 python3.13 python3.12 python3.11 python; do
  try "$candidate"
done
echo "SalesCommand needs Python 3.11, 3.12 or 3.13; found:${seen:- none}. Install one (apt-get install python3 python3-venv, brew install python@3.13), or set SALESCOMMAND_PYTHON=/path/to/python and run again." >&2
exit 1
