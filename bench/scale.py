#!/usr/bin/env python3
"""How far one node goes, beside Apache Kafka 4.4.0 (1 GB of heap): each row on a fresh node of either.

  bench/scale.py [--only ROW,...] [--topics N] [--connections N] [--groups N] [--producers N] [--fetched N] [--servers moldau,apache] [--write]

Rows: topics (of 4 partitions: made, listed, stopped and started, killed and started), connections (that only are there), groups (classic,
one member each), producers (ids that wrote once, then expire), fetch (1 MB of each of so many partitions in one request). Prints a line for
each step: seconds, the server's CPU seconds, resident memory, open files. A step that takes longer than its patience is given up, which
its line says. --write puts the table into docs/performance.md. Needs gcc, and shared/peers above the repository or PEERS=FOLDER, and Java 17 for Apache.
"""
import argparse, pathlib, socket, struct, sys, tempfile, time

from kit import load, report, servers, wire

PARTITIONS = 4
PATIENCE_S = 300
STEPS = []


class GivenUp(Exception):
    pass


class Step:
    """Times what stands in its block, and notes what the server had of it."""

    def __init__(self, row, name, server, note=""):
        self.row, self.name, self.server, self.note = row, name, server, note

    def __enter__(self):
        self.begun, self.cpu = time.perf_counter(), self.server.cpu() if self.server.process else 0
        self.pid = self.server.process and self.server.pid
        return self

    def __exit__(self, kind, error, trace):
        took = time.perf_counter() - self.begun
        if kind in (GivenUp, SystemExit, ConnectionError, TimeoutError, socket.timeout):
            self.note = f"given up after {took:.0f} s: {error}"
        alive = self.server.process and self.server.process.poll() is None
        cpu = self.server.cpu() - (self.cpu if self.pid == self.server.pid else 0) if alive else None
        STEPS.append((self.row, self.name, self.server.name, took, cpu, self.server.rss_mb() if alive else None,
                      self.server.files() if alive else None, self.note))
        print(f"{self.server.name:7} {self.row:12} {self.name:44} {took:8.2f} s {report.figure(cpu):>7} s CPU "
              f"{report.figure(STEPS[-1][5]):>7} MB {STEPS[-1][6] or 0:>6} files {self.note}", flush=True)
        return False


def wait(what, condition):
    end = time.monotonic() + PATIENCE_S
    while not condition():
        if time.monotonic() > end:
            raise GivenUp(what)
        time.sleep(0.1)


