"""What is measured: each group is a generator of rows, and each row runs on every server in turn.

A row's runs are dictionaries of figures; NAMES says what each is, its unit, and which way is better (for the ratio).
"""
import json, os, socket, statistics, struct, subprocess, sys, time

from . import servers, wire

KB64 = 65536
SIZES = {"100 B": 100, "1 KiB": 1024, "64 KiB": KB64}


class Row:
    """run(server) → figures. `load` names the generator; it stands in the row's name where it is not Moldau.Load."""

    def __init__(self, group, name, run):
        self.group, self.name, self.run = group, name, run


def stars(settings):
    """One factor at a time around (12 partitions, 1 connection, not compressed); with full, every combination."""
    if settings.full:
        return [(p, c, z) for p in (1, 12, 100) for c in (1, 16, 64) for z in ("none", "lz4", "zstd")]
    return [(12, 1, "none"), (1, 1, "none"), (100, 1, "none"), (12, 16, "none"), (12, 64, "none"), (12, 1, "lz4"), (12, 1, "zstd")]


def _name(size, partitions, connections, codec):
    return f"{size}, {partitions} partition{'s' * (partitions > 1)}, {connections} connection{'s' * (connections > 1)}, {codec}"


def _figures(answer, size):
    gigabytes = answer["records_s"] * answer.get("seconds", 0) * size / 1e9
    latency = answer.get("latency_ms") or {}
    return {
        "records_s": answer["records_s"], "mb_s": answer["mb_s"],
        "server_cpu_gb": answer["server_cpu"] / gigabytes if gigabytes else None,
        "client_cpu_gb": answer["cpu"] / gigabytes if gigabytes else None,
        "busy": (answer["server_cpu"] + answer["cpu"]) / answer["seconds"] / os.cpu_count() if answer.get("seconds") else None,
        **{p: latency.get(p) for p in ("p50", "p99", "p999", "p9999", "max")},
    }


def produce(settings, generators):
    for label, size in SIZES.items():
        for partitions, connections, codec in stars(settings):
            def run(server, size=size, partitions=partitions, connections=connections, codec=codec):
                server.topic("produce", partitions)
                answer = generators.load(server, "produce", "produce", size=size, partitions=partitions, clients=connections, codec=codec,
                                         batch=1 << 20, seconds=settings.seconds, warmup=settings.warmup)
                server.delete("produce")
                return _figures(answer, size) | {"rss": server.rss_mb()}
            yield Row("produce", _name(label, partitions, connections, codec), run)
        def neutral(server, size=size):
            server.topic("produce", 12)
            # A number of records, not a time: what kload has buffered at the end would be sent, but not counted.
            count = int(settings.seconds * min(500e6 / size, 1e6))
            answer = generators.kload(server, "produce", "produce", size=size, partitions=12, n=count, d=600, warmup=0)
            server.delete("produce")
            return _figures(answer | {"seconds": count / answer["records_s"]}, size) | {"rss": server.rss_mb()}
        yield Row("produce", _name(label, 12, 1, "none") + " (kload)", neutral)


def consume(settings, generators):
    filled = set()

    def fill(server, size, partitions, codec):
        """The same topic on each server: batches of 64 KiB, or of one record where that is larger."""
        topic, count = f"read-{size}-{partitions}-{codec}", max(1000, int(settings.fill_mb * 1e6 / size))
        if (server.name, topic) not in filled:
            server.topic(topic, partitions)
            generators.kload(server, "produce", topic, size=size, partitions=partitions, codec=codec, n=count, warmup=0, d=600,
                             batch=max(KB64, size + 1024), linger="20ms")
            filled.add((server.name, topic))
        return topic, count

    for label, size in SIZES.items():
        for partitions, connections, codec in stars(settings):
            def run(server, size=size, partitions=partitions, connections=connections, codec=codec):
                topic, count = fill(server, size, partitions, codec)
                answer = generators.load(server, "consume", topic, size=size, partitions=partitions, clients=connections, count=count,
                                         seconds=settings.seconds, warmup=settings.warmup)
                return _figures(answer | {"latency_ms": {}}, size) | {"rss": server.rss_mb()}
            yield Row("consume", _name(label, partitions, connections, codec), run)
        def neutral(server, size=size):
            topic, _ = fill(server, size, 12, "none")
            answer = generators.kload(server, "consume", topic, size=size)
            return _figures(answer | {"latency_ms": {}}, size) | {"rss": server.rss_mb()}
        yield Row("consume", _name(label, 12, 1, "none") + " (kload)", neutral)


def _requests(answer):
    done = answer["requests_s"] * answer["seconds"]
    return {"requests_s": answer["requests_s"], "mb_s": answer["mb_s"], "cpu_us": answer["server_cpu"] * 1e6 / done,
            "busy": (answer["server_cpu"] + answer["client_cpu"]) / answer["seconds"] / os.cpu_count(), **answer["latency_ms"]}


