"""Paint the three style pictures that are embedded into the binary.

    python make_styles.py [OUT] [NAME ...]

Everything in them is computed here from seeds; no other picture is used. Needs numpy and Pillow. The same versions of
both give the same bytes; other versions give the same pictures up to rounding.

* swirls: thick curved brush strokes that follow a turbulent flow, blue night and yellow stars, lit as relief.
* mosaic: square-ish stone tiles laid along the lines of a drawing, with mortar between them.
* waves: a woodcut of overlapping wave fans in indigo, cream and ochre under a red sun.
"""

import os
import sys

import numpy as np
from PIL import Image

SIZE = 512


def rgb(text):
    return np.array([int(text[i : i + 2], 16) for i in (0, 2, 4)], np.float32) / 255


def palette(*texts):
    return np.stack([rgb(t) for t in texts])


def noise(rng, size, cell):
    """Smooth noise of about unit range, one bump every `cell` pixels."""
    cells = max(4, int(np.ceil(size / cell)) + 3)
    grid = Image.fromarray(rng.standard_normal((cells, cells)).astype(np.float32), "F")
    margin = size / cell
    box = (1, 1, 1 + min(margin, cells - 2), 1 + min(margin, cells - 2))
    return np.asarray(grid.resize((size, size), Image.Resampling.BICUBIC, box=box)) * 0.8


def cloud(rng, size, cell, octaves):
    total = np.zeros((size, size), np.float32)
    for i in range(octaves):
        total += noise(rng, size, cell / 2**i) / 2**i
    return total


def smooth(a, b, x):
    t = np.clip((x - a) / (b - a), 0, 1)
    return t * t * (3 - 2 * t)


def mix(a, b, t):
    return a + (b - a) * t


def relief(colour, height, depth, shine):
    """Light a painted surface from the upper left."""
    dy, dx = np.gradient(height * depth)
    light = (dx * 0.62 + dy * 0.66 + 1) / np.sqrt(dx * dx + dy * dy + 1) / 1.16
    diffuse = np.clip(light, 0, 1.16)
    out = colour * (0.30 + 0.80 * diffuse)[..., None]
    return out + (shine * np.clip(light - 0.93, 0, 1) ** 1.5)[..., None]


def finish(colour, path, quality=90):
    picture = Image.fromarray((np.clip(colour, 0, 1) * 255 + 0.5).astype(np.uint8), "RGB")
    picture = picture.resize((SIZE, SIZE), Image.Resampling.LANCZOS)
    while True:
        picture.save(path, quality=quality, optimize=True, subsampling=0)
        if os.path.getsize(path) < 250_000:
            break
        quality -= 2
    print(f"{path}: quality {quality}, {os.path.getsize(path)} bytes")


# ---------------------------------------------------------------------------------------------------------- swirls


