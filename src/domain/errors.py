"""Named errors. Each states a fact about the request or the world; HTTP statuses are chosen elsewhere.

An error belongs to one family (its direct base below), and the family decides how it is answered. `code` is
part of the REST contract; `details` are short, safe to show, and never hold a secret.
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Detail:
    """One thing wrong with one part of a request: where it stands, and what is wrong with it."""

    where: str
    problem: str


class MarqueeError(Exception):
    """Base of every error that Marquee raises on purpose."""

    code = "error"

    def __init__(self, message: str, details: Sequence[Detail] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.details = tuple(details)


class NotFound(MarqueeError):
    code = "not_found"


class Conflict(MarqueeError):
    code = "conflict"


class Invalid(MarqueeError):
    code = "invalid"


class NotAuthenticated(MarqueeError):
    code = "not_authenticated"


class NotAllowed(MarqueeError):
    code = "not_allowed"


class Unavailable(MarqueeError):
    """A needed part is down; the caller may try again after `retry_after` seconds."""

    code = "unavailable"

    def __init__(self, message: str, retry_after: int = 1) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class TooManyRequests(MarqueeError):
    code = "too_many_requests"

    def __init__(self, message: str, retry_after: int) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class UserNotFound(NotFound):
    code = "user_not_found"

    def __init__(self, user_id: int) -> None:
        super().__init__(f"There is no user {user_id}.")


class ItemNotFound(NotFound):
    code = "item_not_found"

    def __init__(self, item_id: int, kind: str = "item") -> None:
        super().__init__(f"There is no {kind} {item_id}.")


class RatingNotFound(NotFound):
    code = "rating_not_found"

    def __init__(self, item_id: int) -> None:
        super().__init__(f"You have not rated item {item_id}.")


class ImpressionNotFound(NotFound):
    code = "impression_not_found"

    def __init__(self, impression_id: str) -> None:
        super().__init__(f"There is no impression {impression_id}.")


class ExperimentNotFound(NotFound):
    code = "experiment_not_found"

    def __init__(self, experiment_id: str) -> None:
        super().__init__(f"There is no experiment {experiment_id}.")


class ModelNotFound(NotFound):
    code = "model_not_found"

    def __init__(self, version: str) -> None:
        super().__init__(f"There is no model version {version!r}.")


class EmailTaken(Conflict):
    code = "email_taken"

    def __init__(self) -> None:
        super().__init__("An account with this email address exists already.")


class UsernameTaken(Conflict):
    code = "username_taken"

    def __init__(self) -> None:
        super().__init__("This user name is taken.")


class ItemIdTaken(Conflict):
    code = "item_id_taken"

    def __init__(self, item_id: int | None = None) -> None:
        super().__init__(
            "An item with this id exists already." if item_id is None else f"Item {item_id} exists already."
        )


class TitleTaken(Conflict):
    code = "title_taken"

    def __init__(self) -> None:
        super().__init__("An item of this kind with the same title and year exists already.")


class ExternalIdTaken(Conflict):
    code = "external_id_taken"

    def __init__(self) -> None:
        super().__init__("An item of this kind with the same external id exists already.")


class KeyReused(Conflict):
    """An idempotency key that was sent with another event before."""

    code = "idempotency_key_reused"

    def __init__(self) -> None:
        super().__init__("This Idempotency-Key was sent with another event before.")


class EngineUnavailable(Conflict):
    code = "engine_unavailable"

    def __init__(self, engine: str, ready: Sequence[str]) -> None:
        names = ", ".join(ready) or "none"
        super().__init__(f"The engine {engine!r} is not available. Ready now: {names}.")


class NothingToIndex(Conflict):
    code = "nothing_to_index"

    def __init__(self) -> None:
        super().__init__("There is no trained model whose items could be indexed. Train one first.")


class AliasMoved(Conflict):
    """Somebody else has moved the champion or the challenger since the caller looked."""

    code = "alias_moved"

    def __init__(self, present: int, seen: int) -> None:
        super().__init__(f"The aliases are of generation {present} by now, not {seen}: look at them again.")


class GatesFailed(Conflict):
    """A model that has not shown what is asked of a champion; each detail names a gate that it failed."""

    code = "gates_failed"


class CanaryFailed(Conflict):
    """A model that could not be loaded, or made no sound lists, in a process of its own."""

    code = "canary_failed"


class NoFormerChampion(Conflict):
    code = "no_former_champion"

    def __init__(self) -> None:
        super().__init__("There is no earlier champion to go back to.")


class ExperimentStarted(Conflict):
    """An experiment runs once; what it found would mean nothing if it were mixed with what a second run found."""

    code = "experiment_started"

    def __init__(self, experiment_id: str) -> None:
        super().__init__(f"Experiment {experiment_id} has been started before.")


class ExperimentNotRunning(Conflict):
    code = "experiment_not_running"

    def __init__(self, experiment_id: str) -> None:
        super().__init__(f"Experiment {experiment_id} is not running.")


class LibraryMissing(Conflict):
    """A library is needed that is installed with one of Marquee's extras alone."""

    code = "library_missing"

    def __init__(self, what: str, extra: str) -> None:
        super().__init__(f"{what} needs a library that is not installed: pip install 'marquee[{extra}]'.")


