#!/usr/bin/env python3
"""The single node beside Apache Kafka 4.4.0: every row runs on both in turn, round after round, in alternating order; medians,
ratios with the least and most of the rounds.

  bench/suite.py [--only GROUP,...] [--rounds N] [--seconds S] [--quick | --full] [--write] [--servers moldau,apache] [--save FILE]

Groups: start, produce, consume, requests (the same bytes to both and to a minimal loop in C), e2e, innocent (latency beside busy
neighbours), fsync (acknowledge after fdatasync, this node alone), system (sendfile without a server), recovery.
--quick   a round of half a second each and few rows: shows that all of it works
--full    produce and consume in every combination, not one factor at a time
--write   puts tables and plots into docs/performance.md and docs/images
--program FOLDER   a published copy of the executable to measure (what ./moldau builds), with nothing built anew
--save    keeps each run's figures as lines of JSON; --load FILE... makes the report of such files without measuring
Needs gcc, and shared/peers (kload, Apache Kafka's jars) above the repository or PEERS=FOLDER, and Java 17.
"""
import argparse, collections, json, pathlib, tempfile

from kit import load, report, servers, workloads
from kit.report import COLOURS, DOCS, figure, median, progress, ratio, shown, table

# figure: its name in a table, and whether more is better; those with None stand without a ratio.
COLUMNS = {
    "produce": [("records_s", "records/s", True), ("server_cpu_gb", "server CPU s a GB", False), ("rss", "MB resident", False)],
    "consume": [("records_s", "records/s", True), ("server_cpu_gb", "server CPU s a GB", False)],
    "requests": [("requests_s", "requests/s", True), ("cpu_us", "server CPU µs a request", False), ("p99", "p99 ms", False)],
    "end to end": [("p50", "p50 ms", False), ("p99", "p99 ms", False), ("p999", "p99.9 ms", False), ("records_s", "records/s", True)],
    "innocent": [("p50", "p50 ms", False), ("p99", "p99 ms", False), ("p9999", "p99.99 ms", False), ("max", "most ms", False)],
    "group commit": [("requests_s", "acknowledged/s", None), ("device_s", "the device's own syncs/s", None),
                     ("of_device", "of the device", None), ("p50", "p50 ms", None), ("p99", "p99 ms", None)],
    "system": [("server_cpu_gb", "CPU s a GB of who sends", None), ("client_cpu_gb", "of who reads", None), ("gb_s", "GB/s", None),
               ("calls_gb", "calls a GB", None), ("waits_gb", "waits a GB", None)],
    "start": [("answered", "s to the first answer", False), ("ready", "s to the first topic", False), ("rss", "MB at rest", False),
              ("idle", "CPU at rest, %", False)],
    "recovery": [("seconds", "s until all is served", False), ("cpu", "CPU s", False)],
}
TITLES = {"apache": "Apache", "loop": "C loop"}
GOALS = {"records_s": ("produce consume", 1.5), "server_cpu_gb": ("produce consume", 0.5)}


def options():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--only", default=",".join(workloads.GROUPS))
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--seconds", type=float)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--servers", default="moldau,apache")
    parser.add_argument("--program")
    parser.add_argument("--save")
    parser.add_argument("--load", nargs="*")
    settings = parser.parse_args()
    quick = settings.quick
    settings.rounds = settings.rounds or (1 if quick else 3)
    settings.seconds = settings.seconds or (0.5 if quick else 3)
    settings.warmup = 0.5 if quick else 1
    settings.long_seconds = 1 if quick else max(8, settings.seconds)
    settings.idle_seconds = 1 if quick else 10
    settings.fill_mb = 20 if quick else 400
    settings.cold_mb = 20 if quick else 2000
    settings.fetch_batches = 10 if quick else 200
    settings.recovery_gb = 0.05 if quick else 10
    settings.has_apache = "apache" in settings.servers.split(",")
    return settings


