#!/usr/bin/env python3
"""Clients side by side: the same work by this repository's client and by others, against the same server process, one after the other in
an order that turns round with each round; medians, and ratios to the first client with the least and most of the rounds.

  bench/clients.py [--rounds N] [--seconds S] [--server moldau|apache|both] [--clients NAME,...] [--workloads NAME,...]
                   [--base FOLDER] [--wait MS] [--quick] [--write] [--program FOLDER]

--server  moldau (the default), Apache Kafka 4.4.0 with 1 GB of heap, or both in turn
--base    one more client "base": Moldau.Load as it was built in another work tree
--wait    fetch.max.wait.ms of the consume workloads (10)
--quick   a round of half a second each, records of 100 B and latency: shows that all of it works
--write   puts the tables into docs/performance.md
--program FOLDER   a published copy of the executable to measure against, with nothing built anew by dotnet
Clients: moldau; confluent (Confluent.Kafka for .NET with librdkafka out of the Python wheel); librdkafka (the Python binding
confluent_kafka); java (Apache's client 4.4.0, -Xmx512m). One that cannot be had here is left out, and that is said.
Workloads: produce-100, produce-1024, consume-100, consume-1024, e2e (5,000 records of 1 KiB a second, open loop).
Settings, the same on all: 6 partitions, no keys, no compression; acks=all, idempotent, linger 5 ms (e2e: 0), batches of 64 KiB, 32 MiB of
buffer memory, no handler for each record; consumers have all partitions assigned, check CRCs, fetch with min.bytes 1, max.wait --wait
(e2e: 500), max.bytes 50 MiB, 1 MiB a partition, commit nothing, read values as bytes, and read a topic (filled by kload in batches of
64 KiB) again and again. Java polls up to 5,000 records at once; ours are read by batches.
2 seconds of warm-up (--quick: 0.2), or what it takes until records come, are not counted. Records count where the client has taken them
(produce: the buffer memory makes it wait for acknowledgements) or handed them out. CPU is user and system time of the client's process in
the counted time, its compiler included; memory is resident at the end. Latency is from before the call that sends to the reader's hands.
Needs shared/peers (kload, Kafka's jars, wheels) above the repository or PEERS=FOLDER, gcc, and Java 17 with javac.
"""
import argparse, collections, os, pathlib, subprocess, sys, tempfile

from kit import load, report, servers
from kit.report import figure, median, progress, ratio, shown, table

BENCH = servers.ROOT / "bench"
PARTITIONS = 6
RATE = 5000
CLIENTS = {"moldau": "Moldau", "confluent": "Confluent.Kafka", "librdkafka": "Python", "java": "Java", "base": "base"}
WORKLOADS = {"produce-100": "produce 100 B", "produce-1024": "produce 1 KiB", "consume-100": "consume 100 B",
             "consume-1024": "consume 1 KiB", "e2e": f"{RATE:,} of 1 KiB a second"}
SERVERS = {"moldau": "Against this node", "apache": "Against Apache Kafka 4.4.0"}


class Missing(Exception):
    """Why a client cannot be had here."""


class Clients:
    """Knows of each client what starts it; builds what is not there."""

    def __init__(self, work, settings):
        self.work, self.settings = work, settings
        self.generators = load.Generators(work, build=not settings.program)
        self.words, self.missing = {}, {}
        for name in settings.clients:
            try:
                self.words[name] = getattr(self, f"_{name}")()
            except Missing as why:
                self.missing[name] = str(why)

    def run(self, name, server, mode, topic, size, count, wait):
        """One run: what the client says of it, as JSON. count: of the topic's records (consume), or records a second (e2e)."""
        seconds, warmup, bootstrap = self.settings.seconds, self.settings.warmup, f"127.0.0.1:{server.port}"
        if name in ("moldau", "base"):
            words = [mode, f"bootstrap={bootstrap}", f"topic={topic}", f"size={size}", f"seconds={seconds}", f"warmup={warmup}",
                     "batch=65536", "buffer=33554432", f"wait={wait}",
                     *{"produce": [], "consume": [f"count={count}"], "e2e": [f"rate={count}", "linger=0"]}[mode]]
        else:
            words = [mode, bootstrap, topic, size, seconds, warmup, count, wait]
        with open(self.work / "errors", "w+") as errors:
            process = subprocess.Popen([*self.words[name], *map(str, words)], stdout=subprocess.PIPE, stderr=errors, text=True)
            try:
                return load.last_line(process)
            except SystemExit as failure:
                errors.seek(0)
                print(f"{failure}{errors.read()[-2000:]}", file=sys.stderr)
                return None

    def _moldau(self):
        return [self.generators.moldau]

    def _base(self):
        return [_there(pathlib.Path(self.settings.base) / "bench/Moldau.Load" / load.BIN)]

    def _librdkafka(self):
        return [str(self._python()), str(BENCH / "clients/librdkafka.py")]

    def _confluent(self):
        folder = BENCH / "Confluent.Bench/bin/Release/net10.0"
        library = next(self._python().parents[1].rglob("librdkafka-*.so*"), None)
        if library is None:
            raise Missing("the Python wheel has no librdkafka")
        if not self.settings.program:
            _call("dotnet", "build", BENCH / "Confluent.Bench", "-c", "Release", "--nologo", "-v", "q")
        program = _there(folder / "Confluent.Bench")
        link = folder / "librdkafka.so"
        link.unlink(missing_ok=True)
        link.symlink_to(library)
        return [program]

    def _java(self):
        jars = f"{servers.peers()}/kafka/4.4.0/*:{servers.peers()}/kafka/common/*"
        _call("javac", "-cp", jars, "-d", self.work, BENCH / "clients/JavaClient.java")
        return ["java", "-Xmx512m", "-cp", f"{self.work}:{jars}", "JavaClient"]

    def _python(self):
        _call(servers.ROOT / "tests/tools/install-clients.sh", "python")
        cache = os.environ.get("MOLDAU_TEST_CACHE") or pathlib.Path.home() / ".cache/moldau-tests"
        return pathlib.Path(cache) / "python/bin/python"


