#!/bin/sh
# Start nginx with what only the running container knows: the backend's address and the name server.
# `serve-ui check` asks whether it answers. Only /tmp is written, so the root may be read-only.
set -eu

if [ "${1:-}" = check ]; then
  # Whichever of the two the base image has.
  if command -v wget >/dev/null 2>&1; then exec wget -q -O /dev/null -T 4 http://127.0.0.1:3000/healthz; fi
  if command -v curl >/dev/null 2>&1; then exec curl -fsS -m 4 -o /dev/null http://127.0.0.1:3000/healthz; fi
  exec python3 -c 'import urllib.request as r; r.urlopen("http://127.0.0.1:3000/healthz", timeout=4)'
fi

backend=${SALESCOMMAND_BACKEND:-backend:8001}
case $backend in
  *[!A-Za-z0-9.:_-]* | *:*:* | :* | *: ) echo "SALESCOMMAND_BACKEND is '$backend'; it must be HOST:PORT" >&2; exit 2 ;;
  *:*) ;;
  *) echo "SALESCOMMAND_BACKEND is '$backend'; it must be HOST:PORT" >&2; exit 2 ;;
esac
servers=$(awk '$1 == "nameserver" { print index($2, ":") ? "[" $2 "]" : $2 }' /etc/resolv.conf | tr '\n' ' ')
[ -n "$servers" ] || { echo "no name server in /etc/resolv.conf" >&2; exit 2; }

# nginx does not use the search list of resolv.conf: a short name of a cluster has to be given as a full one.
printf 'resolver %s valid=5s;\nresolver_timeout 3s;\nmap "" $backend { default "%s"; }\n' "$servers" "$backend" >/tmp/backend.conf
exec nginx -e /dev/stderr -c /etc/nginx/salescommand.conf -g 'daemon off;'