class Canvas:
    """Wet paint: colour and thickness, on a grid of `scale` pixels per picture pixel."""

    def __init__(self, rng, scale, ground):
        self.rng, self.scale, self.n = rng, scale, SIZE * scale
        self.colour = np.broadcast_to(ground, (self.n, self.n, 3)).astype(np.float32).copy()
        self.height = np.zeros((self.n, self.n), np.float32)

    def stroke(self, points, width, colour, second, load):
        """One brush stroke along `points` (picture pixels, k x 2 as x, y)."""
        rng, scale, n = self.rng, self.scale, self.n
        p = (np.asarray(points, np.float32) + 0.5) * scale
        half = width * scale / 2
        tangent = np.gradient(p, axis=0)
        length = np.sqrt((tangent**2).sum(1, keepdims=True)) + 1e-6
        tangent = tangent / length
        along = np.concatenate([[0], np.cumsum(np.sqrt((np.diff(p, axis=0) ** 2).sum(1)))]).astype(np.float32)
        total = along[-1] + 1e-6
        x0, y0 = np.maximum(np.floor(p.min(0) - half * 1.2).astype(int), 0)
        x1, y1 = np.minimum(np.ceil(p.max(0) + half * 1.2).astype(int) + 1, n)
        if x1 - x0 < 2 or y1 - y0 < 2:
            return
        yy, xx = np.mgrid[y0:y1, x0:x1].astype(np.float32)
        best = np.full(xx.shape, np.inf, np.float32)
        which = np.zeros(xx.shape, np.int32)
        for k in range(len(p)):
            d = (xx - p[k, 0]) ** 2 + (yy - p[k, 1]) ** 2
            closer = d < best
            best[closer] = d[closer]
            which[closer] = k
        ys, xs = np.nonzero(best < (half * 1.25) ** 2)
        k = which[ys, xs]
        dx, dy = xs + x0 - p[k, 0], ys + y0 - p[k, 1]
        tx, ty = tangent[k, 0], tangent[k, 1]
        s = (dy * tx - dx * ty) / half
        t = (along[k] + dx * tx + dy * ty) / total
        # The outline: a blunt start, a taper at the end, a slightly wobbly edge.
        u = np.clip(t, 0, 1)
        profile = np.sqrt(np.clip(1 - (1 - np.clip(u / 0.10, 0, 1)) ** 2, 0, 1)) * (1 - 0.55 * smooth(0.45, 1, u))
        bins = 24
        wobble = np.interp(u * (bins - 1), np.arange(bins), rng.standard_normal(bins)) * 0.05
        hairs = max(6, int(width * 1.5))
        across = (np.clip(s, -1, 1) + 1) / 2 * (hairs - 1)
        drift = np.interp(u * 5, np.arange(6), rng.standard_normal(6) * 0.6)
        hair = np.interp(across + drift, np.arange(hairs), rng.uniform(-1, 1, hairs)).astype(np.float32)
        # At the end some hairs run dry before the others.
        dry = smooth(0.62, 1.05, u + 0.16 * hair)
        reach = profile + wobble - np.abs(s)
        edge = np.clip(reach * half / 1.4, 0, 1)
        alpha = (edge * (1 - dry) * np.where((t < -0.02) | (t > 1.02), 0, 1)).astype(np.float32)
        body = np.clip(reach / 0.45, 0, 1)
        ridge = np.exp(-(((np.abs(s) - profile * 0.80) / 0.16) ** 2))
        thick = (0.55 * np.sqrt(body) + 0.30 * ridge + 0.28 * hair * body) * load * (1 - 0.35 * u)
        lateral = smooth(-0.9, 0.9, s + 0.5 * hair)[:, None]
        paint = mix(colour, second, lateral * 0.75) * (1 + 0.13 * hair)[:, None]
        ys, xs = ys + y0, xs + x0
        a = alpha[:, None]
        self.colour[ys, xs] = mix(self.colour[ys, xs], paint, a * 0.97)
        self.height[ys, xs] = mix(self.height[ys, xs], 0.35 * self.height[ys, xs] + thick * half, alpha)


def trace(u, v, x, y, length, step=2.0):
    """A stream line of `length` pixels with its middle at x, y."""
    sides = []
    for sign in (-1, 1):
        px, py, line = x, y, []
        for _ in range(int(length / 2 / step)):
            i, j = int(np.clip(py, 0, SIZE - 1)), int(np.clip(px, 0, SIZE - 1))
            px, py = px + sign * step * u[i, j], py + sign * step * v[i, j]
            line.append((px, py))
        sides.append(line)
    return sides[0][::-1] + [(x, y)] + sides[1]


def scatter(rng, spacing):
    """Jittered grid positions over the picture and a little beyond, in random order."""
    steps = np.arange(-spacing, SIZE + spacing, spacing)
    x, y = np.meshgrid(steps, steps)
    points = np.stack([x.ravel(), y.ravel()], 1) + rng.uniform(-0.6, 0.6, (x.size, 2)) * spacing
    return points[rng.permutation(len(points))]


