#!/usr/bin/env bash
# How a node opens many partitions: creates TOPICS topics of 1,000 partitions each, stops and starts the node, then kills
# it (kill -9) and starts it again. Prints seconds, CPU seconds, resident memory and open files of each step.
#   bench/many-partitions.sh [TOPICS] [RECORDS]   (default 10 topics; RECORDS: written to every topic first, default 0)
#   MOLDAU=PROGRAM                                the program to measure, else the repository's, built if necessary
# Needs shared/peers (kload) above the repository, or PEERS=FOLDER.
set -euo pipefail
topics=${1:-10}
records=${2:-0}
root=$(cd "$(dirname "$(readlink -f "$0")")/.." && pwd)
peers=${PEERS:-}
for folder in "$root" "$root/.." "$root/../.."; do
  [[ -z $peers && -d $folder/shared/peers ]] && peers=$(cd "$folder/shared/peers" && pwd)
done
[[ -n $peers ]] || { echo "many-partitions: no folder shared/peers above the repository" >&2; exit 1; }
kload=$peers/kload/kload
if [[ -z ${MOLDAU:-} ]]; then
  "$root/moldau" --version >/dev/null
  MOLDAU=$root/artifacts/moldau/moldau
fi
work=$(mktemp -d)
server=
trap '[[ -n $server ]] && kill -9 "$server" 2>/dev/null; rm -rf "$work"' EXIT

free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
cpu() { awk -v hz="$(getconf CLK_TCK)" '{ sub(/^.*\) /, ""); printf "%.2f", ($12 + $13) / hz }' "/proc/$1/stat"; }
rss() { awk '/^VmRSS:/ { printf "%.0f", $2 / 1024 }' "/proc/$1/status"; }
files() { find "/proc/$1/fd" -mindepth 1 2>/dev/null | wc -l; }
since() { python3 -c "import time; print(round(time.time() - $1, 2))"; }

# row WHAT SECONDS CPU_BEFORE
row() {
  printf '%-34s %8s s %8s s CPU %6s MB %6s files\n' "$1" "$2" \
    "$(python3 -c "print(round($(cpu "$server") - $3, 2))")" "$(rss "$server")" "$(files "$server")"
}

# start WHAT: returns when the node says that it serves.
start() {
  : >"$work/log"
  local before=$(date +%s.%N)
  "$MOLDAU" start "$work/server.properties" >"$work/log" 2>&1 &
  server=$!
  until grep -q "Kafka Server started" "$work/log"; do
    kill -0 "$server" 2>/dev/null || { cat "$work/log" >&2; exit 1; }
    sleep 0.02
  done
  row "$1" "$(since "$before")" 0
}

port=$(free_port)
cat >"$work/server.properties" <<PROPERTIES
process.roles=broker,controller
node.id=1
listeners=PLAINTEXT://127.0.0.1:$port,CONTROLLER://127.0.0.1:$((port + 1))
controller.quorum.bootstrap.servers=127.0.0.1:$((port + 1))
controller.listener.names=CONTROLLER
log.dirs=$work/data
offsets.topic.replication.factor=1
PROPERTIES
"$MOLDAU" storage format --standalone -t "$(head -c 16 /dev/urandom | base64 | tr '+/' 'xy' | tr -d '=')" \
  -c "$work/server.properties" >/dev/null

start "start, empty"
before=$(date +%s.%N)
spent=$(cpu "$server")
for i in $(seq "$topics"); do
  "$kload" -b "127.0.0.1:$port" -mode create -topic "many-$i" -partitions 1000 >/dev/null
done
row "create $topics topics of 1,000" "$(since "$before")" "$spent"
if ((records > 0)); then
  before=$(date +%s.%N)
  spent=$(cpu "$server")
  for i in $(seq "$topics"); do
    "$kload" -b "127.0.0.1:$port" -mode produce -topic "many-$i" -partitions 1000 -size 100 -n "$records" >/dev/null
  done
  row "$records records to each topic" "$(since "$before")" "$spent"
fi

before=$(date +%s.%N)
kill "$server"
wait "$server" || true
printf '%-34s %8s s\n' "clean stop" "$(since "$before")"
start "start after a clean stop"
# What a start leaves to do afterwards is done before the kill.
sleep 2
row "2 s later" - 0
kill -9 "$server"
wait "$server" 2>/dev/null || true
start "start after kill -9"
