#!/usr/bin/env python3
"""CPU time of a server per record, of several builds in turn in one run: a change is a ratio, not a figure.

  bench/cpu-per-record.py ROUNDS NAME=FOLDER[;VARIABLE=VALUE][;prop:property=value] ... NAME=apache

FOLDER is a published copy of the executable (artifacts/moldau after ./moldau --version; copy it away before changing the
source). Each variant gets fresh nodes, in an order that turns round after each round; the first one named is the base of
the ratios. User and system time of the process, exact numbers of records, all of a node's run included: its compiler too.
  WORKLOADS=p100,c100,p1024,c1024   produce and consume, bytes of a record
  RECORDS=400000000                 bytes of records of each produce run
Needs shared/peers (kload, and Apache Kafka's jars for apache) above the repository, or PEERS=FOLDER.
"""
import collections, os, pathlib, statistics, sys, tempfile

from kit import load, servers

WORKLOADS = os.environ.get("WORKLOADS", "p100,c100,p1024,c1024").split(",")
BYTES = int(os.environ.get("RECORDS", "400000000"))


def start(name, spec, work):
    folder, *rest = spec.split(";")
    server = servers.Server(name, folder, work / name, [r[5:] for r in rest if r.startswith("prop:")],
                            dict(r.split("=", 1) for r in rest if not r.startswith("prop:")))
    server.start()
    return server


def run(server, generators, workload):
    """CPU µs a record, and records/s."""
    size = int(workload[1:])
    records = BYTES // size
    if workload[0] == "p":
        answer = generators.kload(server, "produce", f"t{size}", size=size, n=records, warmup=0)
    else:
        answer = generators.kload(server, "consume", f"t{size}", size=size)
    return 1e6 * answer["server_cpu"] / answer.get("records", records), answer["records_s"]


def main():
    rounds, variants = int(sys.argv[1]), [v.split("=", 1) for v in sys.argv[2:]]
    rows = collections.defaultdict(list)
    with tempfile.TemporaryDirectory() as folder:
        work = pathlib.Path(folder)
        generators = load.Generators(work, build=False)
        for turn in range(rounds):
            for name, spec in variants[::-1 if turn % 2 else 1]:
                servers.touch_memory(work)
                server = start(name, spec, work)
                for workload in WORKLOADS:
                    rows[workload, name].append(run(server, generators, workload))
                server.close()
    for workload in WORKLOADS:
        base = None
        for name, _ in variants:
            cost, rate = (statistics.median(column) for column in zip(*rows[workload, name]))
            base = base or (cost, rate)
            print(f"{workload:6} {name:12} {cost:7.3f} us a record {cost / base[0]:5.2f}x   "
                  f"{rate / 1e3:6.0f} k records/s {rate / base[1]:5.2f}x")


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    main()