def swirls(path):
    rng = np.random.default_rng(1889)
    yy, xx = np.mgrid[0:SIZE, 0:SIZE].astype(np.float32)
    # x, y, radius, strength (sign = sense of rotation), glow
    eddies = [
        (218, 205, 92, 1.25, 0.0),
        (352, 262, 66, -1.05, 0.0),
        (428, 92, 58, 1.1, 1.0),
        (84, 88, 42, -0.9, 0.9),
        (262, 54, 26, 0.8, 0.8),
        (70, 262, 30, 0.8, 0.75),
        (470, 226, 26, -0.7, 0.7),
        (156, 22, 18, 0.6, 0.6),
        (330, 140, 22, -0.6, 0.65),
    ]
    psi = 0.55 * yy + 10 * cloud(rng, SIZE, 150, 3) + 16 * np.sin(xx / 74 + yy / 120)
    for x, y, r, strength, _ in eddies:
        d = np.hypot(xx - x, yy - y)
        psi += strength * r * 1.5 * np.exp(-0.5 * (d / (0.62 * r)) ** 2)
    # The hills at the bottom flow along their own outline.
    outline = 392 + 30 * np.sin(xx / 62 + 0.6) + 13 * np.sin(xx / 27 + 2.0) - 0.09 * (xx - 256)
    second = 452 + 22 * np.sin(xx / 55 + 3.4) + 9 * np.sin(xx / 21)
    hill = smooth(-10, 6, yy - outline)
    hill_psi = (yy - outline) * 1.1 + 7 * cloud(rng, SIZE, 80, 2)
    psi = mix(psi, hill_psi + 0.55 * 392, hill)
    dy, dx = np.gradient(psi)
    u, v = dy, -dx
    norm = np.hypot(u, v) + 1e-6
    u, v = u / norm, v / norm
    phase = rng.uniform(0, 6)
    bands = 0.5 + 0.5 * np.sin(psi / 11.5 + phase)
    glow = np.zeros((SIZE, SIZE), np.float32)
    ring = np.zeros((SIZE, SIZE), np.float32)
    for x, y, r, _, g in eddies:
        if g:
            d = np.hypot(xx - x, yy - y) / r
            glow = np.maximum(glow, g * np.exp(-((d / 0.62) ** 2)))
            ring = np.maximum(ring, g * np.exp(-(((d - 0.98) / 0.30) ** 2)))
    # The big double eddy carries a pale river of light.
    river = np.exp(-(((yy - 232 - 34 * np.sin((xx - 90) / 70)) / 40) ** 2)) * smooth(-40, 90, xx) * (1 - hill)

    night = palette("0a1440", "10236b", "17368f", "1f4fb0", "2a6cc4", "3f8fd0")
    pale = palette("6fb6d8", "9dd0dc", "c9e4d4", "eef0cf")
    gold = palette("fff3b0", "ffdf4f", "f8bd1c", "ee951a", "d96a1c")
    earth = palette("06101f", "0d2330", "12403c", "1d5a45", "3f7d46", "8aa83a")

    def pick(set_, position, spread):
        i = int(np.clip(np.round(position * (len(set_) - 1) + rng.normal(0, spread)), 0, len(set_) - 1))
        return set_[i]

    def colour_at(x, y):
        i, j = int(np.clip(y, 0, SIZE - 1)), int(np.clip(x, 0, SIZE - 1))
        b = bands[i, j]
        if hill[i, j] > 0.5:
            front = yy[i, j] > second[i, j]
            base = pick(earth, (0.15 if front else 0.45) + 0.42 * b, 0.6)
            if rng.random() < 0.05:
                base = pick(gold, 0.7, 0.8)
        elif rng.random() < glow[i, j] * 1.35:
            base = pick(gold, 0.95 - 1.05 * glow[i, j], 0.45)
        elif rng.random() < ring[i, j] * 0.85:
            base = pick(pale, 0.45 + 0.4 * b, 0.7) if rng.random() < 0.66 else pick(gold, 0.3, 0.6)
        elif rng.random() < river[i, j] * smooth(0.35, 0.85, b) * 0.9:
            base = pick(pale, 0.3 + 0.5 * b, 0.8) if rng.random() < 0.85 else pick(gold, 0.25, 0.5)
        else:
            base = pick(night, 0.08 + 0.82 * b, 0.7)
            if rng.random() < 0.04:
                base = pick(pale, 0.1, 0.5)
        return np.clip(base * rng.uniform(0.88, 1.12) + rng.normal(0, 0.018, 3), 0, 1).astype(np.float32)

    canvas = Canvas(rng, 2, rgb("0c1a4a"))
    for spacing, width, length, load in [(22, 30, 120, 0.5), (11.5, 15, 84, 0.8), (8.6, 9.5, 58, 1.0)]:
        for x, y in scatter(rng, spacing):
            i, j = int(np.clip(y, 0, SIZE - 1)), int(np.clip(x, 0, SIZE - 1))
            near = max(glow[i, j], 0.0)
            w = width * rng.uniform(0.75, 1.25) * (1 - 0.30 * near)
            line = trace(u, v, x, y, length * rng.uniform(0.7, 1.3) * (1 - 0.45 * near))
            if rng.random() < 0.5:
                line = line[::-1]
            c = colour_at(x, y)
            canvas.stroke(line, w, c, mix(c, colour_at(x, y), 0.6), load * rng.uniform(0.8, 1.2))
    # Suns: short thick strokes in rings around each star.
    for x, y, r, _, g in eddies:
        if not g:
            continue
        for q in (0.42, 0.30, 0.18, 0.06):
            count = max(3, int(2 * np.pi * q * r / 9))
            for a in np.arange(count) * 2 * np.pi / count + rng.uniform(0, 6):
                span = min(1.5, 13 / (q * r + 3))
                angles = a + np.linspace(-span, span, 12) * 0.75
                line = np.stack([x + q * r * np.cos(angles), y + q * r * np.sin(angles)], 1)
                c = pick(gold, 1.6 * q + 0.05, 0.4) * rng.uniform(0.95, 1.05)
                canvas.stroke(line, 8.5 + 0.03 * r, c, mix(c, gold[0], 0.4), 1.2)
    colour = relief(canvas.colour, canvas.height, 0.24, 0.9)
    finish(colour, path)