def _there(program):
    if not program.exists():
        raise Missing(f"{program} is not built")
    return str(program)


def _call(*words):
    try:
        done = subprocess.run([str(w) for w in words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    except FileNotFoundError as missing:
        raise Missing(str(missing)) from None
    if done.returncode:
        raise Missing((done.stdout.strip() or f"{words[0]}: ended with {done.returncode}").splitlines()[-1])


def options():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--seconds", type=float)
    parser.add_argument("--server", choices=("moldau", "apache", "both"), default="moldau")
    parser.add_argument("--clients", default="moldau,confluent,librdkafka,java")
    parser.add_argument("--workloads")
    parser.add_argument("--base")
    parser.add_argument("--wait", type=int, default=10)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--program")
    settings = parser.parse_args()
    settings.rounds = settings.rounds or (1 if settings.quick else 3)
    settings.seconds = settings.seconds or (0.5 if settings.quick else 3)
    settings.warmup = 0.2 if settings.quick else 2
    settings.fill = 0.02 if settings.quick else 1
    settings.clients = settings.clients.split(",") + (["base"] if settings.base else [])
    settings.workloads = (settings.workloads or ("produce-100,consume-100,e2e" if settings.quick else ",".join(WORKLOADS))).split(",")
    settings.servers = ["moldau", "apache"] if settings.server == "both" else [settings.server]
    for name, known in [(n, CLIENTS) for n in settings.clients] + [(n, WORKLOADS) for n in settings.workloads]:
        if name not in known:
            parser.error(f"{name} is none of {', '.join(known)}")
    return settings


def count(size, settings):
    """Records of a topic that is read."""
    return int({100: 2_000_000, 1024: 400_000}[size] * settings.fill)


def run(clients, name, server, workload, number, settings):
    mode, _, size = workload.partition("-")
    size = int(size or 1024)
    if mode == "consume":
        return clients.run(name, server, mode, workload, size, count(size, settings), settings.wait)
    topic = f"{workload}-{name}-{number}"
    server.topic(topic, PARTITIONS)
    answer = clients.run(name, server, mode, topic, size, RATE, 500)
    server.delete(topic)
    return answer


def measure(settings):
    """Runs everything: {server: {workload: {client: [a run or None, a round each]}}}."""
    runs = {n: {w: collections.defaultdict(list) for w in settings.workloads} for n in settings.servers}
    with tempfile.TemporaryDirectory(prefix="moldau-clients-") as folder:
        work = pathlib.Path(folder)
        clients = Clients(work, settings)
        for name, why in clients.missing.items():
            print(f"left out: {name}: {why}", file=sys.stderr)
        program = "moldau" in settings.servers and (settings.program or servers.published())
        if not settings.quick:
            servers.touch_memory(work)
        nodes = []
        try:
            for name in settings.servers:
                nodes.append(servers.Server(name, "apache" if name == "apache" else program, work / name))
                nodes[-1].start()
            for size in (int(w[8:]) for w in settings.workloads if w.startswith("consume")):
                for node in nodes:
                    node.topic(f"consume-{size}", PARTITIONS)
                    clients.generators.kload(node, "produce", f"consume-{size}", partitions=PARTITIONS, size=size,
                                             n=count(size, settings), d=600, warmup=0, batch=65536)
            for number in range(settings.rounds):
                turn = -1 if number % 2 else 1
                for workload in settings.workloads:
                    for node in nodes[::turn]:
                        for name in list(clients.words)[::turn]:
                            progress(f"round {number + 1} of {settings.rounds}: {workload}, {node.name}, {name}")
                            runs[node.name][workload][name].append(run(clients, name, node, workload, number, settings))
        finally:
            for node in nodes:
                node.close()
    progress("")
    return runs


def tables(runs, clients):
    """For each server what a million records cost, and what else was measured; medians."""
    text = []
    for server, workloads in runs.items():
        there = [c for c in clients if any(c in by for by in workloads.values())]
        costs, rates, latencies, memory = [], [], [], []
        for workload, by in workloads.items():
            def column(client, pick):
                return [pick(run) if run and run["records"] else None for run in by[client]]

            def medians(pick):
                return [figure(median(column(c, pick))) for c in there]

            spent = [column(c, lambda run: run["cpu"] / run["records"] * 1e6) for c in there]
            costs.append([WORKLOADS[workload], figure(median(spent[0])),
                          *(f"{figure(median(s))} · {shown(ratio(s, spent[0]))}" for s in spent[1:])])
            if workload == "e2e":
                for p in ("p50", "p99"):
                    latencies.append([f"{p} ms, {WORKLOADS[workload]}", *medians(lambda run: run.get("latency_ms", run)[p])])
            else:
                rates.append([f"records/s, {WORKLOADS[workload]}", *medians(lambda run: run["records"] / run["seconds"])])
            memory.append([f"resident MB, {WORKLOADS[workload]}", *medians(lambda run: run["rss"])])
        names = [CLIENTS[c] for c in there]
        text.append(f"### {SERVERS[server]}\n\n" + table(["client's CPU seconds a million records", *names], costs)
                    + "\n" + table(["", *names], rates + latencies + memory))
    return "\n".join(text)


def main():
    settings = options()
    text = tables(measure(settings), settings.clients)
    print(text)
    if settings.write:
        report.put("clients", text)


if __name__ == "__main__":
    main()
