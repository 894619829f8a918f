"""Tables in Markdown, plots as SVG without any package, and where they go."""
import html, math, re, statistics, sys, time

from . import servers

DOCS = servers.ROOT / "docs"


def progress(text):
    if sys.stderr.isatty():
        print(f"\r\033[K{text[:150]}", end="", file=sys.stderr, flush=True)
    elif text:
        print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


def put(name, text):
    """Into the page of measurements, in place of what stands between the marks of that name."""
    page = DOCS / "performance.md"
    begin, end = f"<!-- {name} -->", f"<!-- end of {name} -->"
    page.write_text(re.sub(f"{begin}.*{end}", lambda _: f"{begin}\n{text}\n{end}", page.read_text(), flags=re.S))


def median(values):
    values = [v for v in values if v is not None]
    return statistics.median(values) if values else None


def figure(value, digits=3):
    """1234567 → 1,230 k; three digits say all that such a measurement knows."""
    if value is None:
        return "–"
    if value == 0:
        return "0"
    size = math.floor(math.log10(abs(value)))
    rounded = round(value, digits - 1 - size)
    if abs(rounded) >= 1e5:
        return f"{rounded / 1000:,.0f} k"
    return f"{rounded:,.{max(0, digits - 1 - size)}f}"


def ratio(ours, theirs):
    """The ratio of medians, and from the runs of one round each: its least and most."""
    pairs = [a / b for a, b in zip(ours, theirs) if a and b]
    if not pairs:
        return None
    base = median(theirs)
    return median(ours) / base if base else None, min(pairs), max(pairs)


def shown(value):
    if value is None or value[0] is None:
        return "–"
    middle, least, most = value
    return f"{middle:.2f}x" if least == most else f"{middle:.2f}x ({least:.2f}–{most:.2f})"


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows]) + "\n"


STYLE = ("<style>text{font:12px sans-serif;fill:#333}.h{font-weight:bold;font-size:14px}.s{fill:#777;font-size:11px}"
         "line{stroke:#ccc}.goal{stroke:#c0392b;stroke-dasharray:4 3}</style>")
COLOURS = {"moldau": "#1f6fb2", "apache": "#e08a1e", "loop": "#7f8c8d"}


def bars(title, rows, goal, goal_text):
    """Horizontal bars of (name, value, least, most), on a logarithmic scale from 1/16 to 16; the goal is a dashed line."""
    left, width, line = 250, 420, 20
    height = 60 + line * len(rows) + 20
    scale = lambda v: left + width * (math.log2(min(16, max(1 / 16, v))) + 4) / 8
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + width + 70}" height="{height}">{STYLE}'
           f'<rect width="100%" height="100%" fill="#fff"/><text class="h" x="10" y="20">{html.escape(title)}</text>']
    bottom = 50 + line * len(rows)
    for power in range(-4, 5):
        x = scale(2 ** power)
        name = f"{2 ** power}x" if power >= 0 else f"1/{2 ** -power}x"
        out.append(f'<line x1="{x:.1f}" y1="44" x2="{x:.1f}" y2="{bottom}"/><text class="s" x="{x - 10:.1f}" y="40">{name}</text>')
    for i, (name, value, least, most) in enumerate(rows):
        y = 50 + line * i
        one, x = scale(1), scale(value)
        out.append(f'<text x="{left - 8}" y="{y + 12}" text-anchor="end">{html.escape(name)}</text>'
                   f'<rect x="{min(one, x):.1f}" y="{y + 2}" width="{abs(x - one):.1f}" height="12" fill="{COLOURS["moldau"]}"/>'
                   f'<line x1="{scale(least):.1f}" y1="{y + 8}" x2="{scale(most):.1f}" y2="{y + 8}" style="stroke:#222"/>'
                   f'<text class="s" x="{left + width + 8}" y="{y + 12}">{value:.2f}x</text>')
    x = scale(goal)
    out.append(f'<line class="goal" x1="{x:.1f}" y1="44" x2="{x:.1f}" y2="{bottom}"/>'
               f'<text class="s" x="10" y="{bottom + 16}">dashed: {html.escape(goal_text)}; thin line: least and most of the rounds</text></svg>\n')
    return "".join(out)


PERCENTILES = ["p50", "p90", "p99", "p999", "p9999", "max"]


def curves(title, lines):
    """Latency by percentile, both logarithmic: (name, colour, dash, {percentile: ms})."""
    left, width, top, height = 60, 460, 40, 260
    values = [v for _, _, _, points in lines for v in points.values() if v]
    low, high = math.log10(min(values)), math.log10(max(values))
    high = max(high, low + 0.1)
    y = lambda v: top + height * (1 - (math.log10(v) - low) / (high - low))
    x = lambda i: left + width * i / (len(PERCENTILES) - 1)
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + width + 200}" height="{top + height + 40}">{STYLE}'
           f'<rect width="100%" height="100%" fill="#fff"/><text class="h" x="10" y="20">{html.escape(title)}</text>']
    for i, name in enumerate(PERCENTILES):
        out.append(f'<line x1="{x(i):.0f}" y1="{top}" x2="{x(i):.0f}" y2="{top + height}"/>'
                   f'<text class="s" x="{x(i) - 12:.0f}" y="{top + height + 16}">{name}</text>')
    for power in range(math.floor(low), math.ceil(high) + 1):
        if low <= power <= high:
            out.append(f'<line x1="{left}" y1="{y(10 ** power):.0f}" x2="{left + width}" y2="{y(10 ** power):.0f}"/>'
                       f'<text class="s" x="8" y="{y(10 ** power) + 4:.0f}">{10 ** power:g} ms</text>')
    for i, (name, colour, dash, points) in enumerate(lines):
        path = " ".join(f"{x(PERCENTILES.index(p)):.1f},{y(v):.1f}" for p, v in points.items() if v)
        style = f'fill="none" stroke="{colour}" stroke-width="2" stroke-dasharray="{dash}"'
        at = top + 14 + 18 * i
        out.append(f'<polyline points="{path}" {style}/><polyline points="{left + width + 12},{at} {left + width + 36},{at}" {style}/>'
                   f'<text x="{left + width + 42}" y="{at + 4}">{html.escape(name)}</text>')
    return "".join(out) + "</svg>\n"
