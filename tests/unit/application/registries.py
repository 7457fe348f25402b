"""Model versions in memory, and a canary that sings as it is told."""

from dataclasses import replace

from domain.errors import AliasMoved, CanaryFailed, ModelNotFound
from domain.model_versions import Aliases, ModelVersion
from domain.ports.learning import CanaryReport


class FakeRegistry:
    """Keeps the promises of the port: versions are whole, and aliases are moved by compare-and-swap."""

    def __init__(self):
        self.versions, self.present, self.pruned = {}, Aliases(), []

    def publish(self, model, config, fingerprint, created_at):
        version = ModelVersion(f"v{len(self.versions) + 1}", tuple(model.engines), created_at, {}, fingerprint, size=7)
        self.versions[version.version] = version
        return version

    def get_version(self, version):
        try:
            return self.versions[version]
        except KeyError:
            raise ModelNotFound(version) from None

    def record(self, version, **changed):
        self.versions[version] = replace(self.get_version(version), **changed)
        return self.versions[version]

    def record_auto(self, version, auto):
        return self.record(version, auto=auto)

    def record_metrics(self, version, metrics):
        return self.record(version, metrics={**self.get_version(version).metrics, **metrics})

    def record_gates(self, version, gates):
        return self.record(version, gates=gates)

    def aliases(self):
        return self.present

    def move_aliases(self, seen, moved):
        if seen != self.present.generation:
            raise AliasMoved(self.present.generation, seen)
        for version in moved.named:
            self.get_version(version)
        self.present = moved

    def prune(self, keep):
        self.pruned.append(keep)
        return []


class FakeCanary:
    """Answers in five milliseconds; versions among `dead` do not."""

    def __init__(self, *dead, milliseconds=5.0):
        self.dead, self.milliseconds, self.asked = dead, milliseconds, []

    def __call__(self, version, catalogue):
        self.asked.append(version)
        if version in self.dead:
            raise CanaryFailed(f"Model {version} cannot serve: it is dead.")
        return CanaryReport(10, self.milliseconds)