def measure(settings):
    """Runs everything; yields one dictionary a run."""
    names = settings.servers.split(",")
    with tempfile.TemporaryDirectory(prefix="moldau-bench-") as folder:
        work = pathlib.Path(folder)
        generators = load.Generators(work, build=not settings.program)
        program = settings.program or servers.published()
        if not settings.quick:
            servers.touch_memory(work)
        nodes = [servers.Server(n, "apache" if n == "apache" else program, work / n) for n in names]
        loop = None
        try:
            for node in nodes:
                node.start()
            for group in settings.only.split(","):
                rows = list(workloads.GROUPS[group](settings, generators))
                if settings.quick:
                    rows = [r for r in rows if is_quick(r)]
                for number in range(settings.rounds if group != "recovery" else 1):
                    for at, row in enumerate(rows):
                        there = nodes[::-1 if number % 2 else 1]
                        if row.group in ("group commit", "system"):
                            there = [n for n in there if not n.is_apache]
                        if row.group == "requests":
                            loop = loop or workloads.Loop(generators, nodes[0])
                            there = [*there, loop]
                        if "capacity" in row.name:
                            there = sorted(there, key=lambda n: n.name != "apache")
                        for node in there:
                            progress(f"{group}: round {number + 1} of {settings.rounds}, row {at + 1} of {len(rows)}: {row.name}, {node.name}")
                            yield {"group": row.group, "row": row.name, "server": node.name, "round": number} | row.run(node)
        finally:
            for node in [*nodes, *([loop] if loop else [])]:
                node.close()
    progress("")


def is_quick(row):
    if row.group in ("produce", "consume"):
        return row.name.startswith("1 KiB, 12 partitions, 1 c")
    return "1000 partitions" not in row.name and not (row.group == "end to end" and "kload" in row.name)


def tables(runs):
    """Each group's table, as Markdown, and the plots by file name."""
    groups = collections.defaultdict(lambda: collections.defaultdict(lambda: collections.defaultdict(list)))
    for run in runs:
        groups[run["group"]][run["row"]][run["server"]].append(run)
    text, plots = [], {}
    for group, rows in groups.items():
        columns = COLUMNS[group]
        names = [n for n in COLOURS if any(n in by for by in rows.values())]
        head, body = [""], []
        for _, name, more in columns:
            head += [name] if more is None or names == ["moldau"] else [name, *(TITLES[n] for n in names[1:]), "ratio"]
        if group in ("produce", "consume", "requests"):
            head.append("machine busy")
        for row, by in rows.items():
            ours = by.get("moldau", [])
            cells = [row]
            for key, _, more in columns:
                column = [r.get(key) for r in ours]
                cells.append(figure(median(column)))
                if more is None or names == ["moldau"]:
                    continue
                others = {n: [r.get(key) for r in by.get(n, [])] for n in names[1:]}
                cells += [figure(median(c)) for c in others.values()]
                cells.append(" · ".join(shown(ratio(column, c)) for c in others.values()))
            if group in ("produce", "consume", "requests"):
                cells.append(" · ".join(f"{median([r['busy'] for r in by[n]]):.0%}" for n in names if n in by))
            body.append(cells)
        text.append(f"### {group.capitalize()}\n\n" + table(head, body))
        for key, (where, goal) in GOALS.items():
            pairs = [(row, ratio([r[key] for r in by["moldau"]], [r[key] for r in by["apache"]]))
                     for row, by in rows.items() if group in where.split() and "apache" in by and "moldau" in by]
            points = [(row, *pair) for row, pair in pairs if pair and pair[0]]
            if points:
                name = dict((k, n) for k, n, _ in COLUMNS[group])[key]
                plots[f"{group}-{key}.svg"] = report.bars(f"{group}: {name}, Moldau to Apache Kafka 4.4.0", points, goal, f"goal {goal}x")
        if group in ("end to end", "innocent"):
            dashes = ["", "6 3", "2 3", "9 3 2 3"]
            lines = [(f"{server}, {row}", COLOURS[server], dashes[i % 4],
                      {p: median([r.get(p) for r in some]) for p in report.PERCENTILES})
                     for i, (row, by) in enumerate((r, b) for r, b in rows.items() if "capacity (" not in r and "kload" not in r)
                     for server, some in by.items()]
            if lines:
                plots[f"{group.replace(' ', '-')}.svg"] = report.curves(f"{group}: latency", lines)
    return "\n".join(text), plots


def main():
    settings = options()
    if settings.load:
        runs = [json.loads(line) for name in settings.load for line in open(name)]
    else:
        runs = []
        saved = open(settings.save, "a") if settings.save else None
        for run in measure(settings):
            runs.append(run)
            if saved:
                print(json.dumps(run), file=saved, flush=True)
    text, plots = tables(runs)
    print(text)
    if settings.write:
        images = DOCS / "images"
        images.mkdir(exist_ok=True)
        for name, plot in plots.items():
            (images / name).write_text(plot)
        pictures = "\n".join(f"![{name[:-4]}](images/{name})" for name in plots)
        report.put("suite", f"{text}\n{pictures}")


if __name__ == "__main__":
    main()
