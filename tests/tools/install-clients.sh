#!/usr/bin/env bash
# Installs foreign clients that the conformance tests run: tests/tools/install-clients.sh [NAME...]
#   kcat             from the distribution's packages
#   tmux             from the distribution's packages: a terminal for the sessions of people
#   python           confluent-kafka, kafka-python and aiokafka from a folder of wheels, into a virtual environment
#   node             kafkajs and @platformatic/kafka by npm
#   node-librdkafka  @confluentinc/kafka-javascript by npm, built here against the system's libraries (about a minute, once)
#   java             checks that there is a JDK and compiles nothing: the tests compile their own programs
# Without a name: all of them. Everything goes to MOLDAU_TEST_CACHE (default ~/.cache/moldau-tests) and is installed
# once. One line for each name says "NAME: ready" or "NAME: missing: reason"; the exit code is the number missing.
# PEERS names the folder with the foreign software (default: shared/peers beside the repository, or in a folder above it).
set -u
here=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")" && pwd)
cache=${MOLDAU_TEST_CACHE:-$HOME/.cache/moldau-tests}
mkdir -p "$cache"
log=$cache/install.log
exec 9>"$cache/lock"
flock 9

find_peers() {
  [[ -n ${PEERS:-} ]] && { echo "$PEERS"; return; }
  local folder=$here
  while [[ $folder != / ]]; do
    folder=$(dirname "$folder")
    [[ -d $folder/shared/peers ]] && { echo "$folder/shared/peers"; return; }
  done
}

# apt PACKAGE...: installs what is not there yet.
apt() {
  local wanted=()
  for package in "$@"; do
    [[ $(dpkg-query -W -f '${Status}' "$package" 2>/dev/null) == 'install ok installed' ]] || wanted+=("$package")
  done
  [[ ${#wanted[@]} == 0 ]] && return 0
  command -v apt-get >/dev/null || { reason="this system has no apt-get; install: ${wanted[*]}"; return 1; }
  local sudo=()
  [[ $(id -u) == 0 ]] || sudo=(sudo -n)
  { "${sudo[@]}" apt-get update -qq
    DEBIAN_FRONTEND=noninteractive "${sudo[@]}" apt-get install -y --no-install-recommends "${wanted[@]}"
  } >>"$log" 2>&1 9>&- || { reason="apt-get could not install ${wanted[*]} (see $log)"; return 1; }
}

# A folder is ready when its stamp is the checksum of what it was installed from.
stamp() { cat "$@" 2>/dev/null | sha256sum | cut -d' ' -f1; }
is_stamped() { [[ -f $1/.stamp && $(cat "$1/.stamp") == "$2" ]]; }

install_kcat() {
  command -v kcat >/dev/null && return 0
  apt kcat
}

install_tmux() {
  command -v tmux >/dev/null && return 0
  apt tmux
}

install_python() {
  local peers wheels sum
  peers=$(find_peers)
  wheels=$peers/wheels
  [[ -n $peers && -d $wheels ]] || { reason="no folder of Python wheels (shared/peers/wheels)"; return 1; }
  command -v python3 >/dev/null || apt python3 || return 1
  sum=$(ls "$wheels" | sha256sum | cut -d' ' -f1)
  is_stamped "$cache/python" "$sum" && return 0
  python3 -c 'import ensurepip' 2>/dev/null || apt python3-venv || return 1
  rm -rf "$cache/python"
  { python3 -m venv "$cache/python" &&
    "$cache/python/bin/pip" install --quiet --no-index --find-links "$wheels" \
      confluent-kafka kafka-python aiokafka lz4 zstandard python-snappy cramjam crc32c
  } >>"$log" 2>&1 9>&- || { reason="pip could not install the wheels (see $log)"; return 1; }
  echo "$sum" >"$cache/python/.stamp"
}

# npm_project NAME: npm ci of the committed lock file into the cache.
npm_project() {
  command -v npm >/dev/null || { reason="npm is not installed"; return 1; }
  rm -rf "${cache:?}/$1"
  mkdir -p "$cache/$1"
  cp "$here/$1/package.json" "$here/$1/package-lock.json" "$cache/$1/"
  (cd "$cache/$1" && npm ci --ignore-scripts --no-audit --no-fund) >>"$log" 2>&1 9>&- ||
    { reason="npm could not install $1 (see $log)"; return 1; }
}

install_node() {
  local sum
  sum=$(stamp "$here/node/package.json" "$here/node/package-lock.json")
  is_stamped "$cache/node" "$sum" && return 0
  npm_project node || return 1
  echo "$sum" >"$cache/node/.stamp"
}

install_node_librdkafka() {
  local sum
  sum=$(stamp "$here/node-librdkafka/package.json" "$here/node-librdkafka/package-lock.json")
  is_stamped "$cache/node-librdkafka" "$sum" && return 0
  apt build-essential python3 pkg-config libssl-dev zlib1g-dev libzstd-dev libsasl2-dev libcurl4-openssl-dev || return 1
  npm_project node-librdkafka || return 1
  # Parallel make breaks its configure step, and static linking would download the libraries' sources.
  (cd "$cache/node-librdkafka" && unset MAKEFLAGS JOBS &&
    CKJS_LINKING=dynamic npm rebuild --build-from-source --foreground-scripts &&
    node -e 'const f = require("@confluentinc/kafka-javascript").features; if (!f.includes("zstd")) process.exit(1)'
  ) >>"$log" 2>&1 9>&- || { reason="the librdkafka binding did not build (see $log)"; return 1; }
  echo "$sum" >"$cache/node-librdkafka/.stamp"
}

install_java() {
  local peers
  peers=$(find_peers)
  [[ -n ${KAFKA_HOME:-} || -d $peers/kafka ]] || { reason="no Apache Kafka jars (shared/peers/kafka)"; return 1; }
  command -v javac >/dev/null && return 0
  apt openjdk-17-jdk-headless
}

names=("$@")
[[ ${#names[@]} == 0 ]] && names=(kcat tmux python node java node-librdkafka)
missing=0
{
  for name in "${names[@]}"; do
    reason="unknown name"
    if declare -F "install_${name//-/_}" >/dev/null && "install_${name//-/_}"; then
      echo "$name: ready"
    else
      echo "$name: missing: $reason"
      missing=$((missing + 1))
    fi
  done
  exit "$missing"
} | tee -a "$log"
exit "${PIPESTATUS[0]}"