SHAPES = [("one record of 100 B", 1, 100, 12), ("16 KiB", 16, 1000, 12), ("64 KiB", 64, 1000, 12), ("1 MiB", 16, 65000, 12)]


def requests(settings, generators):
    """The same bytes to all servers, and to the C loop, by raw: 64 connections, one request under way on each."""
    def produce_frames(topic, count, size, partitions):
        records = wire.batch(count, size)
        return [wire.produce(topic, p, records) for p in range(partitions)]

    warm = set()
    for label, count, size, partitions in SHAPES:
        def run(server, count=count, size=size, partitions=partitions):
            frames = produce_frames("requests", count, size, partitions)
            if not isinstance(server, Loop):
                server.topic("requests", partitions)
            measure = lambda: generators.raw(server.port, server.pid, frames, connections=64, seconds=settings.seconds, warmup=0,
                                             error_at=wire.produce_error_at("requests"))
            if server.name not in warm:
                # Without it the first row would show how fast each server's code is compiled.
                warm.add(server.name)
                measure()
            answer = measure()
            if not isinstance(server, Loop):
                server.delete("requests")
            return _requests(answer)
        yield Row("requests", f"produce, {label} a request", run)

    def fetch_run(server):
        frames = [wire.fetch("fetched", p, 64 * i, KB64) for i in range(settings.fetch_batches) for p in range(FETCHED_PARTITIONS)]
        if not isinstance(server, Loop) and wire.create_topic(server.port, "fetched", FETCHED_PARTITIONS) == 0:
            fill_for_fetch(server, "fetched", FETCHED_PARTITIONS, settings.fetch_batches)
        return _requests(generators.raw(server.port, server.pid, frames, connections=64, seconds=settings.seconds, warmup=0,
                                        error_at=wire.fetch_error_at("fetched"), least=KB64 - 4096))
    yield Row("requests", "fetch, 64 KiB a request", fetch_run)


FETCHED_PARTITIONS = 12
FETCHED_BATCH = (64, 1000)


def fill_for_fetch(server, topic, partitions, batches):
    """Batches of just under 64 KiB in every partition, so that a fetch of 64 KiB gets one."""
    records = wire.batch(*FETCHED_BATCH)
    end = time.monotonic() + servers.PATIENCE_S
    while not wire.has_leaders(server.port, topic, partitions):
        if time.monotonic() > end:
            sys.exit(f"{server.name}: topic {topic} has no leaders")
        time.sleep(0.01)
    with socket.create_connection(("127.0.0.1", server.port)) as link:
        for partition in range(partitions):
            request = wire.produce(topic, partition, records)
            for _ in range(batches):
                link.sendall(request)
                error = struct.unpack_from(">h", wire.receive(link), wire.produce_error_at(topic))[0]
                if error:
                    sys.exit(f"{server.name}: error {error} while {topic} was filled")


class Loop:
    """c/loop.c, with the answers of a real server."""
    name = "loop"

    def __init__(self, generators, server, threads=2):
        work = generators.work
        server.topic("shape", 1)
        records = wire.batch(*FETCHED_BATCH)
        answer = wire.ask(server.port, wire.produce("requests", 0, records))  # An error's answer has the same shape,
        at = wire.produce_error_at("requests")
        (work / "produce.answer").write_bytes(answer[:at] + b"\0\0" + answer[at + 2:])  # but for its code.
        fill_for_fetch(server, "shape", 1, 1)
        head, body = wire.fetch_head(wire.ask(server.port, wire.fetch("shape", 0, 0, KB64)), "shape")
        # "fetched" is two letters longer than "shape".
        name = wire.string("shape")
        head = head.replace(name, wire.string("fetched"))
        (work / "fetch.head").write_bytes(struct.pack(">i", len(head) - 4 + len(body)) + head[4:])
        with open(work / "fetch.file", "wb") as file:
            for _ in range(4096):
                file.write(body)
        self.port = servers.free_port()
        self.process = subprocess.Popen([str(work / "loop"), str(self.port), str(threads), str(work), str(work / "produce.answer"),
                                         str(work / "fetch.head"), str(work / "fetch.file"), str(len(body))])
        self.pid = self.process.pid
        time.sleep(0.2)

    def close(self):
        self.process.kill()
        self.process.wait()


