#!/usr/bin/env bash
# Runs a member of the replica set. The first member makes the set and its user once, and adds members that came later.
set -euo pipefail
shell=(mongosh --quiet --norc --host "$POD_NAME.$DOMAIN")
[ -z "$TLS" ] || shell+=(--tls --tlsCAFile /etc/salescommand/tls/ca.crt)

if [ "${1:-}" = ready ]; then
  answer=0
  "${shell[@]}" --eval 'const s = db.hello(); quit(s.isWritablePrimary || s.secondary ? 0 : 1)' || answer=1
  rm -rf /tmp/.mongodb # each run of the shell leaves a log behind
  exit "$answer"
fi

# mongod wants its key to be readable by itself alone, which a mounted Secret is not.
install -m 0400 /keyfile/keyfile /tmp/keyfile
options=(--replSet rs0 --keyFile /tmp/keyfile --bind_ip_all --dbpath /data/db --wiredTigerCacheSizeGB 0.25)
if [ -n "$TLS" ]; then
  (umask 077; cat /etc/salescommand/tls/tls.key /etc/salescommand/tls/tls.crt >/tmp/server.pem)
  options+=(--tlsMode requireTLS --tlsCertificateKeyFile /tmp/server.pem --tlsCAFile /etc/salescommand/tls/ca.crt
    --tlsAllowConnectionsWithoutCertificates)
fi

# From this machine and before the first user is made, mongod lets anyone make one; after that it asks for the password.
prepare() {
  local here=(mongosh --quiet --norc --host localhost)
  [ -z "$TLS" ] || here+=(--tls --tlsCAFile /etc/salescommand/tls/ca.crt --tlsAllowInvalidHostnames)
  "${here[@]}" --eval '
    const hosts = process.env.HOSTS.split(","), user = process.env.MONGO_USERNAME, password = process.env.MONGO_PASSWORD;
    const admin = db.getSiblingDB("admin");
    if (!db.hello().setName) rs.initiate({_id: "rs0", members: [{_id: 0, host: hosts[0]}]});
    for (let wait = 0; wait < 60 && !db.hello().isWritablePrimary && !db.hello().secondary; wait++) sleep(1000);
    if (!db.hello().isWritablePrimary) quit(db.hello().secondary ? 0 : 1);
    try { admin.auth(user, password); } catch (error) {
      print("making the first user");
      admin.createUser({user, pwd: password, roles: ["root"]});
      admin.auth(user, password);
    }
    const there = rs.conf().members.map((member) => member.host);
    for (const host of hosts.filter((each) => !there.includes(each))) rs.add(host);
    quit(rs.conf().members.length < hosts.length ? 1 : 0);
  '
}

if [ "${POD_NAME##*-}" = 0 ]; then
  (
    for _ in $(seq 200); do
      sleep 3
      if prepare; then rm -rf /tmp/.mongodb; exit 0; fi
    done
    echo "the replica set could not be prepared; see the lines above" >&2
  ) &
fi
exec mongod "${options[@]}"
