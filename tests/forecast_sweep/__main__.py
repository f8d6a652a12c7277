"""`make forecast-sweep`: the long run. Fails when a figure is outside what the docs state."""

import argparse
import sys
from multiprocessing import Pool

from tests.forecast_sweep.sweep import Case, cases, summaries


def _one(task: tuple[int, int, float]) -> list[Case]:
    seed, people, growth = task
    return list(cases(seed, people=people, growth=growth))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--worlds", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--people", type=int, default=250)
    parser.add_argument("--growth", type=float, default=0.0)
    given = parser.parse_args()
    tasks = [(given.seed + n, given.people, given.growth) for n in range(given.worlds)]
    with Pool(given.jobs) as pool:
        found = [case for some in pool.imap_unordered(_one, tasks) for case in some]
    ok = True
    for name, one in summaries(found).items():
        off = f"P50 off {one.off:5.1%}  bias {one.bias:+5.1%}"
        sys.stdout.write(f"{name:18} covered {one.covered:6.1%}  {off}\n")
        if name.startswith("everything"):
            ok &= abs(one.covered - 0.8) <= 0.05 and abs(one.bias) <= 0.05 and one.off <= 0.05
    sys.exit(0 if ok else 1)


if __name__ == "__main__":
    main()
