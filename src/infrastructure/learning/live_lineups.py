"""The line-up that serves: rebuilt when the catalogue or the champion has changed, and only then."""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from domain.catalogue import Catalogue
from domain.errors import ArtifactDamaged, ModelNotFound
from domain.lineup import Lineup
from domain.model_versions import ModelVersion
from domain.ports.storage import Catalogues
from infrastructure.learning.artifacts import LoadedModel
from infrastructure.learning.lineup import build_lineup
from infrastructure.learning.registry import FileModelRegistry

log = logging.getLogger(__name__)

#: seconds for which the alias of the champion is taken as read
RECHECK = 1.0
#: seconds that are added to that while the champion is damaged: checking it means reading all of it
RECHECK_DAMAGED = 30.0


@dataclass(frozen=True)
class _Standing:
    """A line-up with the model that it was built from, kept so that a new catalogue needs no second load."""

    lineup: Lineup
    model: LoadedModel | None


class LiveLineups:
    """Implements `domain.ports.learning.Lineups`.

    A request holds one line-up from beginning to end; a new one is built beside it and takes its place in one
    assignment. Meanwhile requests go on with the old one, unless it lacks a change of the catalogue that they must see.
    When the champion turns out damaged, the one that has been serving goes on.
    """

    def __init__(
        self,
        registry: FileModelRegistry,
        catalogues: Catalogues,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._registry = registry
        self._catalogues = catalogues
        self._now = now
        self._lock = threading.Lock()
        self._standing: _Standing | None = None
        self._check_at = float("-inf")
        self._complaint: str | None = None

    def current(self, revision: int) -> Lineup:
        """The line-up of the champion on the catalogue at `revision` or later."""
        standing = self._standing
        if standing is not None and self._is_fresh(standing, revision):
            return standing.lineup
        will_do = standing is not None and standing.lineup.catalogue.revision >= revision
        if not self._lock.acquire(blocking=not will_do) and standing is not None:
            return standing.lineup
        try:
            standing = self._standing
            if standing is None or not self._is_fresh(standing, revision):
                standing = self._standing = self._rebuilt(standing, revision)
        finally:
            self._lock.release()
        return standing.lineup

    def of(self, version: str | None, catalogue: Catalogue) -> Lineup:
        """A line-up of one model version, or of none, on the given catalogue."""
        model = self._registry.load(version) if version is not None else None
        return build_lineup(catalogue, model)

    def _is_fresh(self, standing: _Standing, revision: int) -> bool:
        return standing.lineup.catalogue.revision >= revision and self._now() < self._check_at

    def _rebuilt(self, standing: _Standing | None, revision: int) -> _Standing:
        self._check_at = self._now() + RECHECK
        model = self._champion(standing.model if standing else None)
        if standing is not None and model is standing.model and standing.lineup.catalogue.revision >= revision:
            return standing
        lineup = build_lineup(self._catalogues.load(), model)
        version = model.version.version if model else "none"
        log.info("line-up ready: model %s, catalogue revision %d", version, lineup.catalogue.revision)
        return _Standing(lineup, model)

    def _champion(self, serving: LoadedModel | None) -> LoadedModel | None:
        try:
            # Resolved once: what is loaded is the version that was found, whatever the alias says by then.
            champion = self._registry.find_champion()
            if champion is None:
                return None
            if serving is not None and _same_files(champion, serving.version):
                return serving
            return self._registry.load(champion.version)
        except (ArtifactDamaged, ModelNotFound) as refused:
            if refused.message != self._complaint:
                log.error("the champion is refused, what served before goes on: %s", refused.message)
            self._complaint = refused.message
            self._check_at += RECHECK_DAMAGED
            return serving


def _same_files(one: ModelVersion, other: ModelVersion) -> bool:
    """Whether both are the same version with the same index; figures may have been added to the manifest since."""
    return (one.version, one.index) == (other.version, other.index)
