#!/usr/bin/env bash
# Clients side by side: the same work by this repository's client and by others, against the same server process, one after
# the other in an order that turns round with each round; and a table of medians.
#   bench/clients.sh [ROUNDS] [SECONDS]     (default 3 rounds of 3 seconds for each workload and client)
#   SERVER=apache bench/clients.sh           Apache Kafka 4.4.0 as the server, not this repository's
#   CLIENTS="moldau java" WORKLOADS="produce-100 e2e"   some of them
#   BASE=FOLDER                              one more client "base": Moldau.Load as built in another work tree
# Clients: moldau; confluent (Confluent.Kafka for .NET with librdkafka out of the Python wheel); librdkafka (the Python
# binding confluent_kafka); java (Apache's client 4.4.0, -Xmx512m). One that cannot be had here is left out, and that is said.
# Workloads: produce-100, produce-1024, consume-100, consume-1024, e2e (5,000 records of 1 KiB a second, open loop).
# Settings, the same on all: 6 partitions, no keys, no compression; acks=all, idempotent, linger 5 ms (e2e: 0), batches of
# 64 KiB, 32 MiB of buffer memory, no handler for each record; consumers have all partitions assigned, check CRCs, fetch with
# min.bytes 1, max.wait FETCH_WAIT ms (default 10; e2e: 500), max.bytes 50 MiB, 1 MiB a partition,
# commit nothing, read values as bytes, and read a topic of COUNT records
# (filled by kload in batches of 64 KiB) again and again. Java polls up to 5,000 records at once; ours are read by batches.
# 2 seconds of warm-up are not counted. Records count where the client has taken them (produce: the buffer memory makes it
# wait for acknowledgements) or handed them out. CPU is user and system time of the client's process in the counted time,
# its compiler included; memory is resident at the end. Latency is from before the call that sends to the reader's hands.
# Needs shared/peers (kload, Kafka's jars, wheels) above the repository or PEERS=FOLDER, and Java 17 with javac.
set -euo pipefail
rounds=${1:-3}
seconds=${2:-3}
root=$(cd "$(dirname "$(readlink -f "$0")")/.." && pwd)
. "$root/bench/lib.sh"
export FETCH_WAIT=${FETCH_WAIT:-10}
server_name=${SERVER:-moldau}
read -ra clients <<<"${CLIENTS:-moldau confluent librdkafka java}"
read -ra workloads <<<"${WORKLOADS:-produce-100 produce-1024 consume-100 consume-1024 e2e}"
declare -A count=([100]=2000000 [1024]=400000)
python=${MOLDAU_TEST_CACHE:-$HOME/.cache/moldau-tests}/python
dotnet_client=bench/Moldau.Load/bin/Release/net10.0/Moldau.Load
confluent_client=Confluent.Bench/bin/Release/net10.0

build() { dotnet build "$root/bench/$1" -c Release --nologo -v q >"$work/build" 2>&1; }
librdkafka() { find "$python" -name 'librdkafka-*.so*' -print -quit 2>/dev/null; }

# is_there CLIENT: builds or finds it.
is_there() {
  case $1 in
    moldau) build Moldau.Load ;;
    base) [[ -x ${BASE:-}/$dotnet_client ]] ;;
    confluent)
      "$root/tests/tools/install-clients.sh" python >/dev/null && [[ -n $(librdkafka) ]] && build Confluent.Bench &&
        ln -sf "$(librdkafka)" "$root/bench/$confluent_client/librdkafka.so"
      ;;
    librdkafka) "$root/tests/tools/install-clients.sh" python >/dev/null ;;
    java) javac -cp "$peers/kafka/4.4.0/*:$peers/kafka/common/*" -d "$work" "$root/bench/clients/JavaClient.java" 2>"$work/build" ;;
    *) echo "unknown client" >"$work/build"; return 1 ;;
  esac
}

