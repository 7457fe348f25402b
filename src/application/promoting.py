"""Who serves: models are judged against the champion, take its place, and make way for the one before it again."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from application.evaluating import EngineReport, EvaluateModel, HeldOut
from domain import gates
from domain.errors import AliasMoved, ArtifactDamaged, Detail, GatesFailed, ModelNotFound, NoFormerChampion
from domain.gates import Costs, GateReport, GateRules, Judged, Mask, Paired
from domain.model_versions import Aliases, ModelVersion
from domain.ports.learning import Canary, ModelRegistry
from domain.ports.storage import Catalogues

NO_CHAMPION = "There is no champion to compare with."


@dataclass(frozen=True)
class JudgeModel:
    """Hold a version against the champion on every user's last event, and put what came of it into its manifest.

    Both are asked through `auto`, as they would serve. A champion that cannot be loaded is no obstacle. Raises
    `ModelNotFound`, `ArtifactDamaged`, and `CanaryFailed` for a version that cannot serve.
    """

    registry: ModelRegistry
    evaluate: EvaluateModel
    canary: Canary
    rules: GateRules

    def __call__(self, version: str, asked: HeldOut | None = None, report: EngineReport | None = None) -> ModelVersion:
        """`report` is what `auto` reaches with the version when it is `asked`, where that is known already."""
        cost = self.canary(version, self.evaluate.catalogues.load())
        asked = asked or self.evaluate.held_out()
        report = report or self.evaluate.auto_on(asked, version)
        champion = self.registry.aliases().champion
        costs = Costs(cost.milliseconds, self.registry.get_version(version).size)
        of_groups = groups_of(asked, report, self.rules)
        found = gates.judge(judged(report), self._on_champion(champion, asked), of_groups, costs, self.rules)
        return self.registry.record_gates(version, GateReport(champion, found))

    def _on_champion(self, champion: str | None, asked: HeldOut) -> Judged | str:
        if champion is None:
            return NO_CHAMPION
        try:
            return judged(self.evaluate.auto_on(asked, champion))
        except (ArtifactDamaged, ModelNotFound) as refused:
            return f"The champion cannot be compared with: {refused.message}"


@dataclass(frozen=True)
class Comparison:
    """Two versions on the same test questions. `pairs` are of NDCG@10, over all users first and then by group."""

    base: ModelVersion
    other: ModelVersion
    pairs: list[Paired]
    base_figures: Mapping[str, float]
    other_figures: Mapping[str, float]


@dataclass(frozen=True)
class CompareModels:
    """Ask two versions the same questions, through `auto`. Raises `ModelNotFound`, `ArtifactDamaged`."""

    registry: ModelRegistry
    evaluate: EvaluateModel
    rules: GateRules

    def __call__(self, base: str, other: str) -> Comparison:
        versions = self.registry.get_version(base), self.registry.get_version(other)
        asked = self.evaluate.held_out()
        first, second = (self.evaluate.auto_on(asked, version) for version in (base, other))
        pairs = gates.compare(first.ndcg, second.ndcg, groups_of(asked, first, self.rules))
        return Comparison(*versions, pairs, first.figures, second.figures)


@dataclass(frozen=True)
class PromoteModel:
    """Let a version serve, once it has passed the gates against the champion of now and sung as a canary.

    A version that was judged against another champion is judged again. `force` asks for no gates. `generation` is that
    of the aliases which the caller has seen; without it, those of the beginning of the call count.

    Raises `ModelNotFound`, `ArtifactDamaged`, `GatesFailed`, `CanaryFailed` and `AliasMoved`; then nothing has moved.
    """

    registry: ModelRegistry
    catalogues: Catalogues
    judge: JudgeModel
    canary: Canary

    def __call__(self, version: str, generation: int | None = None, force: bool = False) -> Aliases:
        aliases = _as_seen(self.registry, generation)
        known = self.registry.get_version(version)
        if aliases.champion == version:
            return aliases
        if not force:
            require_passed(known if _is_judged(known, aliases) else self.judge(version))
        self.canary(version, self.catalogues.load())
        moved = aliases.promoting(version)
        self.registry.move_aliases(aliases.generation, moved)
        return moved


@dataclass(frozen=True)
class RollBack:
    """Let the champion before this one serve again, once it has sung as a canary.

    `generation` is as for `PromoteModel`. Raises `NoFormerChampion`, `CanaryFailed`, `AliasMoved`, `ArtifactDamaged`;
    then nothing has moved.
    """

    registry: ModelRegistry
    catalogues: Catalogues
    canary: Canary

    def __call__(self, generation: int | None = None) -> Aliases:
        aliases = _as_seen(self.registry, generation)
        if not aliases.former:
            raise NoFormerChampion
        self.canary(aliases.former[0], self.catalogues.load())
        moved = aliases.rolled_back()
        self.registry.move_aliases(aliases.generation, moved)
        return moved


def judged(report: EngineReport) -> Judged:
    """What the gates look at of an evaluation."""
    return Judged(report.ndcg, report.figures)


def groups_of(asked: HeldOut, report: EngineReport, rules: GateRules) -> dict[str, Mask]:
    """The groups of the test questions, which `report` is of."""
    catalogue = asked.catalogue
    positions = catalogue.positions(asked.test.item_ids)
    known = positions >= 0
    genres = np.zeros((len(positions), len(catalogue.genre_names)), dtype=np.bool_)
    genres[known] = catalogue.genres[positions[known]]
    counts = np.zeros(len(positions), dtype=np.int64)
    counts[known] = catalogue.rating_counts[positions[known]]
    return gates.groups(report.lengths, genres, catalogue.genre_names, counts, rules)


def require_passed(version: ModelVersion) -> None:
    """Raises `GatesFailed`, which names the gates that the version has failed."""
    failed = version.gates.failed if version.gates is not None else ()
    if failed:
        raise GatesFailed(
            f"Model {version.version} has failed {len(failed)} of its gates.",
            [Detail(gate.name, gate.reason) for gate in failed],
        )


def _as_seen(registry: ModelRegistry, generation: int | None) -> Aliases:
    aliases = registry.aliases()
    if generation is not None and generation != aliases.generation:
        raise AliasMoved(aliases.generation, generation)
    return aliases


def _is_judged(version: ModelVersion, aliases: Aliases) -> bool:
    """Whether it has been held against the present champion."""
    return version.gates is not None and version.gates.champion == aliases.champion
