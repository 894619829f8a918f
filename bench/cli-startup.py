#!/usr/bin/env python3
"""How long a call of the command line takes, from the fork to the first byte of output and to the end of the process.

    bench/cli-startup.py [PROGRAM] [--rounds N] [--jit]

PROGRAM is what ./moldau builds (artifacts/moldau/moldau). Starts a node of its own with an order stream, calls each verb N times in
turn and prints, in milliseconds, the soonest and the median first byte, the soonest end, and the least CPU time, which other load on
the machine does not change much. --jit adds how many methods were compiled at run time, because they could not be ahead of it.
"""
import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time

from kit import servers

VERBS = [
    "help", "topic create --help", "topic list", "topic describe orders", "broker list", "group list", "health",
    "consume orders -n 1", "consume orders -n 1 -o -1", "echo x | produce orders",
    "kafka-topics --list", "kafka-get-offsets --topic orders",
    "kafka-console-consumer --topic orders --from-beginning --max-messages 1",
]
INPUT = "echo x | "


def call(program, verb, environment, port):
    words = verb.removeprefix(INPUT).split()
    if words[0].startswith("kafka-"):
        words += ["--bootstrap-server", f"localhost:{port}"]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.perf_counter()
    process = subprocess.Popen(
        [program, *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment)
    if verb.startswith(INPUT):
        process.stdin.write(b"x\n")
    process.stdin.close()
    os.read(process.stdout.fileno(), 1)
    first = time.perf_counter() - began
    process.stdout.read()
    if process.wait() != 0:
        sys.exit(f"{' '.join(words)} failed")
    took = time.perf_counter() - began
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return first * 1000, took * 1000, (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) * 1000


def main():
    root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", nargs="?", default=os.path.join(root, "artifacts", "moldau", "moldau"))
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--jit", action="store_true")
    options = parser.parse_args()
    port = servers.free_port()
    environment = dict(os.environ, MOLDAU_BOOTSTRAP=f"localhost:{port}")
    node = subprocess.Popen(
        [options.program, "dev", "--demo", "--ephemeral", "--port", str(port), "--http-port", str(servers.free_port())], stdout=subprocess.PIPE, text=True)
    try:
        for line in node.stdout:
            if "is up" in line:
                break
        results = {verb: [] for verb in VERBS}
        for _ in range(options.rounds):
            for verb in VERBS:
                results[verb].append(call(options.program, verb, environment, port))
        width = max(map(len, VERBS))
        print(f"{'verb':{width}} {'first ms':>8} {'median ms':>10} {'end ms':>7} {'CPU ms':>7}" + ("  compiled" if options.jit else ""))
        for verb, calls in results.items():
            first, median = min(c[0] for c in calls), statistics.median(c[0] for c in calls)
            row = f"{verb:{width}} {first:8.0f} {median:10.0f} {min(c[1] for c in calls):7.0f} {min(c[2] for c in calls):7.0f}"
            print(row + (f"  {compiled(options.program, verb, environment, port):8}" if options.jit else ""))
    finally:
        node.terminate()
        node.wait()


def compiled(program, verb, environment, port):
    with tempfile.NamedTemporaryFile() as file:
        call(program, verb, dict(environment, DOTNET_JitStdOutFile=file.name, DOTNET_JitDisasmSummary="1"), port)
        return sum(1 for _ in open(file.name, errors="replace"))


if __name__ == "__main__":
    sys.exit(main())
