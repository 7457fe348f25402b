"""Set our off-policy estimators beside those of the Open Bandit Pipeline: `python -m benchmarks.off_policy`.

It needs NumPy and obp alone, so it runs in an environment of its own with src/ on its path; obp 0.5.7 is installed with
`pip install --ignore-requires-python obp==0.5.7` where Python is newer than it knows. Without obp it says so and ends.
"""

import argparse
import sys
from collections.abc import Iterator

import numpy as np

from domain.off_policy import Choices, evaluate, modelled_rewards

#: how far two estimates may lie apart, by rounding alone
TOLERANCE = 1e-9
CONTEXTS, ACTIONS = 4, 5
PAIRS = (
    ("ips", "InverseProbabilityWeighting"),
    ("snips", "SelfNormalizedInverseProbabilityWeighting"),
    ("doubly_robust", "DoublyRobust"),
)


def inputs(runs: int, rows: int, seed: int) -> Iterator[tuple[Choices, np.ndarray]]:
    """Random logs with chances that differ by row, and a target policy [n, a] for each."""
    random = np.random.default_rng(seed)
    for _ in range(runs):
        logging = random.dirichlet(np.ones(ACTIONS), rows).clip(1e-3)
        logging /= logging.sum(axis=1, keepdims=True)
        actions = (random.random((rows, 1)) > logging.cumsum(axis=1)).sum(axis=1).clip(0, ACTIONS - 1)
        chances = logging[np.arange(rows), actions]
        rewards = random.choice([0.0, 0.1, 0.5, 0.8, 1.0], rows)
        contexts = random.integers(0, CONTEXTS, rows)
        yield Choices(contexts, actions, chances, rewards), random.dirichlet(np.ones(ACTIONS), rows)


def largest_differences(runs: int, rows: int, seed: int) -> dict[str, float]:
    """By estimator, how far ours and theirs lie apart at most."""
    from obp import ope

    found = dict.fromkeys((ours for ours, _ in PAIRS), 0.0)
    random = np.random.default_rng(seed)
    for choices, target in inputs(runs, rows, seed):
        model = modelled_rewards(choices, ACTIONS)
        ours = evaluate(choices, target, random, model=model, draws=10)
        log = {
            "reward": choices.rewards,
            "action": choices.actions,
            "pscore": choices.chances,
            "position": np.zeros(rows, dtype=np.int64),
            "action_dist": target[:, :, None],
        }
        for name, theirs in PAIRS:
            extra = {"estimated_rewards_by_reg_model": model[:, :, None]} if name == "doubly_robust" else {}
            value = getattr(ope, theirs)().estimate_policy_value(**log, **extra)
            found[name] = max(found[name], abs(getattr(ours, name).value - value))
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--rows", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    try:
        import obp
    except ImportError:
        print("obp is not installed here, so there is nothing to compare with.")
        return 0
    found = largest_differences(asked.runs, asked.rows, asked.seed)
    print(f"obp {obp.__version__}, {asked.runs} random logs of {asked.rows:,} choices: largest differences")
    for name, difference in found.items():
        print(f"  {name:14} {difference:.1e}")
    return int(max(found.values()) > TOLERANCE)


if __name__ == "__main__":
    sys.exit(main())