# client NAME MODE TOPIC SIZE COUNT: one line of JSON.
client() {
  local name=$1 run
  shift
  case $name in
    moldau | base)
      run=("$([[ $name == base ]] && echo "$BASE" || echo "$root")/$dotnet_client" "$1" "bootstrap=127.0.0.1:$port" "topic=$2" "size=$3"
        "seconds=$seconds" batch=65536 buffer=33554432)
      case $1 in
        consume) run+=("count=$4" "wait=$FETCH_WAIT") ;;
        e2e) run+=("rate=$4" linger=0) ;;
      esac
      "${run[@]}" 2>>"$work/errors" | tail -n 1
      return
      ;;
    confluent) run=("$root/bench/$confluent_client/Confluent.Bench") ;;
    librdkafka) run=("$python/bin/python" "$root/bench/clients/librdkafka.py") ;;
    java) run=(java -Xmx512m -cp "$work:$peers/kafka/4.4.0/*:$peers/kafka/common/*" JavaClient) ;;
  esac
  "${run[@]}" "$1" "127.0.0.1:$port" "$2" "$3" "$seconds" "$4" 2>>"$work/errors" | tail -n 1
}

# run CLIENT WORKLOAD: one line into the results, with what the server spent on it.
run() {
  local mode=${2%-*} size=${2#*-} topic=$2 before spent json
  [[ $mode != e2e ]] || size=1024
  if [[ $mode != consume ]]; then
    topic=$2-$1-$round
    "$kload" -b "127.0.0.1:$port" -mode create -topic "$topic" -partitions 6 >/dev/null
  fi
  local n=${count[$size]}
  [[ $mode != e2e ]] || n=5000
  before=$(cpu "$server")
  json=$(client "$1" "$mode" "$topic" "$size" "$n") || { tail -n 5 "$work/errors" >&2; echo "$me: $1 $2 failed" >&2; return 0; }
  spent=$(python3 -c "print($(cpu "$server") - $before)")
  echo "{\"client\":\"$1\",\"workload\":\"$2\",\"server\":$spent,\"run\":$json}" >>"$work/results"
  [[ $mode == consume ]] || "$root/$dotnet_client" delete "bootstrap=127.0.0.1:$port" "topic=$topic"
}

there=()
is_there moldau || { cat "$work/build" >&2; exit 1; }
for name in "${clients[@]}"; do
  if is_there "$name"; then there+=("$name"); else echo "$me: left out: $name: $(tail -n 1 "$work/build" 2>/dev/null)" >&2; fi
done
[[ $server_name == apache ]] || "$root/moldau" --version >/dev/null
: >"$work/results"
start "$server_name"
for size in 100 1024; do
  [[ " ${workloads[*]} " != *" consume-$size "* ]] || "$kload" -b "127.0.0.1:$port" -mode produce -topic "consume-$size" \
    -partitions 6 -size "$size" -n "${count[$size]}" -d 600 -warmup 0 -batch 65536 >/dev/null
done
for round in $(seq "$rounds"); do
  order=("${there[@]}")
  ((round % 2)) || mapfile -t order < <(printf '%s\n' "${there[@]}" | tac)
  for workload in "${workloads[@]}"; do
    for name in "${order[@]}"; do run "$name" "$workload"; done
  done
done
stop

python3 - "$work/results" <<'TABLE'
import collections, json, statistics, sys

rows = collections.defaultdict(list)
for line in open(sys.argv[1]):
    row = json.loads(line)
    rows[row["workload"], row["client"]].append(row)
print(f"{'workload':13} {'client':11} {'records/s':>10} {'CPU s/M':>8} {'least':>6} {'most':>6} {'ratio':>6} {'p50 ms':>7} {'p99 ms':>7} "
      f"{'RSS MB':>7}  runs")
cost = lambda row: row["run"]["cpu"] / row["run"]["records"] * 1e6
first = {}
for workload in dict.fromkeys(w for w, _ in rows):
    for client in dict.fromkeys(row_client for w, row_client in rows if w == workload):
        runs = rows[workload, client]
        median = lambda pick: statistics.median(pick(row) for row in runs)
        first.setdefault(workload, median(cost))
        latency = [median(lambda row: row["run"].get("latency_ms", row["run"])[p]) for p in ("p50", "p99")]
        shown = [f"{ms:7.2f}" if ms else f"{'':7}" for ms in latency]
        print(f"{workload:13} {client:11} {median(lambda row: row['run']['records'] / row['run']['seconds']):10.0f} "
              f"{median(cost):8.3f} {min(map(cost, runs)):6.3f} {max(map(cost, runs)):6.3f} {median(cost) / first[workload]:6.2f} "
              f"{shown[0]} {shown[1]} {median(lambda row: row['run']['rss']):7.0f}  {len(runs)}")
print("CPU s/M: the client's CPU seconds for a million records, its least and most; ratio: that to the first client's")
TABLE