# ---------------------------------------------------------------------------------------------------------- mosaic


def flowers(y, x):
    """The drawing of the mosaic: at each place the direction of the rows and a colour (0..n of STONES)."""
    n = y.shape
    # x, y, radius, petals, turn, which colours
    plan = [(205, 200, 172, 12, 0.1, 0), (420, 400, 118, 9, 0.5, 1), (70, 446, 92, 8, 0.2, 2), (444, 62, 84, 8, 0.0, 2)]
    distance = np.full(n, 1e9, np.float32)
    angle = np.zeros(n, np.float32)
    colour = np.zeros(n, np.int32)
    for cx, cy, radius, petals, turn, kind in plan:
        dx, dy = x - cx, y - cy
        r, a = np.hypot(dx, dy), np.arctan2(dy, dx) + turn
        wave = np.abs(np.cos(petals * a / 2))
        outline = radius * (0.60 + 0.40 * wave**0.75)
        d = r - outline
        nearer = d < distance
        distance = np.where(nearer, d, distance)
        angle = np.where(nearer, np.arctan2(dy, dx), angle)
        q = r / radius
        inner = radius * (0.36 + 0.20 * np.abs(np.sin(petals * a / 2)) ** 0.8)
        code = np.select(
            [q < 0.10, q < 0.22, q < 0.29, r < inner, d > -9, d > -26, q < 0.62],
            [0, 1, 2, 3, 4, 5, 6],
            7,
        )
        inside = nearer & (d < 4)
        colour = np.where(inside, 10 * (kind + 1) + code, colour)
    # Outside, bands follow the outlines like ripples and break into a meander.
    ripple = distance + 9 * np.sin(x / 33 + 0.7) * np.sin(y / 39) * smooth(10, 60, distance)
    band = np.select([ripple < 17, ripple < 31, ripple < 60, ripple < 74, ripple < 103], [1, 2, 3, 4, 5], 6)
    colour = np.where(colour == 0, band, colour)
    return distance, angle, colour


