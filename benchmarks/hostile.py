"""Thousands of hostile specs, configurations and lock files: each must be answered or refused with a message.

    python benchmarks/hostile.py --specs 1_000_000 --configs 5_000 --seed 1

Prints how many were answered and refused, by kind; the slowest; the memory growth. The exit code is 1
if anything else was raised, one took more than `--seconds`, or memory grew by more than 300 MB.
"""

from __future__ import annotations

import argparse
import os
import random
import resource
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import convcost
from convcost.gate.config import read_config
from convcost.gate.run import run_gate
from convcost.render import FORMATS, render

LARGEST = 300 * 2**20
"""Bytes by which memory may grow."""

NAMES = ["B", "S", "C", "D", "E", "F", "G", "H", "K", "L", "P", "T", "spec", "self"]
NUMBERS = ["0", "1", "2", "3", "7", "64", "1000", "10**30", "9" * 41, "1e6", "1e999", "-1", "0.5"]
SEEDS = [
    "dense = [B, S, L*E] -> Linear(L*E, E)",
    "[B*S, E, L] -> 2 x Conv1d(E, E, K, padding=same)",
    "[B, C, H, W] -> Conv2d(C, F, (K, 3), stride=(2, 3)) -> BatchNorm2d(F) -> MaxPool2d(2, ceil_mode=True)",
    "[B, 4E, L] -> GroupNorm(G, 4E) -> GLU(1) -> Conv1d(2E, E//2, 1, groups=E/4) -> AdaptiveAvgPool1d(K)",
    "[B, C, L] -> (ConvTranspose1d(C, C, K, stride=2) -> ReLU) x 3 -> Flatten -> Unflatten(1, (C, -1))",
]
TOKENS = [
    *"()[],=-+*/ \n\t\x00\x1b\u202e",
    "**",
    "//",
    "->",
    "x",
    "None",
    "True",
    "'same'",
    *NAMES,
    *NUMBERS,
    *SEEDS,
]


class TooLongError(BaseException):
    """An input took too long. Not an `Exception`, so that handlers of errors don't catch it."""


def size(rng: random.Random, depth: int = 0) -> str:
    """An expression: sums, products, quotients and powers of names and numbers."""
    kind = rng.random()
    if depth > 3 or kind < 0.35:
        return rng.choice(NAMES[:12]) if rng.random() < 0.75 else rng.choice(NUMBERS[:7])
    if kind > 0.9:
        return f"({size(rng, depth + 1)})**{rng.choice([0, 1, 2, 3, 8, 30, 64])}"
    sign = rng.choice(["+", "-", "*", "/", "//"])
    return f"({size(rng, depth + 1)}){sign}({size(rng, depth + 1)})"


def layer(rng: random.Random, channels: str) -> str:
    given = [f"{name}={size(rng, 1)}" for name in ("stride", "padding", "dilation") if rng.random() < 0.3]
    kind = rng.choice(["Linear", "Conv1d", "ConvTranspose1d", "MaxPool1d", "AdaptiveAvgPool1d", "Flatten"])
    match kind:
        case "Linear":
            return f"Linear({channels}, {size(rng)})"
        case "Conv1d" | "ConvTranspose1d":
            return f"{kind}({channels}, {channels}, {', '.join([size(rng, 1), *given])})"
        case "MaxPool1d":
            return f"MaxPool1d({', '.join([size(rng, 1), *given])}, ceil_mode={rng.choice([True, False])})"
    return f"{kind}({size(rng)})" if kind != "Flatten" else kind


def grammatical(rng: random.Random) -> str:
    """A chain that the grammar allows, with sizes of any kind."""
    channels = size(rng, 1)
    chain = []
    for _ in range(rng.randint(1, 4)):
        times = rng.choice([1, 1, 1, 1, 2, 20, 500])
        chain.append(f"{times} x ({layer(rng, channels)})")
    return f"[{rng.choice(['1', 'B'])}, {channels}, {size(rng, 1)}] -> {' -> '.join(chain)}"


def mutated(rng: random.Random) -> str:
    """A valid spec with a few characters changed."""
    text = rng.choice(SEEDS)
    for _ in range(rng.randint(1, 4)):
        place = rng.randrange(len(text))
        text = text[:place] + rng.choice([*TOKENS, ""]) + text[place + rng.randint(0, 3) :]
    return text


def jumbled(rng: random.Random) -> str:
    """Tokens of the language in random order."""
    return "".join(rng.choice(TOKENS) for _ in range(rng.randint(1, 12)))


SPECS: dict[str, Callable[[random.Random], str]] = {
    "grammatical": grammatical,
    "mutated": mutated,
    "jumbled": jumbled,
}
SHARES = (1, 30, 19)
"""Most of the grammatical ones are answered, which takes a hundred times as long as a refusal."""


def ask(rng: random.Random, text: str) -> None:
    """Cost or compare it, with numbers for some sizes, and print the result in a format."""
    spec = convcost.parse(text)
    sizes = {name: rng.choice([1, 2, 3, 8, 64, 10**9]) for name in spec.names if rng.random() < rng.random()}
    other = [rng.choice(SEEDS[:2])] if rng.random() < 0.5 else []
    found = convcost.compare(spec, *other, sizes=sizes) if other else convcost.cost(spec, sizes=sizes)
    render(found, rng.choice(FORMATS))


TABLES = ["[entries.a]", "[entries.b]", "[entries.c]"]
ODD_TABLES = ["", "[entries]", "[entries.a.b]", "[tool.convcost]", "[devices.d]"]

