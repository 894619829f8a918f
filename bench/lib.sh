# What the bench scripts share: where foreign software is, and a server of a fresh folder. Sourced by scripts that have
# set root (the repository) and need a temporary folder work, which goes with them.
#   peers kload kafka       shared/peers above the repository, or PEERS=FOLDER
#   start NAME              moldau or apache (4.4.0, 1 GB of heap): sets server, port and started (seconds to the first topic)
#   stop; cpu PID; rss PID  CPU seconds so far; resident memory in MB
me=$(basename "$0" .sh)
peers=${PEERS:-}
for folder in "$root" "$root/.." "$root/../.."; do
  [[ -z $peers && -d $folder/shared/peers ]] && peers=$(cd "$folder/shared/peers" && pwd)
done
[[ -n $peers ]] || { echo "$me: no folder shared/peers above the repository" >&2; exit 1; }
kload=$peers/kload/kload
kafka=$peers/kafka/bin/kafka
work=$(mktemp -d)
server=
trap '[[ -n $server ]] && kill -9 "$server" 2>/dev/null; rm -rf "$work"' EXIT

# A port that is free together with the one after it, which is the controller's.
free_port() {
  python3 - <<'PYTHON'
import socket
while True:
    with socket.socket() as one, socket.socket() as two:
        one.bind(("127.0.0.1", 0))
        try:
            two.bind(("127.0.0.1", one.getsockname()[1] + 1))
        except (OSError, OverflowError):
            continue
        print(one.getsockname()[1])
        break
PYTHON
}

# The server's CPU time so far, in seconds, and its resident memory in MB.
cpu() { awk -v hz="$(getconf CLK_TCK)" '{ sub(/^.*\) /, ""); printf "%.2f", ($12 + $13) / hz }' "/proc/$1/stat"; }
rss() { awk '/^VmRSS:/ { printf "%.0f", $2 / 1024 }' "/proc/$1/status"; }

properties() {
  cat <<PROPERTIES
process.roles=broker,controller
node.id=1
listeners=PLAINTEXT://127.0.0.1:$port,CONTROLLER://127.0.0.1:$((port + 1))
controller.quorum.bootstrap.servers=127.0.0.1:$((port + 1))
controller.listener.names=CONTROLLER
log.dirs=$work/data
offsets.topic.replication.factor=1
PROPERTIES
}

start() {
  rm -rf "$work/data"
  port=$(free_port)
  properties >"$work/server.properties"
  local id
  id=$(head -c 16 /dev/urandom | base64 | tr '+/' 'xy' | tr -d '=')
  if [[ $1 == apache ]]; then
    "$kafka" -V 4.4.0 storage format --standalone -t "$id" -c "$work/server.properties" >/dev/null 2>&1
    local before=$(date +%s.%N)
    HEAP=1g LOG_LEVEL=ERROR "$kafka" -V 4.4.0 server-start "$work/server.properties" >"$work/log" 2>&1 &
    server=$!
  else
    "$root/moldau" storage format --standalone -t "$id" -c "$work/server.properties" >/dev/null
    local before=$(date +%s.%N)
    "$root/artifacts/moldau/moldau" start "$work/server.properties" >"$work/log" 2>&1 &
    server=$!
  fi
  for _ in $(seq 300); do
    if "$kload" -b "127.0.0.1:$port" -mode create -topic ready -partitions 1 >/dev/null 2>&1; then break; fi
    kill -0 "$server" 2>/dev/null || { cat "$work/log" >&2; exit 1; }
    sleep 0.1
  done
  started=$(python3 -c "import time; print(round(time.time() - $before, 2))")
}

stop() { kill "$server"; wait "$server" 2>/dev/null || true; server=; }