STONES = {
    1: ["f0e4c8", "e6d5b0", "f5ecd9"],
    2: ["10324a", "0c2a44", "173d58"],
    3: ["1c7f86", "26949a", "14686f", "36a7a4"],
    4: ["e9c46a", "dba63e", "f0d58a"],
    5: ["1b4f72", "21628c", "163f60", "2a76a4"],
    6: ["0d2238", "14304d", "0a1a2e"],
    10: ["f6e7b0", "fff3cf"],
    11: ["5a1f1a", "702a1e", "48160f"],
    12: ["f2c14e", "e8ad2d"],
    13: ["f18f2d", "f4a340", "e67a1c"],
    14: ["fbeed2", "f3e0b8"],
    15: ["8e1b22", "a3232a", "761219"],
    16: ["e2572b", "ee6c35", "d04420"],
    17: ["c42f2b", "d63a33", "b32427"],
    20: ["fff0c4", "f7dd98"],
    21: ["3b2056", "4c2a6b"],
    22: ["f2c14e", "e8ad2d"],
    23: ["d9668f", "e87fa3", "c94f7c"],
    24: ["fbeed2", "f3e0b8"],
    25: ["6b1f4f", "7d2a5e", "581640"],
    26: ["f2a7b5", "f7bcc6", "ea8fa2"],
    27: ["b83a6b", "c94c7c", "a52d5c"],
    30: ["a3232a", "c42f2b"],
    31: ["f2c14e", "f5cf6d"],
    32: ["10324a", "173d58"],
    33: ["7fb069", "95c07b", "68994f"],
    34: ["fbeed2", "f3e0b8"],
    35: ["1d4d2f", "27603c", "153d24"],
    36: ["e9d35b", "d9bf3e", "f0df7d"],
    37: ["4c8a45", "5c9c53", "3c7838"],
}


def tiles(sites, angle, n, scale, reach):
    """For each pixel the nearest tile and how far its edge is, in a square metric turned by each tile's angle."""
    first = np.full((n, n), 1e9, np.float32)
    second = np.full((n, n), 1e9, np.float32)
    which = np.zeros((n, n), np.int32)
    for k, (sx, sy) in enumerate(sites * scale):
        x0, x1 = int(max(0, sx - reach)), int(min(n, sx + reach + 1))
        y0, y1 = int(max(0, sy - reach)), int(min(n, sy + reach + 1))
        if x1 <= x0 or y1 <= y0:
            continue
        y, x = np.mgrid[y0:y1, x0:x1].astype(np.float32)
        c, s = np.cos(angle[k]), np.sin(angle[k])
        dx, dy = x - sx, y - sy
        p, q = np.abs(dx * c + dy * s), np.abs(dy * c - dx * s)
        d = np.maximum(p, q) + 0.12 * np.minimum(p, q)
        f, g, w = first[y0:y1, x0:x1], second[y0:y1, x0:x1], which[y0:y1, x0:x1]
        closer = d < f
        g[:] = np.where(closer, f, np.minimum(g, d))
        w[closer] = k
        f[closer] = d[closer]
    return which, first, second