VALUES = [
    *("true", "-1", "0", "1.5", "inf", "nan", "1e-99999999", "0x" + "f" * 5000, "[[[]]]", "{}", "1979-05-27"),
    *(
        '""',
        '"1%"',
        '"9**9**9"',
        '"((E+1)**64)**64"',
        r'"\u202e"',
        '"E*L"',
        "[" * 5000 + "]" * 5000,
        "'''x\n'''",
    ),
    *("{E = 1}", '["fvcore"]', '"1e-99999999"', '"200%"', '"a"', '"b"', '"Linear(E, 4)"', '"Linear(4, L*E)"'),
]
KEYS = {
    "sizes": "{ E = 3 }",
    "dtype": '"bfloat16"',
    "count": '"all"',
    "taps": '"valid"',
    "tolerance": '"5%"',
    "growth_only": "true",
    "flops": '"8*B*S*E"',
    "max_flops": '"1 MFLOPs"',
    "params": "16",
    "min_macs": "0",
    "max_bytes": '"1 GB"',
    "ratio": "2",
    "ratio_to": '"a"',
    "agree_with": '["fvcore"]',
    "timeout": "60",
    "nonsense": "0",
}
"""What an entry may have, each with a value that fits, but for the last."""


def config(rng: random.Random) -> str:
    """Random tables and keys with random values; sometimes not TOML."""
    lines = []
    for table in rng.sample(TABLES, rng.randint(1, 3)):
        lines.append(table if rng.random() < 0.9 else rng.choice(ODD_TABLES))
        lines += ['spec = "Linear(E, 4)"'] * (rng.random() < 0.8)
        for key in rng.sample([*KEYS], rng.choice([0, 1, 1, 2, 3])):
            lines.append(f"{key} = {KEYS[key] if rng.random() < 0.7 else rng.choice(VALUES)}")
    text = "\n".join(lines)
    return mutated_text(rng, text) if rng.random() < 0.3 else text


def mutated_text(rng: random.Random, text: str) -> str:
    for _ in range(rng.randint(1, 3)):
        place = rng.randrange(len(text) + 1)
        text = text[:place] + rng.choice(TOKENS) + text[place + rng.randint(0, 9) :]
    return text


def check(rng: random.Random, folder: Path) -> None:
    """Check a configuration against a changed lock file of another one."""
    (folder / "convcost.toml").write_text(config(rng), errors="replace")
    lock = folder / "convcost.lock"
    if rng.random() < 0.5 and (good := folder / "good.lock").exists():
        lock.write_text(mutated_text(rng, good.read_text()), errors="replace")
    else:
        lock.unlink(missing_ok=True)
    render(run_gate(read_config("")), rng.choice(FORMATS))


def write_good_lock(folder: Path) -> None:
    (folder / "convcost.toml").write_text('[entries.a]\nspec = "Linear(E, 4)"\nsizes = {E = 3}\n')
    run_gate(read_config(""), update=True)
    (folder / "convcost.lock").rename(folder / "good.lock")


def attempts(arguments: argparse.Namespace, folder: Path) -> Iterator[tuple[str, str, Callable[[], None]]]:
    """The kind of each input, the input, and the function to call with it."""
    rng = random.Random(arguments.seed)
    for _ in range(arguments.specs):
        kind = rng.choices([*SPECS], SHARES)[0]
        text = SPECS[kind](rng)
        yield f"{kind} spec", text, lambda text=text: ask(rng, text)  # type: ignore[misc]
    for place in range(arguments.configs):
        seeded = random.Random(f"{arguments.seed}/{place}")
        yield "configuration", f"configuration {arguments.seed}/{place}", lambda r=seeded: check(r, folder)  # type: ignore[misc]


def outcome(work: Callable[[], None], seconds: float) -> str:
    """How the attempt ended, with `!` in front of a failure."""
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        work()
    except convcost.ConvcostError as error:
        return "refused" if str(error) else "! refused without a word"
    except TooLongError:
        return f"! not done after {seconds:g} s"
    except Exception as error:
        frames = [
            frame for frame in traceback.extract_tb(error.__traceback__) if "convcost" in frame.filename
        ]
        return f"! {type(error).__name__} at {Path(frames[-1].filename).name}:{frames[-1].lineno}"
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
    return "answered"


def too_long(*_: object) -> None:
    raise TooLongError


def memory() -> int:
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--specs", type=int, default=20_000)
    parser.add_argument("--configs", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--seconds", type=float, default=5.0, help="of processor time that one input may take"
    )
    arguments = parser.parse_args()
    signal.signal(signal.SIGPROF, too_long)
    tally: Counter[tuple[str, str]] = Counter()
    slowest, wrong = (0.0, ""), []
    with tempfile.TemporaryDirectory() as name:
        os.chdir(name)
        write_good_lock(Path(name))
        ask(random.Random(0), SEEDS[1])
        before = memory()
        for kind, text, work in attempts(arguments, Path(name)):
            start = time.process_time()
            found = outcome(work, arguments.seconds)
            slowest = max(slowest, (time.process_time() - start, text))
            tally[kind, found] += 1
            if found.startswith("!"):
                wrong.append(f"{found}: {text[:300]!r}")
        os.chdir("/")
    grown = memory() - before
    for (kind, found), count in sorted(tally.items()):
        print(f"{count:>10,}  {kind}: {found}")
    print(f"slowest: {slowest[0]:.2f} s, {slowest[1][:200]!r}")
    print(f"memory: {grown / 2**20:.0f} MB above one comparison")
    print("\n".join(wrong[:20]))
    raise SystemExit(bool(wrong) or grown > LARGEST)


if __name__ == "__main__":
    main()
