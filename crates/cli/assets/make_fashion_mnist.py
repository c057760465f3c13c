"""Make the small Fashion-MNIST set that is embedded into the binary.

    python make_fashion_mnist.py FOLDER [OUT]

FOLDER holds train-images-idx3-ubyte.gz and train-labels-idx1-ubyte.gz of the full set (Debian package
dataset-fashion-mnist puts them into /usr/share/datasets/fashion-mnist). The result, written to OUT (default: next
to this script), is the first 1,000 pictures of each of the 10 classes of the training set, in their original order.
Needs Python 3 only. Rerunning it gives the same pictures; the gzip bytes depend on the zlib in use.
"""

import gzip
import os
import struct
import sys

PER_CLASS = 1000
SIZE = 28 * 28


def read(path):
    with gzip.open(path, "rb") as f:
        return f.read()


def write(path, data):
    with open(path, "wb") as f, gzip.GzipFile(filename="", mode="wb", compresslevel=9, fileobj=f, mtime=0) as z:
        z.write(data)
    print(f"{path}: {len(data)} bytes, {os.path.getsize(path)} compressed")


def main():
    folder = sys.argv[1]
    out = sys.argv[2] if len(sys.argv) > 2 else os.path.dirname(os.path.abspath(__file__))
    images = read(os.path.join(folder, "train-images-idx3-ubyte.gz"))
    labels = read(os.path.join(folder, "train-labels-idx1-ubyte.gz"))
    magic, count, rows, columns = struct.unpack(">IIII", images[:16])
    assert (magic, count, rows, columns) == (0x803, 60000, 28, 28)
    assert struct.unpack(">II", labels[:8]) == (0x801, count)
    images, labels = images[16:], labels[8:]
    assert len(images) == count * SIZE and len(labels) == count

    taken = [0] * 10
    kept = []
    for i, label in enumerate(labels):
        if taken[label] < PER_CLASS:
            taken[label] += 1
            kept.append(i)
    assert taken == [PER_CLASS] * 10

    pictures = b"".join(images[i * SIZE : (i + 1) * SIZE] for i in kept)
    write(
        os.path.join(out, "fashion-mnist-10k-images-idx3-ubyte.gz"),
        struct.pack(">IIII", 0x803, len(kept), 28, 28) + pictures,
    )
    write(
        os.path.join(out, "fashion-mnist-10k-labels-idx1-ubyte.gz"),
        struct.pack(">II", 0x801, len(kept)) + bytes(labels[i] for i in kept),
    )


if __name__ == "__main__":
    main()
