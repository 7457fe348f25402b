from dataclasses import dataclass

import torch
from torch import nn

from infrastructure.learning import early_stopping


@dataclass(frozen=True)
class Limits:
    epochs: int
    patience: int


def run(values, patience):
    """Epoch e writes e into the module; `values` are what validation says of it."""
    module = nn.Linear(1, 1, bias=False)
    told = []
    done = 0

    def epoch():
        nonlocal done
        done += 1
        nn.init.constant_(module.weight, float(done))
        assert module.training
        return 1.0 / done

    def validate():
        assert not module.training
        return values[done - 1]

    reports = early_stopping.fit("engine", module, Limits(len(values), patience), epoch, validate, told.append)
    assert told == reports
    return module, reports


def test_the_weights_of_the_best_epoch_are_the_ones_kept():
    module, reports = run([0.1, 0.3, 0.2, 0.25], patience=3)
    assert torch.equal(module.weight, torch.tensor([[2.0]]))
    assert [report.best for report in reports] == [True, True, False, False]
    assert [(report.epoch, report.epochs, report.loss) for report in reports[:2]] == [(1, 4, 1.0), (2, 4, 0.5)]


def test_it_stops_when_patience_is_used_up():
    module, reports = run([0.1, 0.1, 0.1, 0.9], patience=2)
    assert len(reports) == 3
    assert torch.equal(module.weight, torch.tensor([[1.0]]))


def test_a_first_epoch_that_is_worth_nothing_is_still_the_best_so_far():
    module, _ = run([0.0, 0.0], patience=2)
    assert torch.equal(module.weight, torch.tensor([[1.0]]))


def test_with_nobody_to_validate_on_the_last_weights_are_kept():
    module, reports = run([None, None, None], patience=1)
    assert torch.equal(module.weight, torch.tensor([[3.0]]))
    assert [report.validation for report in reports] == [None, None, None]