def end_to_end(settings, generators):
    """Open loop at shares of Apache's capacity (records of 1 KiB a second that pass through it, linger 0, both sides at full speed; the
    median of the rounds so far); where it is not measured, of this node's."""
    capacity, warm = [], set()

    def measure(server):
        server.topic("capacity", 12)
        answer = generators.load(server, "e2e", "capacity", partitions=12, size=1024, linger=0, batch=16384, seconds=settings.seconds,
                                 warmup=settings.warmup)
        server.delete("capacity")
        return answer["records_s"]

    def find(server):
        if server.name not in warm:
            # The first runs show how fast each server's code is compiled, and all rates hang on this row.
            warm.add(server.name)
            for _ in range(3):
                measure(server)
        rate = measure(server)
        if server.is_apache or not settings.has_apache:
            capacity.append(rate)
        return {"records_s": rate}

    yield Row("end to end", "capacity (1 KiB, linger 0)", find)
    for share in (0.1, 0.5, 0.8):
        def run(server, share=share):
            server.topic("e2e", 12)
            answer = generators.load(server, "e2e", "e2e", partitions=12, size=1024, linger=0, batch=16384, rate=statistics.median(capacity) * share,
                                     seconds=settings.long_seconds, warmup=settings.warmup)
            server.delete("e2e")
            return _figures(answer, 1024)
        yield Row("end to end", f"at {share:.0%} of capacity", run)
    def neutral(server):
        server.topic("e2e", 12)
        before = server.cpu()
        answer = generators.kload(server, "e2e", "e2e", partitions=12, size=1024, rate=int(statistics.median(capacity) * 0.1), d=settings.long_seconds,
                                  linger="0s")
        server.delete("e2e")
        return {"server_cpu": server.cpu() - before, **answer["latency_ms"]}
    yield Row("end to end", "at 10% of capacity (kload)", neutral)
    def fan_out(server):
        server.topic("e2e", 12)
        answer = generators.load(server, "e2e", "e2e", partitions=12, size=1024, linger=0, batch=16384, rate=5000, clients=8,
                                 seconds=settings.long_seconds, warmup=settings.warmup)
        server.delete("e2e")
        return _figures(answer, 1024)
    yield Row("end to end", "5,000 a second, 8 readers of all", fan_out)


def innocent(settings, generators):
    """Latency of 1,000 records of 1 KiB a second, linger 0, while others keep the server busy."""
    def paced(server):
        return generators.start(server, "e2e", "paced", partitions=12, size=1024, linger=0, rate=1000, seconds=settings.long_seconds,
                                warmup=settings.warmup)

    def finish(process):
        text, _ = process.communicate()
        if process.returncode:
            sys.exit("the paced client failed")
        return json.loads(text)["latency_ms"]

    def alone(server):
        server.topic("paced", 12)
        figures = finish(paced(server))
        server.delete("paced")
        return figures
    yield Row("innocent", "alone", alone)

    def bulk(server):
        server.topic("paced", 12)
        server.topic("bulk", 12)
        writer = generators.start(server, "produce", "bulk", partitions=12, size=1024, rate=100_000,
                                  seconds=settings.long_seconds + 1, warmup=settings.warmup)
        figures = finish(paced(server))
        writer.communicate()
        server.delete("paced", "bulk")
        return figures
    yield Row("innocent", "beside a writer of 100 MB/s", bulk)

    def cold(server):
        server.topic("paced", 12)
        if wire.create_topic(server.port, "cold", 6) == 0:
            server.topic("cold2", 1)
            generators.kload(server, "produce", "cold", size=1024, partitions=6, n=int(settings.cold_mb * 1000), warmup=0, d=600)
        forget(server.data, "cold")
        process = paced(server)
        time.sleep(settings.warmup)
        reader = generators.kload(server, "consume", "cold", size=1024)
        figures = finish(process)
        server.delete("paced")
        return figures | {"mb_s": reader["mb_s"]}
    yield Row("innocent", "beside a reader of what is not in memory", cold)

    def stalled(server):
        """A node of its own with two log directories, of which one takes half a second for each write and sync."""
        work = server.work.parent / f"{server.name}-two"
        control = work.parent / f"{server.name}-control"
        control.write_bytes(bytes(4096))
        two = servers.Server(server.name, server.folder, work, [f"log.dirs={work}/a,{work}/b"],
                             {"LD_PRELOAD": generators.failing_calls(), "FAILING_CALLS": str(control)})
        try:
            two.start()
            for i in range(6):
                two.topic(f"paced{i}", 1)
            swift, slow = (next(path.name[:-2] for path in (work / place).glob("paced*-0")) for place in "ab")
            writer = generators.start(two, "produce", slow, partitions=1, size=1024, rate=1000, linger=0,
                                      seconds=settings.long_seconds + 5, warmup=0)
            calls, delay, all_of_them, ms = 2 | 4 | 8, 3, -1, 500
            plan = struct.pack("=8i", calls, delay, 0, 0, all_of_them, ms, 0, 0) + bytes(work / "b")
            with open(control, "r+b") as file:
                file.write(plan)
            time.sleep(0.5 if settings.quick else 3)  # Not the moment when it begins, which nobody can foresee.
            process = generators.start(two, "e2e", swift, partitions=1, size=1024, linger=0, rate=1000, seconds=settings.long_seconds,
                                       warmup=settings.warmup)
            figures = finish(process)
            hits = struct.unpack("=8i", control.read_bytes()[:32])[6]
            with open(control, "r+b") as file:
                file.write(bytes(4))
            writer.communicate()
            if not hits:
                sys.exit(f"{server.name}: no call was slowed down")
            return figures | {"hits": hits}
        finally:
            two.close()
    yield Row("innocent", "beside a log directory whose calls take 500 ms", stalled)


