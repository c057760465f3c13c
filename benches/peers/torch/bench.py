"""impasto's benchmarks in PyTorch: the same names, the same work.

bench.py [NAME ..]                 times, and prints one JSON object a line
bench.py --write FOLDER [NAME ..]  times nothing: writes what each network begins with to FOLDER/NAME.safetensors, and
                                   prints the losses of its first three steps
Both take --reps N and --threads N.
"""

import argparse
import ctypes
import gc
import json
import os
import time

import networks
import torch
import torch.nn as nn
import torch.nn.functional as F


def resident(entry):
    """An entry of what Linux says of this process, in bytes; 0 elsewhere."""
    try:
        with open("/proc/self/status") as status:
            return next(int(line.split()[1]) << 10 for line in status if line.startswith(entry))
    except OSError:
        return 0


IMPORTED = resident("VmRSS:")


def start_peak():
    """Gives back what earlier workloads left, and begins a new peak."""
    gc.collect()
    try:
        ctypes.CDLL(None).malloc_trim(0)
        with open("/proc/self/clear_refs", "w") as refs:
            refs.write("5")
    except (OSError, AttributeError):
        pass


def timed(name, begin, reps, flops=None):
    """One run to warm up, then `reps` measured ones. `begin` makes the inputs and returns what is timed."""
    start_peak()
    run = begin()
    run()
    times = []
    for _ in range(reps):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    times.sort()
    best = times[0]
    print(json.dumps({
        "name": name,
        "median_ms": times[len(times) // 2] * 1e3,
        "best_ms": best * 1e3,
        "gflops": flops and flops / best / 1e9,
        "peak_mb": (resident("VmHWM:") - IMPORTED) / 1e6,
    }), flush=True)


def without_graph(run):
    def inner():
        with torch.no_grad():
            run()
    return inner


def gemms(reps):
    for n in (256, 512, 1024, 2048):
        def begin(n=n):
            a, b = torch.randn(n, n), torch.randn(n, n)
            return lambda: a @ b
        timed(f"sgemm {n}", begin, reps, 2 * n**3)


def elementwise(reps):
    def of(f, *shape):
        def begin():
            x = torch.randn(*shape)
            return lambda: f(x)
        return begin

    def add():
        a, b = torch.randn(16_000_000), torch.randn(16_000_000)
        return lambda: torch.add(a, b)

    def adam():
        p = nn.Parameter(torch.randn(16_000_000))
        p.grad = torch.randn(16_000_000)
        return torch.optim.Adam([p], 1e-3, fused=True).step

    timed("add 16M", add, reps)
    timed("tanh 16M", of(torch.tanh, 16_000_000), reps)
    timed("exp 16M", of(torch.exp, 16_000_000), reps)
    timed("sum 16M", of(torch.sum, 16_000_000), reps)
    timed("sum dims 0,2,3 of 64x64x64x64", of(lambda x: x.sum((0, 2, 3)), 64, 64, 64, 64), reps)
    timed("softmax 4096x1000", of(lambda x: torch.softmax(x, 1), 4096, 1000), reps)
    timed("adam 16M", adam, reps)


def norms(reps):
    def batch(x, gamma, beta):
        return F.relu(F.batch_norm(x, None, None, gamma, beta, training=True))

    def instance(x, gamma, beta):
        return F.relu(F.instance_norm(x, weight=gamma, bias=beta))

    for name, norm in (("batchnorm", batch), ("instancenorm", instance)):
        def forward(norm=norm):
            x, gamma, beta = torch.randn(64, 64, 64, 64), torch.ones(64), torch.zeros(64)
            return without_graph(lambda: norm(x, gamma, beta))

        def both(norm=norm):
            x = torch.randn(64, 64, 64, 64, requires_grad=True)
            gamma, beta = nn.Parameter(torch.ones(64)), nn.Parameter(torch.zeros(64))
            g = torch.randn_like(x)
            return lambda: torch.autograd.grad(norm(x, gamma, beta), (x, gamma, beta), g)
        timed(f"{name} relu 64x64x64x64 fwd", forward, reps)
        timed(f"{name} relu 64x64x64x64 fwd+bwd", both, reps)


# Batch, inputs, side, outputs, kernel, stride, padding.
PLAIN = [
    (1, 3, 512, 64, 3, 1, 1), (1, 64, 512, 64, 3, 1, 1), (1, 128, 256, 128, 3, 1, 1), (1, 256, 128, 256, 3, 1, 1),
    (1, 512, 64, 512, 3, 1, 1), (64, 3, 64, 64, 4, 2, 1), (64, 64, 32, 128, 4, 2, 1), (64, 128, 16, 256, 4, 2, 1),
    (64, 256, 8, 512, 4, 2, 1),
]
TRANSPOSED = [
    (64, 100, 1, 512, 4, 1, 0), (64, 512, 4, 256, 4, 2, 1), (64, 256, 8, 128, 4, 2, 1), (64, 128, 16, 64, 4, 2, 1),
    (64, 64, 32, 3, 4, 2, 1),
]


def layer(reps, transposed, n, ci, side, co, k, s, p):
    def make(tracked):
        x = torch.randn(n, ci, side, side, requires_grad=tracked)
        m = (nn.ConvTranspose2d if transposed else nn.Conv2d)(ci, co, k, s, p)
        with torch.no_grad():
            return x, m, torch.randn_like(m(x))

    def forward():
        x, m, _ = make(False)
        return without_graph(lambda: m(x))

    def both():
        x, m, g = make(True)
        return lambda: torch.autograd.grad(m(x), (x, m.weight, m.bias), g)

    def backward(mask):
        def begin():
            x, m, g = make(False)
            rest = ([co], [s, s], [p, p], [1, 1], transposed, [0, 0], 1, mask)
            return without_graph(lambda: torch.ops.aten.convolution_backward(g, x, m.weight, *rest))
        return begin

    out = side if transposed else (side + 2 * p - k) // s + 1
    macs = n * ci * co * k * k * out * out
    name = f"{'convT' if transposed else 'conv'} n{n} {ci}->{co} k{k}s{s} {side}px"
    timed(f"{name} fwd", forward, reps, 2 * macs)
    timed(f"{name} fwd+bwd", both, reps, 6 * macs)
    timed(f"{name} data", backward([True, False, False]), reps, 2 * macs)
    timed(f"{name} weight", backward([False, True, False]), reps, 2 * macs)


def convs(reps):
    for shape in PLAIN:
        layer(reps, False, *shape)
    for shape in TRANSPOSED:
        layer(reps, True, *shape)


OPERATIONS = {"gemms": gemms, "elementwise": elementwise, "norms": norms, "convs": convs}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--reps", type=int, default=5)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--write", metavar="FOLDER")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(0)
    for name in args.names or [*OPERATIONS, *networks.ALL]:
        if name in networks.ALL:
            network = networks.ALL[name]
            if args.write:
                made = network()
                made.write(os.path.join(args.write, f"{name}.safetensors"))
                losses = [loss for _ in range(3) for loss in made.step()]
                print(json.dumps({"name": made.name, "losses": losses}), flush=True)
            else:
                timed(networks.LINES[name], lambda: network().step, args.reps)
        elif not args.write:
            OPERATIONS[name](args.reps)


if __name__ == "__main__":
    main()
