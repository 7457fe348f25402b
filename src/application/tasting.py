"""A user's taste profile: theirs to see and to set."""

from collections.abc import Sequence
from dataclasses import dataclass

from application.accounts import own_account
from domain.errors import Detail, Invalid
from domain.ports.learning import Lineups
from domain.ports.storage import UnitOfWorkFactory, UserStates
from domain.taste import GenreTaste, TasteSettings, taste_profile
from domain.users import Principal


@dataclass(frozen=True)
class ShowTaste:
    """What the caller's ratings say of each genre, with what they have set by hand."""

    states: UserStates
    lineups: Lineups
    unit_of_work: UnitOfWorkFactory

    def __call__(self, principal: Principal) -> Sequence[GenreTaste]:
        with self.unit_of_work() as work:
            own_account(work, principal)
        state = self.states.read(principal.user_id)
        return taste_profile(self.lineups.current(state.catalogue_revision).catalogue, state.history, state.taste)


@dataclass(frozen=True)
class TasteChange:
    """What to change: None leaves a part as it is, `reset` clears both first."""

    muted_genres: frozenset[str] | None = None
    boosted_genres: frozenset[str] | None = None
    reset: bool = False


@dataclass(frozen=True)
class SetTaste:
    """Mute or boost genres, or reset both. Raises `Invalid` for a genre that no title has, or that is in both."""

    states: UserStates
    lineups: Lineups
    unit_of_work: UnitOfWorkFactory

    def __call__(self, principal: Principal, change: TasteChange) -> TasteSettings:
        genres = set(self.lineups.current(self.states.catalogue_revision()).catalogue.genre_names)
        with self.unit_of_work() as work:
            own_account(work, principal)
            before = TasteSettings() if change.reset else work.users.taste(principal.user_id)
            settings = TasteSettings(
                before.muted_genres if change.muted_genres is None else change.muted_genres,
                before.boosted_genres if change.boosted_genres is None else change.boosted_genres,
            )
            self._check(settings, genres)
            work.users.set_taste(principal.user_id, settings)
            work.commit()
        return settings

    @staticmethod
    def _check(settings: TasteSettings, genres: set[str]) -> None:
        wrong = [
            *(Detail(genre, "no title has this genre") for genre in sorted(_all(settings) - genres)),
            *(
                Detail(genre, "cannot be muted and boosted at once")
                for genre in sorted(settings.muted_genres & settings.boosted_genres)
            ),
        ]
        if wrong:
            raise Invalid("The taste settings are not valid; nothing was changed.", wrong)


def _all(settings: TasteSettings) -> set[str]:
    return {*settings.muted_genres, *settings.boosted_genres}