def mosaic(path):
    rng = np.random.default_rng(547)
    size, scale = 13.2, 3
    yy, xx = np.mgrid[0:SIZE, 0:SIZE].astype(np.float32)
    distance, centre_angle, _ = flowers(yy, xx)
    ripple = distance + 9 * np.sin(xx / 33 + 0.7) * np.sin(yy / 39) * smooth(10, 60, distance)
    gy, gx = np.gradient(ripple)
    outside = np.arctan2(gy, gx)
    # Rows run round the flowers' centres inside and along the outlines outside.
    t = smooth(-34, -6, distance)
    field = np.arctan2(mix(np.sin(centre_angle), np.sin(outside), t), mix(np.cos(centre_angle), np.cos(outside), t))

    sites = scatter(rng, size).astype(np.float32)

    def look(table, points):
        i = np.clip(points, 0, SIZE - 1).astype(int)
        return table[i[:, 1], i[:, 0]]

    for _ in range(30):
        which, _, _ = tiles(sites, look(field, sites), SIZE, 1, size * 2.2)
        count = np.bincount(which.ravel(), minlength=len(sites))
        mx = np.bincount(which.ravel(), xx.ravel(), len(sites)) / np.maximum(count, 1)
        my = np.bincount(which.ravel(), yy.ravel(), len(sites)) / np.maximum(count, 1)
        inside = (count > 0) & (sites.min(1) > 0) & (sites.max(1) < SIZE - 1)
        sites[inside] = np.stack([mx, my], 1)[inside]

    n = SIZE * scale
    angles = look(field, sites) + rng.normal(0, 0.05, len(sites))
    which, first, second = tiles(sites, angles, n, scale, size * 2.3 * scale)
    gap = (second - first) / 2 / scale
    _, _, code = flowers(sites[:, 1], sites[:, 0])
    stones = np.zeros((len(sites), 3), np.float32)
    for k, c in enumerate(code):
        choice = STONES[int(c)]
        stones[k] = rgb(choice[rng.integers(len(choice))])
    stones *= rng.uniform(0.84, 1.14, (len(sites), 1))
    stones = np.clip(stones + rng.normal(0, 0.022, stones.shape), 0, 1)
    # Each stone lies a little tilted and is broken unevenly.
    tilt = rng.normal(0, 0.17, (len(sites), 2)).astype(np.float32)
    y, x = np.mgrid[0:n, 0:n].astype(np.float32)
    lx, ly = x - sites[which, 0] * scale, y - sites[which, 1] * scale
    grain = cloud(rng, n, 14, 3)
    chip = 0.5 * noise(rng, n, 9)
    cover = smooth(0.75, 1.35, gap + chip * 0.5)
    dome = np.sqrt(np.clip((gap - 0.9) / 3.0, 0, 1)) * 7.0
    height = np.where(cover > 0, dome + (lx * tilt[which, 0] + ly * tilt[which, 1]) * cover, 0)
    height = height + grain * 0.28 * cover + (1 - cover) * 0.6 * noise(rng, n, 5)
    body = stones[which] * (1 + 0.07 * grain)[..., None]
    mortar = rgb("4a4038") * (1 + 0.12 * noise(rng, n, 5))[..., None]
    colour = mix(mortar, body, cover[..., None].astype(np.float32))
    colour = relief(colour * 1.06, height.astype(np.float32), 0.55, 0.75 * cover)
    finish(colour, path)


# ----------------------------------------------------------------------------------------------------------- waves


class Print:
    """A woodcut: flat colour blocks, and a key block of dark lines that is printed last and slightly off register."""

    def __init__(self, rng, scale, paper):
        self.rng, self.scale, self.n = rng, scale, SIZE * scale
        self.colour = np.broadcast_to(paper, (self.n, self.n, 3)).astype(np.float32).copy()
        self.key = np.zeros((self.n, self.n), np.float32)
        self.y, self.x = [g.astype(np.float32) / scale for g in np.mgrid[0 : self.n, 0 : self.n]]
        self.wobble = cloud(rng, self.n, 42 * scale, 3)
        self.carve = cloud(rng, self.n, 16 * scale, 2)

    def window(self, x0, y0, x1, y1):
        s, n = self.scale, self.n
        clip = [int(np.clip(v * s, 0, n)) for v in (x0, y0, x1, y1)]
        return slice(clip[1], clip[3]), slice(clip[0], clip[2])

    def block(self, w, inside, colour):
        """Print a colour where the signed distance `inside` (pixels) is positive; it hides the lines below."""
        a = np.clip(inside * self.scale + 0.5, 0, 1)
        self.colour[w] = mix(self.colour[w], colour, a[..., None])
        self.key[w] *= 1 - a

    def line(self, w, d, width, within=None):
        """Cut a line of the key block where the distance d (pixels) is below half of the width."""
        a = np.clip((width / 2 * (1 + 0.45 * self.carve[w]) - np.abs(d)) * self.scale + 0.5, 0, 1)
        if within is not None:
            a = a * np.clip(within * self.scale + 0.5, 0, 1)
        self.key[w] = np.maximum(self.key[w], a)


