#!/bin/sh
# Erase the data folder, after making sure that nothing runs on it and that it is one of ours.
set -eu
cd "$(dirname "$0")/.."
data="${SALESCOMMAND_DATA_DIR:-data}"
if [ ! -e "$data" ]; then
  echo "Nothing to erase: $data does not exist."
  exit 0
fi
if [ ! -d "$data/run" ]; then
  echo "$data does not look like SalesCommand's data folder (no run/ in it); nothing erased." >&2
  exit 1
fi
pid=$(cat "$data/run/instance.lock" 2>/dev/null | sed -n 's/.*"pid": *\([0-9]*\).*/\1/p')
if [ -n "$pid" ] && kill -0 "$pid" 2>/dev/null; then
  echo "$data is in use by process $pid. Stop it first (Ctrl-C, or kill $pid), then run again." >&2
  exit 1
fi
rm -rf "$data"
echo "Erased $data."
