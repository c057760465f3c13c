"""Trains impasto's classifier in PyTorch and prints one JSON object a line: losses as it goes, then the milliseconds of a step and
the accuracy on the test pictures.

    python classifier.py --data FOLDER [--net plain|resnet|vgg|mlp] [--width N] [--depth N] [--steps N] [--batch N] [--lr X] ..

FOLDER has the four gzipped IDX files of MNIST or Fashion-MNIST. The networks, their beginnings, the optimisers, schedules and
changes of pictures are those of `impasto train classifier`; the order of the pictures and the random numbers are not. Needs
torch and numpy.
"""

import argparse
import gzip
import json
import math
import pathlib
import time

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F


def idx(path):
    """A gzipped IDX file: two zeros, the type, the number of axes; the axes, big-endian; bytes."""
    data = gzip.decompress(path.read_bytes())
    shape = np.frombuffer(data, ">u4", data[3], 4)
    return torch.from_numpy(np.frombuffer(data, np.uint8, offset=4 + 4 * data[3]).reshape(shape).copy())


def load(folder, part):
    images = idx(folder / f"{part}-images-idx3-ubyte.gz")[:, None].float() / 255
    return images, idx(folder / f"{part}-labels-idx1-ubyte.gz").long()


def begin(layer):
    """He's normal weights by fan-in, and no bias."""
    nn.init.normal_(layer.weight, 0, math.sqrt(2 / layer.weight[0].numel()))
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
    return layer