def forget(folder, topic):
    """Takes a topic's files out of the page cache."""
    for path in folder.glob(f"{topic}-*/*.log"):
        with open(path, "rb") as file:
            os.fdatasync(file.fileno())
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def group_commit(settings, generators):
    """Acknowledge after fdatasync, beside what the device gives to a program that only writes to as many files, preallocated, and syncs."""
    records = wire.batch(1, 1024)

    def device(folder, files):
        opened = [os.open(folder / f"sync-{i}", os.O_CREAT | os.O_WRONLY) for i in range(files)]
        for fd in opened:
            os.posix_fallocate(fd, 0, max(1 << 20, (64 << 20) // files))
            os.fsync(fd)
        done, end = 0, time.monotonic() + settings.seconds
        begun = time.monotonic()
        while time.monotonic() < end:
            fd = opened[done % files]
            os.write(fd, records)
            os.fdatasync(fd)
            done += 1
        took = time.monotonic() - begun
        for i, fd in enumerate(opened):
            os.close(fd)
            os.unlink(folder / f"sync-{i}")
        return done / took

    for partitions in (1, 100, 1000):
        for connections in (1, 64):
            def run(server, partitions=partitions, connections=connections):
                server.topic("synced", partitions, moldau_acknowledge="fsync")
                frames = [wire.produce("synced", p, records) for p in range(partitions)]
                flushes = device(server.work, partitions)
                answer = generators.raw(server.port, server.pid, frames, connections=connections, seconds=settings.seconds, warmup=0.5,
                                        error_at=wire.produce_error_at("synced"))
                server.delete("synced")
                figures = _requests(answer)
                return figures | {"device_s": flushes, "of_device": figures["requests_s"] / flushes}
            yield Row("group commit", f"{partitions} partition{'s' * (partitions > 1)}, {connections} connection{'s' * (connections > 1)}", run)


def system(settings, generators):
    """What the system alone takes to send a file over loopback (c/sendfile.c): no server's share of consume can be less."""
    def run(server, buffer):
        path = generators.work / "sent"
        if not path.exists():
            path.write_bytes(os.urandom(1 << 20) * (32 if settings.quick else 512))
        gigabytes = 0.2 if settings.quick else 4
        return json.loads(subprocess.check_output([str(generators.work / "sendfile"), str(path), "1000000", str(buffer), str(gigabytes)]))
    for name, buffer in (("send buffer of 100 KiB, as both brokers have it", 102400), ("send buffer of 1 MiB", 1 << 20),
                         ("send buffer as the system sizes it", 0)):
        yield Row("system", name, lambda server, buffer=buffer: run(server, buffer))


def start(settings, generators):
    """A fresh folder, and at rest."""
    def run(server):
        server.stop()
        answered, ready = server.start()
        time.sleep(2)
        before, rss = server.cpu(), server.rss_mb()
        time.sleep(settings.idle_seconds)
        return {"answered": answered, "ready": ready, "rss": rss, "idle": (server.cpu() - before) / settings.idle_seconds * 100,
                "files": server.files()}
    yield Row("start", "start, and at rest", run)


def recovery(settings, generators):
    """kill -9 with so many GB in 12 partitions, and the time until all of them have leaders and the last records are read."""
    def run(server):
        server.topic("recovered", 12)
        count = int(settings.recovery_gb * 1e9 / KB64)
        generators.kload(server, "produce", "recovered", size=KB64, partitions=12, n=count, warmup=0, d=600)
        server.kill()
        begun, cpu = time.perf_counter(), None
        server.start()
        while not wire.has_leaders(server.port, "recovered", 12):
            time.sleep(0.005)
        took = time.perf_counter() - begun
        cpu = server.cpu()
        answer = generators.kload(server, "consume", "recovered", size=KB64)
        if answer["records"] < count:
            sys.exit(f"{server.name}: {count - answer['records']} of {count} records are gone")
        server.delete("recovered")
        return {"seconds": took, "cpu": cpu}
    yield Row("recovery", f"{settings.recovery_gb:g} GB", run)


GROUPS = {"start": start, "produce": produce, "consume": consume, "requests": requests, "e2e": end_to_end, "innocent": innocent,
          "fsync": group_commit, "system": system, "recovery": recovery}