def waves(path):
    rng = np.random.default_rng(36)
    paper, indigo, blue, sky, foam = (rgb(c) for c in ("efe3c6", "14213f", "1f4277", "7fa9b8", "f3ead2"))
    prussian, ochre, rust, teal = (rgb(c) for c in ("17305c", "d69a3c", "c2452d", "3f7f8c"))
    art = Print(rng, 3, paper)
    everything = (slice(None), slice(None))
    n = art.n

    # Sky: printed with a wiped block, dark at the top, warm towards the sea.
    fade = smooth(150, 0, art.y + 8 * art.wobble)
    art.colour = mix(art.colour, prussian, (fade**1.3 * 0.95)[..., None])
    warm = smooth(110, 300, art.y + 10 * art.wobble)
    art.colour = mix(art.colour, ochre, (warm * 0.75)[..., None])
    # The sun, and rays cut as fine lines.
    sx, sy, sr = 338, 142, 78
    d = np.hypot(art.x - sx, art.y - sy) + 0.8 * art.wobble
    art.block(everything, sr - d, rust)
    art.line(everything, d - sr, 2.6)
    for k in (10, 19, 30):
        art.line(everything, d - sr - k + 1.2 * art.wobble, 1.6, np.minimum(330 - art.y, 400.0))
    # Bars of mist with round ends.
    for cx, cy, half, h, tone in [
        (250, 176, 120, 9, foam),
        (392, 196, 96, 8, foam),
        (110, 92, 104, 10, sky),
        (430, 78, 100, 9, foam),
        (66, 126, 84, 8, foam),
        (206, 52, 86, 7, sky),
        (318, 112, 58, 6, ochre),
    ]:
        w = art.window(cx - half - 24, cy - 24, cx + half + 24, cy + 24)
        x, y = art.x[w], art.y[w] + 1.2 * art.wobble[w]
        bar = h - np.hypot(np.maximum(np.abs(x - cx) - half + h, 0), y - cy)
        art.block(w, bar, tone)
        art.line(w, bar, 2.4)
        art.line(w, y - cy, 1.4, bar - 3.5)

    schemes = [
        [foam, blue, sky, prussian, foam, teal, ochre],
        [foam, sky, blue, foam, prussian, sky, rust],
        [foam, prussian, foam, blue, sky, foam, indigo],
        [foam, teal, prussian, sky, foam, blue, ochre],
        [ochre, prussian, foam, blue, foam, sky, prussian],
    ]

    def fan(cx, cy, r, scheme, crest):
        """One wave: rings of colour round a centre, with a scalloped crest of foam."""
        margin = r * 1.3 + 18
        w = art.window(cx - margin, cy - margin, cx + margin, cy + margin * 0.9)
        x, y = art.x[w], art.y[w]
        lean = rng.normal(0, 0.10)
        dx, dy = x - cx - lean * (cy - y), (y - cy) * rng.uniform(0.92, 1.08)
        d = np.hypot(dx, dy) + r * 0.022 * art.wobble[w] * 1.6
        a = np.arctan2(dy, dx)
        if crest:
            # Foam: balls of many sizes along the crest, then claws of spray beyond it.
            step = 0
            start, stop = -np.pi * rng.uniform(0.93, 1.0), -np.pi * rng.uniform(0.0, 0.12)
            angle = start
            while angle < stop:
                ball = rng.uniform(0.050, 0.105) * r + 1.5
                out = r * (1.02 + 0.03 * (step % 2))
                bx, by = cx + out * np.cos(angle) + lean * (-out * np.sin(angle)), cy + out * np.sin(angle)
                v = art.window(bx - ball - 4, by - ball - 4, bx + ball + 4, by + ball + 4)
                e = ball - np.hypot(art.x[v] - bx, art.y[v] - by)
                if e.size:
                    art.block(v, e, foam)
                    art.line(v, e, 2.2)
                angle += ball * 1.45 / r
                step += 1
            for _ in range(int(r / 6)):
                angle, far = rng.uniform(start, stop), r * rng.uniform(1.14, 1.34)
                ball = rng.uniform(1.2, 3.0)
                bx, by = cx + far * np.cos(angle), cy + far * np.sin(angle)
                v = art.window(bx - 8, by - 8, bx + 8, by + 8)
                e = ball - np.hypot(art.x[v] - bx, art.y[v] - by)
                if e.size:
                    art.block(v, e, foam)
                    art.line(v, e, 1.4)
        art.block(w, r - d, scheme[0])
        art.line(w, d - r, 3.4)
        rings = len(scheme)
        radii = r * (1 - np.cumsum(rng.uniform(0.75, 1.25, rings)) / (rings + 0.6))
        for ring in range(1, rings):
            edge = radii[ring - 1]
            # Alternate rings get a scalloped edge, as foam runs back down a wave.
            ripple = 0.022 * r * np.abs(np.sin(a * (9 + ring))) if ring == 1 and crest else 0
            art.block(w, edge - d - ripple, scheme[ring])
            art.line(w, d + ripple - edge, 2.5)
            if rng.random() < 0.55 and radii[ring - 1] - radii[ring] > 7:
                middle = (radii[ring - 1] + radii[ring]) / 2
                art.line(w, d - middle, 1.5)

    # Rows of waves, smaller far away, each row over the one behind.
    y = 268.0
    row = 0
    while y < 640:
        near = (y - 268) / 260
        r = 36 + 46 * near
        x = -r + (row % 2) * r * 0.8
        while x < SIZE + r:
            size = r * rng.uniform(0.82, 1.22)
            high = y + rng.normal(0, 0.10) * r - 9 * np.sin(x / 80 + row)
            fan(x, high, size, schemes[rng.integers(len(schemes))], rng.random() < 0.30 and row < 6)
            x += r * rng.uniform(1.35, 1.75)
        y += r * rng.uniform(0.50, 0.60)
        row += 1
        if row == 3:
            fan(92, 318, 128, schemes[0], True)
            fan(-6, 372, 96, schemes[2], True)
        if row == 4:
            fan(452, 392, 92, schemes[1], True)

    # Printing: wood grain and mottled ink on the colours, then the key block, a little off register.
    grain = Image.fromarray(rng.standard_normal((n // 5, 12)).astype(np.float32), "F")
    grain = np.asarray(grain.resize((n, n), Image.Resampling.BICUBIC))
    rows = np.clip(np.arange(n)[:, None] + (14 * art.wobble).astype(int), 0, n - 1)
    grain = np.take_along_axis(grain, rows, 0)
    mottle = noise(rng, n, 5) * 0.5 + noise(rng, n, 11) * 0.5
    colour = art.colour * (1 + 0.050 * grain + 0.035 * mottle)[..., None]
    key = np.pad(art.key, ((2, 0), (0, 1)), mode="edge")[:n, 1:] * np.clip(0.97 + 0.05 * mottle, 0, 1)
    colour = mix(colour, indigo, key[..., None])
    finish(colour, path)


PICTURES = {"swirls": swirls, "mosaic": mosaic, "waves": waves}


def main():
    out = sys.argv[1] if len(sys.argv) > 1 else os.path.dirname(os.path.abspath(__file__))
    for name in sys.argv[2:] or PICTURES:
        PICTURES[name](os.path.join(out, f"style-{name}.jpg"))


if __name__ == "__main__":
    main()
