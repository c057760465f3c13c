"""Kills a training twenty times, resumes it each time, and compares the finished checkpoint with that of a run left alone.

    python kills.py --impasto target/release/impasto --data FOLDER [classifier|gan]

Also on one thread. Exits 1 if any bytes differ. Needs nothing but Python itself.
"""

import argparse
import hashlib
import pathlib
import random
import signal
import subprocess
import sys
import tempfile
import time

KILLS = 20
SETTINGS = {"classifier": "--steps 600 --checkpoint-every 40 --width 8", "gan": "--steps 200 --checkpoint-every 20 --width 8"}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--impasto", required=True)
    parser.add_argument("--data", required=True)
    parser.add_argument("kind", nargs="?", choices=list(SETTINGS), default="classifier")
    args = parser.parse_args()
    folder = tempfile.TemporaryDirectory()
    root = pathlib.Path(folder.name)

    def train(out, *more):
        settings = SETTINGS[args.kind].split()
        return [args.impasto, *more, "train", args.kind, "--data", args.data, *settings, "--out", str(root / out)]

    def done(command):
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)

    def digest(out):
        return hashlib.sha256((root / out / "checkpoints" / f"{args.kind}.safetensors").read_bytes()).hexdigest()

    def steps(out):
        log = root / out / "log.jsonl"
        return sum('"loss"' in line or '"generator_loss"' in line for line in log.open()) if log.exists() else 0

    begun = time.monotonic()
    done(train("whole"))
    seconds, wanted = time.monotonic() - begun, digest("whole")
    done(train("one", "--threads", "1"))
    equal = [digest("one") == wanted]
    print(f"{seconds:.1f} s, {wanted}; on one thread {'equal' if equal[0] else 'DIFFERENT'}", flush=True)

    order = random.Random(7)
    for i in range(KILLS):
        out = f"killed-{i}"
        killed = subprocess.Popen(train(out), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        # The directory is there once the run is planned.
        while not (root / out / "config.toml").exists() and killed.poll() is None:
            time.sleep(0.01)
        time.sleep(order.uniform(0, 0.7 * seconds))
        killed.send_signal(signal.SIGKILL)
        killed.wait()
        at = steps(out)
        done([args.impasto, "train", "resume", str(root / out)])
        equal.append(digest(out) == wanted)
        print(f"killed with {at} steps logged: {'equal' if equal[-1] else 'DIFFERENT'}", flush=True)
    print(f"{sum(equal[1:])} of {KILLS} equal")
    sys.exit(0 if all(equal) else 1)


main()
