"""What `impasto plan` says of five trainings, beside what they then take: seconds from the settings, which are written before the
first step, to the report, and the peak of memory.

    python plans.py --impasto target/release/impasto --data FOLDER [--rounds N]

Needs nothing but Python itself, and a machine that does nothing else.
"""

import argparse
import json
import pathlib
import subprocess
import tempfile

RUNS = {
    "plain, width 16": "steps = 4000\nbatch = 64\n[classifier]\nwidth = 16",
    "residual, width 8": 'steps = 2500\nbatch = 32\n[classifier]\nnet = "resnet"\nwidth = 8',
    "VGG, width 32": 'steps = 500\nbatch = 128\n[classifier]\nnet = "vgg"\nwidth = 32',
    "MLP, width 256": 'steps = 8000\nbatch = 64\n[classifier]\nnet = "mlp"\nwidth = 256',
    "GAN, width 16": "steps = 300\nbatch = 32\n[gan]\nwidth = 16",
}


def said(command):
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout.strip().splitlines()[-1])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--impasto", required=True)
    parser.add_argument("--data", required=True)
    parser.add_argument("--rounds", type=int, default=1)
    args = parser.parse_args()
    for _ in range(args.rounds):
        for name, settings in RUNS.items():
            with tempfile.TemporaryDirectory() as folder:
                config, out = pathlib.Path(folder, "run.toml"), pathlib.Path(folder, "run")
                config.write_text(f"data = {json.dumps(args.data)}\n{settings}\n")
                kind = "gan" if "[gan]" in settings else "classifier"
                plan = said([args.impasto, "plan", str(config), "--json"])
                run = said([args.impasto, "train", kind, "--config", str(config), "--out", str(out), "--json"])
                seconds = (out / "report.html").stat().st_mtime - (out / "config.toml").stat().st_mtime
                print(f"{name}: {plan['seconds']:.1f} s planned, {seconds:.1f} s true ({plan['seconds'] / seconds - 1:+.0%}); "
                      f"{plan['peak_mb']:.0f} MB planned, {run['peak_mb']:.0f} MB true", flush=True)


main()
