"""Runs impasto's benchmarks beside the peers' and writes the tables of docs/results/performance.md.

Each round runs impasto and every peer once, one after another, never two at a time, each name in a process of its own.
Before any time is taken, each network must show that it does the peer's work: three steps from the peer's weights and batch
give the peer's losses. Without that there is no ratio.

Needs nothing but Python itself; see README.md for what it runs.
"""

import argparse
import collections
import json
import math
import os
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
NAMES = ["gemms", "elementwise", "norms", "convs", "cnn", "dcgan", "gatys256", "gatys", "stylize", "stylize1024", "fast_train"]
NETWORKS = NAMES[4:]
# What candle and burn have programs for.
RUST = ["convs", "cnn", "dcgan"]
# glibc told to keep and reuse big blocks: no page faults, the measure of algorithms.
TUNED = {"MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": str(64 << 30), "MALLOC_TOP_PAD_": str(64 << 20)}
# How far losses may be from the peer's. A GAN's game multiplies rounding errors at each move: PyTorch's own single and
# double precision are further apart at the third step than 1e-3.
CLOSE = collections.defaultdict(lambda: 1e-3, dcgan=1e-2)


def lines(command, extra=None):
    """The JSON objects that a program prints."""
    done = subprocess.run(command, env={**os.environ, **(extra or {})}, stdout=subprocess.PIPE, text=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


class Runner:
    def __init__(self, args, folder):
        self.args, self.folder = args, folder

    def torch(self, *rest):
        return [self.args.python, str(HERE / "torch" / "bench.py"), *rest]

    def command(self, who, name, threads):
        """What measures `name`, and its environment; None if `who` does not do it."""
        options = [name, "--reps", str(self.args.reps), "--threads", str(threads)]
        if who == "impasto":
            return [self.args.impasto, "bench", *options, "--json"], {}
        if who == "torch":
            return self.torch(*options), {}
        if who == "torch tuned":
            return self.torch(*options), TUNED
        program = pathlib.Path(self.args.programs) / f"peer-{who}"
        if name not in RUST or not program.exists():
            return None
        extra = {"RAYON_NUM_THREADS": str(threads)}
        return [str(program), name, "--reps", str(self.args.reps), "--from", str(self.folder)], extra

    def proven(self, names):
        """PyTorch's losses by line, of the networks that have the same; and what to say of those that have not."""
        same, odd = {}, []
        for name in filter(NETWORKS.__contains__, names):
            [theirs] = lines(self.torch("--write", str(self.folder), name))
            [ours] = lines([self.args.impasto, "bench", name, "--same-as", str(self.folder), "--json"])
            if agree(ours["losses"], theirs["losses"], CLOSE[name]):
                same[theirs["name"]] = theirs["losses"]
            else:
                odd.append(f"{theirs['name']}: ours {ours['losses']}, PyTorch's {theirs['losses']}")
        return same, odd


def agree(ours, theirs, close):
    return len(ours) == len(theirs) and all(math.isclose(a, b, rel_tol=close) for a, b in zip(ours, theirs))


class Row:
    """What all rounds said of one line."""

    def __init__(self):
        self.medians, self.best, self.peak_mb, self.of_peak = [], math.inf, 0, None

    def take(self, line):
        self.medians.append(line["median_ms"])
        self.best = min(self.best, line["best_ms"])
        self.peak_mb = max(self.peak_mb, line.get("peak_mb") or 0)
        if line.get("of_peak"):
            self.of_peak = max(self.of_peak or 0, line["of_peak"])

    @property
    def median(self):
        return sorted(self.medians)[len(self.medians) // 2]


def measure(runner, who, names, threads, rounds):
    """A table of rows by program and line, the FMA peaks seen, and losses of the Rust peers that differ."""
    table = collections.defaultdict(dict)
    peaks, losses = [], collections.defaultdict(dict)
    for name in names:
        for _ in range(rounds):
            for program in who:
                command = runner.command(program, name, threads)
                if not command:
                    continue
                print(f"  {threads} threads, {name}: {program}", file=sys.stderr, flush=True)
                for line in lines(*command):
                    if line["name"] == "fma_peak":
                        peaks.append(line)
                    elif "losses" in line:
                        losses[program][line["name"]] = line["losses"]
                    else:
                        table[line["name"]].setdefault(program, Row()).take(line)
    return table, peaks, losses


def number(x, form="{:.2f}"):
    return form.format(x) if x is not None else "–"


def ratio(peer, ours, allowed):
    return f"{peer / ours:.2f}" if allowed and peer and ours else "–"


def tables(table, threads, allowed, peaks):
    """Markdown: beside PyTorch, and beside the Rust libraries. Ratios above 1 speak for impasto."""
    out = [f"## On {threads} thread{'s' if threads > 1 else ''}", ""]
    if peaks:
        rates = sorted(peak["gflops"] for peak in peaks)
        copies = sorted(peak["copy_gb_s"] for peak in peaks)
        out += [f"FMA peak {rates[0]:.0f} to {rates[-1]:.0f} GFLOP/s, copy {copies[0]:.0f} to {copies[-1]:.0f} GB/s, "
                f"vector instructions {peaks[0]['simd']}.", ""]
    out += ["| workload | impasto, ms (best) | PyTorch | PyTorch tuned | PyTorch / ours | tuned / ours | of peak "
            "| MB | PyTorch MB | PyTorch / ours |", "|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|"]
    def cell(row):
        return f"{row.median:.2f} ({row.best:.2f})" if row else "–"
    for line, rows in table.items():
        ours, plain, tuned = rows.get("impasto"), rows.get("torch"), rows.get("torch tuned")
        if not ours:
            continue
        may = allowed(line, "torch")
        out.append("| " + " | ".join([
            line, cell(ours), cell(plain), cell(tuned),
            ratio(plain and plain.median, ours.median, may), ratio(tuned and tuned.median, ours.median, may),
            number(ours.of_peak), number(ours.peak_mb, "{:.0f}"), number(plain and plain.peak_mb, "{:.0f}"),
            ratio(plain and plain.peak_mb, ours.peak_mb, may),
        ]) + " |")
    rust = [(line, rows) for line, rows in table.items() if "impasto" in rows and ({"candle", "burn"} & rows.keys())]
    if rust:
        out += ["", "| workload | impasto, ms (best) | candle | burn | candle / ours | burn / ours |",
                "|---|--:|--:|--:|--:|--:|"]
    for line, rows in rust:
        ours, peers = rows["impasto"], [rows.get("candle"), rows.get("burn")]
        ratios = [ratio(p and p.median, ours.median, allowed(line, who)) for p, who in zip(peers, ("candle", "burn"))]
        out.append("| " + " | ".join([line, cell(ours), *map(cell, peers), *ratios]) + " |")
    return out + [""]


HEAD = """# Speed and memory beside other libraries

Written by [benches/peers/run.py](../../benches/peers/run.py); [how to repeat it](../../benches/peers/README.md). Times are
medians, with the best in brackets; a ratio above 1 says how many times longer, or larger, the other library is. Programs
took turns, rounds: {rounds}, runs in each: {reps}. *Tuned* is PyTorch with an allocator that keeps big blocks. *Of peak*
counts the direct method's operations against the rate of fused multiply-adds measured in the same run, so fast methods can
exceed 1. Memory is the peak of the whole process less what it held before its inputs were made (PyTorch: after its import).

A network has a ratio only if three steps from the peer's weights and batch gave the peer's losses.
[Where impasto is behind](behind.md), and why, is said apart.
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help="default: all")
    parser.add_argument("--reps", type=int, default=5, help="measured runs in a round")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--threads", type=int, nargs="+", default=[2, 1])
    parser.add_argument("--python", default=sys.executable, help="a Python that has torch")
    parser.add_argument("--impasto", default=str(ROOT / "target" / "release" / "impasto"))
    parser.add_argument("--programs", default=str(HERE / "target" / "release"), help="where candle's and burn's are")
    parser.add_argument("--peers", nargs="+", default=["torch", "torch tuned", "candle", "burn"])
    parser.add_argument("--out", default=str(ROOT / "docs" / "results" / "performance.md"))
    args = parser.parse_args()
    names = args.names or NAMES
    if unknown := [name for name in names if name not in NAMES]:
        parser.error(f"there is no {unknown[0]}; there are {', '.join(NAMES)}")
    with tempfile.TemporaryDirectory() as folder:
        runner = Runner(args, folder)
        same, odd = runner.proven(names)
        text = [HEAD.format(rounds=args.rounds, reps=args.reps)]
        text += [f"- **not the same work**, {line}" for line in odd]
        for threads in args.threads:
            table, peaks, losses = measure(runner, ["impasto", *args.peers], names, threads, args.rounds)

            def allowed(line, who):
                """Operations say in their name what they do; networks must have shown it."""
                if not line.endswith(("step", "iteration", "inference")):
                    return True
                return line in same and (who == "torch" or agree(losses[who].get(line, []), same[line], 1e-2))
            text += tables(table, threads, allowed, peaks)
    out = pathlib.Path(args.out)
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text("\n".join(text))
    sys.exit(f"not the same work: {'; '.join(odd)}" if odd else 0)


if __name__ == "__main__":
    main()
