#!/bin/sh
# Resolve every requirements/*.in into a lock file with hashes, for all platforms and Python 3.11 and newer.
# The files name no registry and no path of this machine. `make lock` keeps pins that still fit;
# `make lock UPGRADE=1` takes the newest of everything.
set -eu
cd "$(dirname "$0")/.."
uv="${UV:-.setup/bootstrap/bin/uv}"

compile() {
  out="$1"
  shift
  echo "· $out"
  "$uv" pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
    --no-header --no-config ${UPGRADE:+--upgrade} \
    --no-emit-package salescommand --no-emit-package salescommand-lake \
    --no-emit-package salescommand-backend --no-emit-package salescommand-demo \
    --no-emit-package salescommand-operator \
    "$@" --output-file "$out" >/dev/null
}

compile requirements/bootstrap.txt requirements/bootstrap.in
compile requirements/runtime.lock requirements/runtime.in
compile requirements/dev.lock requirements/runtime.in requirements/dev.in --constraint requirements/runtime.lock
compile requirements/image.lock requirements/image.in --constraint requirements/runtime.lock
compile requirements/build.lock requirements/build.in --constraint requirements/runtime.lock
compile requirements/node.lock requirements/node.in
"$(./scripts/python.sh)" scripts/complete_npm_lock.py