def conv(i, o, kernel=3, stride=1, bias=False):
    return begin(nn.Conv2d(i, o, kernel, stride, kernel // 2, bias=bias))


def linear(i, o):
    return begin(nn.Linear(i, o))


def pool():
    return nn.MaxPool2d(2, ceil_mode=True)


def eighth(side):
    return -(-side // 8)


def plain(channels, size, classes, width, _):
    layers, inputs = [], channels
    for outputs in (width, 2 * width, 4 * width):
        layers += [conv(inputs, outputs), nn.BatchNorm2d(outputs), nn.ReLU(inplace=True), pool()]
        inputs = outputs
    return nn.Sequential(*layers, nn.Flatten(), linear(inputs * eighth(size) ** 2, classes))


class Block(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.first = nn.Sequential(conv(inputs, outputs, 3, stride), nn.BatchNorm2d(outputs), nn.ReLU(inplace=True))
        self.second = nn.Sequential(conv(outputs, outputs), nn.BatchNorm2d(outputs))
        nn.init.zeros_(self.second[1].weight)
        self.shortcut = nn.Identity()
        if (inputs, stride) != (outputs, 1):
            self.shortcut = nn.Sequential(conv(inputs, outputs, 1, stride), nn.BatchNorm2d(outputs))

    def forward(self, x):
        return F.relu(self.second(self.first(x)) + self.shortcut(x), inplace=True)


def resnet(channels, size, classes, width, depth):
    layers, inputs, side = [conv(channels, width), nn.BatchNorm2d(width), nn.ReLU(inplace=True)], width, size
    outputs, stride = width, 1
    while True:
        for i in range(depth):
            layers.append(Block(inputs, outputs, stride if i == 0 else 1))
            inputs = outputs
        if side <= 8:
            return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), linear(inputs, classes))
        side, outputs, stride = -(-side // 2), 2 * outputs, 2


def vgg(channels, size, classes, width, depth):
    layers, inputs = [], channels
    for outputs in (width, 2 * width, 4 * width):
        for _ in range(depth):
            layers += [conv(inputs, outputs, bias=True), nn.ReLU(inplace=True)]
            inputs = outputs
        layers.append(pool())
    return nn.Sequential(*layers, nn.Flatten(), linear(inputs * eighth(size) ** 2, classes))


def mlp(channels, size, classes, width, depth):
    layers, inputs = [nn.Flatten()], channels * size * size
    for _ in range(depth):
        layers += [linear(inputs, width), nn.ReLU(inplace=True)]
        inputs = width
    return nn.Sequential(*layers, linear(inputs, classes))


def factor(schedule, step, total, warm_up):
    if schedule == "one_cycle":
        peak = 0.3 * max(total - 1, 1)
        end, done = (1 / 25, 1 - step / peak) if step < peak else (4e-6, (step - peak) / (max(total - 1, 1) - peak))
        return end + (1 - end) * 0.5 * (1 + math.cos(math.pi * min(done, 1)))
    if step < warm_up:
        return (step + 1) / warm_up
    done = min((step - warm_up) / max(total - warm_up, 1), 1)
    return {"constant": 1, "linear": 1 - done, "cosine": 0.5 * (1 + math.cos(math.pi * done))}[schedule]


def moved(images, shift, flip):
    """Each picture flipped or not and moved by its own number of pixels, black coming in."""
    n, _, h, w = images.shape
    padded = F.pad(images, (shift,) * 4)
    down, right = torch.randint(0, 2 * shift + 1, (2, n, 1))
    rows, columns = down + torch.arange(h), right + torch.arange(w)
    if flip:
        columns = torch.where(torch.rand(n, 1) < 0.5, columns.flip(1), columns)
    return padded[torch.arange(n)[:, None, None], :, rows[:, :, None], columns[:, None, :]].permute(0, 3, 1, 2)


def covered(images, side):
    """Each picture with a black square around a centre that may be any of its pixels."""
    n, _, h, w = images.shape
    def inside(length):
        at = torch.arange(length) - torch.randint(length, (n, 1)) + side // 2
        return (at >= 0) & (at < side)

    rows, columns = inside(h), inside(w)
    return images.masked_fill((rows[:, :, None] & columns[:, None, :])[:, None], 0)


def mixed(images, mixup, cutmix):
    """Each picture with a part of another: the pictures, with which, and the part that is its own."""
    if mixup == 0 and cutmix == 0:
        return images, None, 1.0
    partner = torch.randperm(len(images))
    if cutmix == 0 or (mixup > 0 and torch.rand(1) < 0.5):
        share = np.random.beta(mixup, mixup)
        return share * images + (1 - share) * images[partner], partner, share
    side = math.sqrt(1 - np.random.beta(cutmix, cutmix))
    spans = []
    for length in images.shape[2:]:
        centre = torch.randint(length, ()).item() + 0.5
        ends = [min(max(round(centre + half), 0), length) for half in (-0.5 * side * length, 0.5 * side * length)]
        spans.append(slice(*ends))
    images = images.clone()
    images[:, :, spans[0], spans[1]] = images[partner][:, :, spans[0], spans[1]]
    area = (spans[0].stop - spans[0].start) * (spans[1].stop - spans[1].start)
    return images, partner, 1 - area / (images.shape[2] * images.shape[3])


def accuracy(net, images, labels, tta):
    net.eval()
    with torch.no_grad():
        judge = lambda x: net((x - 0.5) * 4).softmax(1)
        chunks = [judge(x) + (judge(x.flip(3)) if tta else 0) for x in images.split(250)]
    net.train()
    return (torch.cat(chunks).argmax(1) == labels).float().mean().item()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=pathlib.Path, required=True)
    parser.add_argument("--net", choices=["plain", "resnet", "vgg", "mlp"], default="plain")
    parser.add_argument("--optimiser", choices=["adam", "sgd"], default="adam")
    parser.add_argument("--schedule", choices=["constant", "cosine", "one_cycle", "linear"], default="cosine")
    for name, default in [("width", 24), ("depth", 1), ("steps", 1000), ("batch", 64), ("warm-up", 20), ("shift", 1), ("cutout", 0),
                          ("seed", 0), ("threads", 2), ("every", 100)]:
        parser.add_argument(f"--{name}", type=int, default=default)
    for name, default in [("lr", 4e-3), ("weight-decay", 0.05), ("momentum", 0.9), ("clip", 0), ("label-smoothing", 0),
                          ("ema", 0), ("mixup", 0), ("cutmix", 0)]:
        parser.add_argument(f"--{name}", type=float, default=default)
    for name in ("nesterov", "no-flip", "flip-test"):
        parser.add_argument(f"--{name}", action="store_true")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    np.random.seed(args.seed)
    images, labels = load(args.data, "train")
    build = {"plain": plain, "resnet": resnet, "vgg": vgg, "mlp": mlp}[args.net]
    net = build(images.shape[1], images.shape[2], int(labels.max()) + 1, args.width, args.depth)
    groups = [
        {"params": [p for p in net.parameters() if p.dim() > 1], "weight_decay": args.weight_decay},
        {"params": [p for p in net.parameters() if p.dim() <= 1], "weight_decay": 0.0},
    ]
    if args.optimiser == "adam":
        optimiser = torch.optim.AdamW(groups, lr=args.lr)
    else:
        optimiser = torch.optim.SGD(groups, lr=args.lr, momentum=args.momentum, nesterov=args.nesterov)
    # As impasto's average: early on it follows faster.
    decay = lambda old, new, steps: torch.lerp(new, old, min(args.ema, (steps + 1) / (steps + 11)))
    average = torch.optim.swa_utils.AveragedModel(net, avg_fn=decay) if args.ema > 0 else None

    order, times, losses = torch.randperm(len(images)), [], []
    at = 0
    for step in range(args.steps):
        if at + args.batch > len(order):
            order, at = torch.randperm(len(images)), 0
        start = time.perf_counter()
        own = order[at:at + args.batch]
        at += args.batch
        for group in optimiser.param_groups:
            group["lr"] = args.lr * factor(args.schedule, step, args.steps, args.warm_up)
        optimiser.zero_grad()
        batch = moved(images[own], args.shift, not args.no_flip)
        if args.cutout > 0:
            batch = covered(batch, args.cutout)
        batch, partner, share = mixed(batch, args.mixup, args.cutmix)
        logits = net((batch - 0.5) * 4)
        loss = F.cross_entropy(logits, labels[own], label_smoothing=args.label_smoothing)
        if partner is not None:
            other = F.cross_entropy(logits, labels[own][partner], label_smoothing=args.label_smoothing)
            loss = share * loss + (1 - share) * other
        loss.backward()
        if args.clip > 0:
            nn.utils.clip_grad_norm_(net.parameters(), args.clip)
        optimiser.step()
        if average is not None:
            average.update_parameters(net)
        times.append(time.perf_counter() - start)
        losses.append(loss.item())
        if (step + 1) % args.every == 0 or step + 1 == args.steps:
            print(json.dumps({"step": step + 1, "loss": sum(losses) / len(losses), "seconds": sum(times)}), flush=True)
            losses = []
    judged = net
    if average is not None:
        judged = average.module
        for own, latest in zip(judged.buffers(), net.buffers()):
            own.copy_(latest)
    score = accuracy(judged, *load(args.data, "t10k"), args.flip_test)
    print(json.dumps({
        "steps": args.steps,
        "accuracy": score,
        "seconds": sum(times),
        "median_ms": sorted(times)[len(times) // 2] * 1e3,
        "weights": sum(p.numel() for p in net.parameters()),
    }))


if __name__ == "__main__":
    main()
