#!/usr/bin/env bash
# `kind.sh up`: a cluster, our images in it, the chart installed, its DataLake Ready, the demo loaded. `kind.sh down` removes it.
set -euo pipefail
cd "$(dirname "$0")/.."
cluster=salescommand space=salescommand release=salescommand
say() { printf '· %s\n' "$*"; }

need() {
  local missing=()
  for program in "$@"; do command -v "$program" >/dev/null || missing+=("$program"); done
  [ ${#missing[@]} -eq 0 ] || { echo "make kind needs ${missing[*]} on the PATH (kind.sigs.k8s.io, helm.sh, docs.docker.com)." >&2; exit 1; }
}

up() {
  need docker kind kubectl helm
  kind get clusters 2>/dev/null | grep -qx "$cluster" || kind create cluster --config kind-config.yaml --wait 120s
  export KUBECONFIG; KUBECONFIG=$(mktemp); trap 'rm -f "$KUBECONFIG"' EXIT
  kind get kubeconfig --name "$cluster" >"$KUBECONFIG"
  say "images"
  docker build --quiet -t salescommand:local . >/dev/null
  docker build --quiet -t salescommand-ui:local -f frontend/Dockerfile . >/dev/null
  kind load docker-image --name "$cluster" salescommand:local salescommand-ui:local
  say "chart"
  helm upgrade --install "$release" charts/salescommand --namespace "$space" --create-namespace --wait --timeout 10m \
    -f charts/salescommand/kind-values.yaml \
    --set frontend.service.type=NodePort --set frontend.service.nodePort=30300 \
    --set backend.service.type=NodePort --set backend.service.nodePort=30801
  kubectl -n "$space" wait --for=condition=Ready dl/main --timeout=180s
  say "demo"
  kubectl -n "$space" exec "$release-backend-0" -- salescommand demo --url "http://$release-backend:8001"
  cat <<END

SalesCommand runs in the kind cluster "$cluster":
  UI   http://localhost:3000
  API  http://localhost:8001/health

  kubectl --context kind-$cluster -n $space exec $release-backend-0 -- salescommand user create you@example.com --role admin
  kubectl --context kind-$cluster -n $space get dl main
  make kind-down
END
}

case ${1:-} in
  up) up ;;
  down) need kind; kind delete cluster --name "$cluster" ;;
  *) sed -n '2s/^# //p' "$0" >&2; exit 2 ;;
esac
