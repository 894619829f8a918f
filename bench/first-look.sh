#!/usr/bin/env bash
# A first look at speed: our node and Apache Kafka 4.4.0 (1 GB of heap) under the same neutral load generator, one after
# the other in alternating order, and a table of medians: records a second, server CPU seconds and resident memory.
#   bench/first-look.sh [ROUNDS] [SECONDS]      (default 3 rounds of 10 seconds for each workload)
#   SERVERS=apache bench/first-look.sh           only one of them
# Needs shared/peers (kload and Apache Kafka's jars) above the repository, or PEERS=FOLDER, and Java 17.
set -euo pipefail
rounds=${1:-3}
seconds=${2:-10}
root=$(cd "$(dirname "$(readlink -f "$0")")/.." && pwd)
. "$root/bench/lib.sh"

# run NAME WORKLOAD ARGUMENT...: one line of kload's JSON with the server's figures, into the results.
run() {
  local name=$1 workload=$2 before after json
  shift 2
  before=$(cpu "$server")
  json=$("$kload" -b "127.0.0.1:$port" "$@" | tail -n 1)
  after=$(cpu "$server")
  echo "{\"server\":\"$name\",\"workload\":\"$workload\",\"cpu\":$(python3 -c "print($after - $before)"),\"rss\":$(rss "$server"),\"load\":$json}" \
    >>"$work/results"
}

read -ra servers <<<"${SERVERS:-moldau apache}"
[[ " ${servers[*]} " != *" moldau "* ]] || "$root/moldau" --version >/dev/null
for round in $(seq "$rounds"); do
  order=("${servers[@]}")
  ((round % 2)) || order=("${servers[1]:-}" "${servers[0]}")
  for name in "${order[@]}"; do
    [[ -n $name ]] || continue
    start "$name"
    echo "{\"server\":\"$name\",\"workload\":\"start\",\"cpu\":$(cpu "$server"),\"rss\":$(rss "$server"),\"load\":{\"seconds\":$started}}" \
      >>"$work/results"
    for size in 1024 100; do
      run "$name" "produce-$size" -mode produce -topic "p$size" -size "$size" -d "$seconds" -acks all
      # Batches of one size on both: how many records a batch holds at full speed depends on how soon the server answers, and
      # the consumer's cost on the batches.
      "$kload" -b "127.0.0.1:$port" -mode produce -topic "c$size" -size "$size" -d "$seconds" -batch 16384 >/dev/null
      run "$name" "consume-$size" -mode consume -topic "c$size" -d "$seconds"
    done
    run "$name" e2e -mode e2e -topic e2e -size 1024 -rate 5000 -d "$seconds" -linger 0s
    stop
  done
done

python3 - "$work/results" <<'EOF'
import collections, json, statistics, sys

def flat(load):
    """The numbers of one run; latencies stand inside, by their percentile."""
    numbers = {}
    for name, value in load.items():
        for inner, number in value.items() if isinstance(value, dict) else [(name, value)]:
            if isinstance(number, (int, float)) and not isinstance(number, bool):
                numbers[inner] = number
    return numbers


rows = collections.defaultdict(list)
for line in open(sys.argv[1]):
    row = json.loads(line)
    rows[row["workload"], row["server"]].append(row)
print(f"{'workload':14} {'server':8} {'CPU s':>8} {'RSS MB':>8}  load generator (medians)")
for (workload, server), runs in rows.items():
    median = lambda pick: statistics.median(pick(run) for run in runs)
    load = "  ".join(f"{n}={median(lambda run: flat(run['load']).get(n, 0)):.6g}" for n in flat(runs[0]["load"]))
    print(f"{workload:14} {server:8} {median(lambda run: run['cpu']):8.2f} {median(lambda run: run['rss']):8.0f}  {load}")
EOF
