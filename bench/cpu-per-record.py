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
import base64, collections, json, os, pathlib, shutil, socket, statistics, subprocess, sys, tempfile, time

ROOT = pathlib.Path(__file__).resolve().parent.parent
PEERS = pathlib.Path(os.environ.get("PEERS") or next(
    (p for p in (ROOT / "shared/peers", ROOT.parent / "shared/peers", ROOT.parent.parent / "shared/peers") if p.is_dir()),
    "shared/peers"))
KLOAD = str(PEERS / "kload/kload")
KAFKA = [str(PEERS / "kafka/bin/kafka"), "-V", "4.4.0"]
WORKLOADS = os.environ.get("WORKLOADS", "p100,c100,p1024,c1024").split(",")
BYTES = int(os.environ.get("RECORDS", "400000000"))
TICKS = os.sysconf("SC_CLK_TCK")


class Node:
    def __init__(self, name, spec, work):
        self.name = name
        self.folder, *rest = spec.split(";")
        self.properties = [r[5:] for r in rest if r.startswith("prop:")]
        self.environment = dict(os.environ) | dict(r.split("=", 1) for r in rest if not r.startswith("prop:"))
        self.work = work / name

    def start(self):
        self.work.mkdir()
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        file = str(self.work / "server.properties")
        pathlib.Path(file).write_text("\n".join([
            "process.roles=broker,controller", "node.id=1", "controller.listener.names=CONTROLLER",
            f"listeners=PLAINTEXT://127.0.0.1:{self.port},CONTROLLER://127.0.0.1:{self.port + 1}",
            f"controller.quorum.bootstrap.servers=127.0.0.1:{self.port + 1}",
            f"log.dirs={self.work}/data", "offsets.topic.replication.factor=1", *self.properties, ""]))
        if self.folder == "apache":
            self.environment |= {"HEAP": "1g", "LOG_LEVEL": "ERROR"}
            tool, run = [*KAFKA, "storage"], [*KAFKA, "server-start", file]
        else:
            tool, run = [f"{self.folder}/moldau", "storage"], [f"{self.folder}/moldau", "start", file]
        id = base64.b64encode(os.urandom(16), b"xy").decode().rstrip("=")
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "env": self.environment}
        subprocess.run([*tool, "format", "--standalone", "-t", id, "-c", file], check=True, **quiet)
        self.process = subprocess.Popen(run, **quiet)
        ready = [KLOAD, "-b", f"127.0.0.1:{self.port}", "-mode", "create", "-topic", "ready", "-partitions", "1"]
        for _ in range(300):
            if subprocess.run(ready, **quiet).returncode == 0:
                return
            time.sleep(0.1)
        raise SystemExit(f"{self.name} does not start")

    def cpu(self):
        """User and system seconds so far."""
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(") ", 1)[1].split()
        return int(fields[11]) / TICKS, int(fields[12]) / TICKS

    def run(self, workload):
        size = int(workload[1:])
        load = [KLOAD, "-b", f"127.0.0.1:{self.port}", "-topic", f"t{size}", "-size", str(size)]
        if workload[0] == "p":
            records = BYTES // size
            load += ["-mode", "produce", "-n", str(records), "-warmup", "0"]
        else:
            load += ["-mode", "consume"]
        before = self.cpu()
        answer = json.loads(subprocess.run(load, stdout=subprocess.PIPE, text=True, check=True).stdout.splitlines()[-1])
        after = self.cpu()
        records = answer.get("records", BYTES // size)
        return *[1e6 * (a - b) / records for a, b in zip(after, before)], answer["records_s"]

    def stop(self):
        self.process.terminate()
        self.process.wait()
        shutil.rmtree(self.work)


def touch_memory(work):
    """A virtual machine gets its memory from the host page by page, at 2 s a GB and to the account of whoever touches it
    first: have it all there before anything is measured."""
    with open(work / "warm", "wb") as file:
        for _ in range(4 * 1024):
            file.write(bytes(1 << 20))
    os.unlink(work / "warm")


def main():
    rounds, variants = int(sys.argv[1]), [v.split("=", 1) for v in sys.argv[2:]]
    rows = collections.defaultdict(list)
    with tempfile.TemporaryDirectory() as folder:
        work = pathlib.Path(folder)
        for turn in range(rounds):
            for name, spec in variants[::-1 if turn % 2 else 1]:
                touch_memory(work)
                node = Node(name, spec, work)
                node.start()
                for workload in WORKLOADS:
                    rows[workload, name].append(node.run(workload))
                node.stop()
    for workload in WORKLOADS:
        base = None
        for name, _ in variants:
            user, system, rate = (statistics.median(column) for column in zip(*rows[workload, name]))
            base = base or (user + system, rate)
            print(f"{workload:6} {name:12} {user + system:7.3f} us a record (user {user:.3f}, system {system:.3f})"
                  f" {(user + system) / base[0]:5.2f}x   {rate / 1e3:6.0f} k records/s {rate / base[1]:5.2f}x")


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    main()