def topics(server, settings, _):
    names = [f"many-{i}" for i in range(settings.topics)]

    def are_led():
        return all(wire.has_leaders(server.port, n, PARTITIONS) for n in (names[0], names[len(names) // 2], names[-1]))

    with Step("topics", f"make {settings.topics:,} topics of {PARTITIONS}", server) as step:
        for at in range(0, len(names), 500):
            wire.create_topics(server.port, names[at:at + 500], PARTITIONS)
            if time.perf_counter() - step.begun > PATIENCE_S:
                raise GivenUp(f"{at + 500} topics made")
        wait("not all have leaders", are_led)
    with Step("topics", "list all of them", server) as step:
        answer = wire.ask(server.port, wire.frame(3, 1, struct.pack(">i", -1)))
        step.note = f"{len(answer) / 1e6:.1f} MB"
    with Step("topics", "clean stop", server):
        server.stop()
    with Step("topics", "start after a clean stop", server):
        server.start(PATIENCE_S)
        wait("not all have leaders", are_led)
    time.sleep(3)
    server.kill()
    with Step("topics", "start after kill -9", server):
        server.start(PATIENCE_S)
        wait("not all have leaders", are_led)


def connections(server, settings, _):
    request, links = wire.frame(18, 0, b""), []
    before = server.rss_mb()
    with Step("connections", f"{settings.connections:,} connections, one request each", server) as step:
        for _ in range(settings.connections):
            link = socket.create_connection(("127.0.0.1", server.port), timeout=30)
            link.sendall(request)
            links.append(link)
        for link in links:
            if not link.recv(65536):
                raise GivenUp("a connection was closed")
        step.note = f"{(server.rss_mb() - before) * 1024 / len(links):.1f} KB a connection"
    with Step("connections", "10 s at rest", server):
        time.sleep(10)
    for link in links:
        link.close()


def groups(server, settings, _):
    server.topic("grouped", 1)
    names = [f"group-{i}" for i in range(settings.groups)]
    links = [socket.create_connection(("127.0.0.1", server.port), timeout=30) for _ in names]
    members = {}

    def has_coordinator(name):
        """A group that nobody is a member of knows no member: whoever says so has loaded it."""
        if wire.coordinator_error(server.port, name):
            return False
        error = struct.unpack_from(">h", wire.ask(server.port, wire.heartbeat(name, 1, "nobody")), 12)[0]
        return error not in (14, 15, 16)

    wait("no coordinator", lambda: all(map(has_coordinator, names)))
    with Step("groups", f"{settings.groups:,} groups of one member", server):
        for name, link in zip(names, links):
            link.sendall(wire.join_group(name, ""))
        for name, link in zip(names, links):
            error, generation, member = wire.joined(wire.receive(link))
            if error:
                raise GivenUp(f"JoinGroup: error {error}")
            members[name] = (generation, member)
            link.sendall(wire.sync_group(name, generation, member))
        for link in links:
            wire.receive(link)
    with Step("groups", "each commits, and sends heartbeats for 10 s", server):
        end = time.monotonic() + 10
        while time.monotonic() < end:
            for name, link in zip(names, links):
                link.sendall(wire.commit(name, *members[name], "grouped"))
                link.sendall(wire.heartbeat(name, *members[name]))
            for link in links:
                wire.receive(link)
                wire.receive(link)
            time.sleep(1)
    for link in links:
        link.close()


def producers(server, settings, generators):
    partitions = 12
    server.topic("written", partitions)
    value = wire.batch(1, 16)
    frames = [wire.produce("written", i % partitions, wire.by_producer(value, 1_000_000 + i)) for i in range(settings.producers)]
    with Step("producers", f"{settings.producers:,} producers write a record each", server):
        generators.raw(server.port, server.pid, frames, connections=12, depth=5, seconds=PATIENCE_S, warmup=0, count=len(frames),
                       error_at=wire.produce_error_at("written"))
    with Step("producers", "clean stop and start", server):
        server.stop()
        server.start(PATIENCE_S)
    with Step("producers", "60 s later: expired (after 20 s, looked for every 5)", server):
        time.sleep(60)


def fetch(server, settings, _):
    server.topic("wide", settings.fetched)
    records = wire.batch(16, 65000)
    with Step("fetch", f"{settings.fetched:,} partitions get 1 MB each", server):
        with socket.create_connection(("127.0.0.1", server.port), timeout=60) as link:
            for partition in range(settings.fetched):
                link.sendall(wire.produce("wide", partition, records))
                wire.receive(link)
    for most, name in ((50 << 20, "50 MB of all"), ((1 << 31) - 1, "all that one answer may hold")):
        with Step("fetch", f"one request for 1 MB of each, {name}", server) as step:
            answer = wire.ask(server.port, wire.fetch_all("wide", settings.fetched, 1 << 20, most))
            step.note = f"{len(answer) / 1e6:.0f} MB"


ROWS = {"topics": topics, "connections": connections, "groups": groups, "producers": producers, "fetch": fetch}
PROPERTIES = {"producers": ["producer.id.expiration.ms=20000", "producer.id.expiration.check.interval.ms=5000"],
              "groups": ["group.initial.rebalance.delay.ms=0"]}


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--only", default=",".join(ROWS))
    parser.add_argument("--topics", type=int, default=10_000)
    parser.add_argument("--connections", type=int, default=10_000)
    parser.add_argument("--groups", type=int, default=1000)
    parser.add_argument("--producers", type=int, default=1_000_000)
    parser.add_argument("--fetched", type=int, default=1000)
    parser.add_argument("--servers", default="moldau,apache")
    parser.add_argument("--program")
    parser.add_argument("--write", action="store_true")
    settings = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="moldau-scale-") as folder:
        work = pathlib.Path(folder)
        generators = load.Generators(work, build=False)
        program = settings.program or servers.published()
        for row in settings.only.split(","):
            for name in settings.servers.split(","):
                server = servers.Server(name, "apache" if name == "apache" else program, work / f"{name}-{row}", PROPERTIES.get(row, ()))
                try:
                    with Step(row, "start, empty", server):
                        server.start()
                    ROWS[row](server, settings, generators)
                except (GivenUp, ConnectionError, TimeoutError, SystemExit) as error:
                    print(f"{name}: {row}: {error}", file=sys.stderr)
                finally:
                    server.close()
    by = {}
    for row, step, name, *figures in STEPS:
        by.setdefault((row, step), {})[name] = figures
    cell = lambda figures, i, unit="": "–" if not figures or figures[i] is None else f"{report.figure(figures[i])}{unit}"
    rows = [[row, step, *(cell(found.get(n), i) for i in range(4) for n in settings.servers.split(",")),
             " · ".join(f"{n}: {f[4]}" for n, f in found.items() if f[4])] for (row, step), found in by.items()]
    names = [f"{what}, {n}" for what in ("s", "CPU s", "MB", "files") for n in settings.servers.split(",")]
    text = report.table(["", "step", *names, ""], rows)
    print("\n" + text)
    if settings.write:
        report.put("scale", text)


if __name__ == "__main__":
    main()