class NoOverlap(Conflict):
    """A policy that would have made none of the choices in the log: the log tells nothing of it."""

    code = "no_overlap"

    def __init__(self) -> None:
        super().__init__("The log holds no choice that this policy would have made.")


class NothingRandomised(Conflict):
    """A log in which every engine was chosen with certainty."""

    code = "nothing_randomised"

    def __init__(self, hours: int) -> None:
        super().__init__(
            f"In the last {hours} hours no engine was chosen by chance. Let engines compete or run an experiment."
        )


class LastAdmin(Conflict):
    code = "last_admin"

    def __init__(self) -> None:
        super().__init__("The last admin cannot be deleted.")


class DatasetConflict(Conflict):
    """Ids of a data set are taken by other items or by accounts that people made."""

    code = "dataset_conflict"


class WeakPassword(Invalid):
    code = "weak_password"


class InvalidRatings(Invalid):
    code = "invalid_ratings"


class MalformedDataset(Invalid):
    """Rows of a data file that cannot be read; each detail names the file and the line."""

    code = "malformed_dataset"


class InvalidEvent(Invalid):
    """An event that does not fit what was shown, or when."""

    code = "invalid_event"


class InvalidExperiment(Invalid):
    code = "invalid_experiment"

    def __init__(self, details: Sequence[Detail] = ()) -> None:
        super().__init__("The experiment cannot be run as it is described.", details)


class InvalidConfig(Invalid):
    code = "invalid_config"


class UnknownItems(Invalid):
    """A sequence that is empty or names items that there are not; each detail says which."""

    code = "unknown_items"

    def __init__(self, details: Sequence[Detail] = ()) -> None:
        super().__init__("A session must name at least one item, and only items that there are.", details)


class NothingToLearn(Invalid):
    code = "nothing_to_learn"

    def __init__(self, events: int) -> None:
        super().__init__(f"A model needs at least two items and two ratings of them; there are {events} ratings.")


class UnsupportedFormat(Invalid):
    code = "unsupported_format"


class BadCredentials(NotAuthenticated):
    code = "bad_credentials"

    def __init__(self) -> None:
        super().__init__("The email address or the password is wrong.")


class InvalidToken(NotAuthenticated):
    code = "invalid_token"

    def __init__(self, message: str = "The token is not valid.") -> None:
        super().__init__(message)


class DatasetUnavailable(Unavailable):
    code = "dataset_unavailable"


class ArtifactDamaged(Unavailable):
    """A model folder whose files do not match its manifest. It is refused before any library opens it."""

    code = "artifact_damaged"


class StorageUnavailable(Unavailable):
    code = "storage_unavailable"
