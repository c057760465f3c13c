"""The same training by impasto and by PyTorch, one after the other: the loss over the run, the time of a step, and the accuracy on
the test pictures, as a table.

    python beside_torch.py --impasto target/release/impasto --python venv/bin/python --data FOLDER RECIPE.toml

PyTorch trains by ../peers/torch/classifier.py: the same network, beginnings, optimiser, schedule and changes of pictures; the order
of the pictures and the random numbers are not the same, so that the losses are alike and not equal. Python is to have torch and numpy.
"""

import argparse
import json
import pathlib
import subprocess
import tempfile
import tomllib

TORCH = pathlib.Path(__file__).resolve().parent.parent / "peers" / "torch" / "classifier.py"
ROWS = 10


def printed(command):
    done = subprocess.run([str(part) for part in command], stdout=subprocess.PIPE, text=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


def impasto(args, steps, folder):
    """The mean loss of each tenth, milliseconds a step, accuracy."""
    run = pathlib.Path(folder, "run")
    printed([args.impasto, "train", "classifier", "--config", args.recipe, "--data", args.data, "--seed", args.seed, "--threads",
             args.threads, "--checkpoint-every", steps, "--out", run, "--json"])
    lines = [line for line in map(json.loads, (run / "log.jsonl").open()) if "loss" in line]
    tenth = steps // ROWS
    losses = [sum(line["loss"] for line in lines[i * tenth:(i + 1) * tenth]) / tenth for i in range(ROWS)]
    model = run / "checkpoints" / "classifier.safetensors"
    score = printed([args.impasto, "evaluate", "classifier", model, "--data", args.data, "--json"])[-1]
    return losses, 1e3 * lines[-1]["seconds"] / steps, score["accuracy"]


def torch(args, recipe, steps):
    """The same of PyTorch."""
    told = {**recipe["classifier"], "batch": recipe["batch"], "steps": steps, "every": steps // ROWS}
    options = []
    for key, value in told.items():
        # A switch that is on has no value; pictures are flipped unless that is switched off.
        key, on = ("no-flip", value is False) if key == "flip" else (key.replace("_", "-"), value)
        options += ([f"--{key}"] if on else []) if isinstance(value, bool) else [f"--{key}", value]
    command = [args.python, TORCH, "--data", args.data, "--seed", args.seed, "--threads", args.threads, *options]
    *lines, last = printed(command)
    return [line["loss"] for line in lines[:ROWS]], 1e3 * last["seconds"] / steps, last["accuracy"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--impasto", required=True)
    parser.add_argument("--python", required=True)
    parser.add_argument("--data", required=True)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("recipe", type=pathlib.Path)
    args = parser.parse_args()
    recipe = tomllib.loads(args.recipe.read_text())
    steps = recipe["steps"]
    with tempfile.TemporaryDirectory() as folder:
        ours = impasto(args, steps, folder)
    theirs = torch(args, recipe, steps)
    print("| steps | loss, impasto | loss, PyTorch |\n|---|--:|--:|")
    for i, (own, peer) in enumerate(zip(ours[0], theirs[0])):
        print(f"| to {(i + 1) * (steps // ROWS)} | {own:.4f} | {peer:.4f} |")
    print(f"| ms a step | {ours[1]:.1f} | {theirs[1]:.1f} |")
    print(f"| accuracy on the test pictures | {ours[2]:.2%} | {theirs[2]:.2%} |")


main()
