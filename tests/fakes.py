"""Stand-ins for the ports, in memory. They keep the ports' promises, transactions included."""

import copy
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import numpy as np

from domain.blending import FUSIONS
from domain.catalogue import Catalogue
from domain.engagements import Engagement, signal_of
from domain.errors import (
    EmailTaken,
    ExperimentNotFound,
    InvalidToken,
    ItemIdTaken,
    ItemNotFound,
    LastAdmin,
    RatingNotFound,
    TooManyRequests,
    UsernameTaken,
    UserNotFound,
    WeakPassword,
)
from domain.events import History
from domain.impressions import Impression
from domain.lineup import Lineup
from domain.model_versions import ModelVersion
from domain.paging import Page
from domain.pipeline import Pipeline
from domain.recommendation import Candidates, UserState
from domain.taste import TasteSettings
from domain.users import Principal, Role


class FakeClock:
    def __init__(self, now=datetime(2026, 11, 21, 12, tzinfo=UTC)):
        self.present = now

    def now(self):
        return self.present

    def advance(self, **by):
        self.present += timedelta(**by)


class FakeIds:
    def __init__(self):
        self.count = 0

    def new(self):
        self.count += 1
        return f"00000000-0000-4000-8000-{self.count:012d}"


class FakeSecrets:
    def __init__(self):
        self.count = 0

    def new(self):
        self.count += 1
        return f"secret-{self.count}"

    def digest(self, secret):
        return f"digest of {secret}"


class FakeHasher:
    def __init__(self):
        self.verifications = 0

    def hash(self, password):
        return f"hashed {password}"

    def verify(self, password, stored):
        self.verifications += 1
        return stored == f"hashed {password}"


class FakePolicy:
    def check(self, password, email, username):
        if len(password) < 8:
            raise WeakPassword("The password is too short.")


class FakeAccessTokens:
    lifetime = 900

    def issue(self, user, now):
        return f"token of {user.id}"

    def verify(self, token, now):
        return Principal(int(token.removeprefix("token of ")), Role.USER)


class FakeThrottle:
    def __init__(self, allowance=1000):
        self.allowance = allowance
        self.counts = {}

    def check(self, purpose, *keys):
        if any(self.counts.get((purpose, key), 0) >= self.allowance for key in keys):
            raise TooManyRequests("Too many attempts.", retry_after=60)

    def record(self, purpose, *keys):
        for key in keys:
            self.counts[purpose, key] = self.counts.get((purpose, key), 0) + 1


@dataclass
class Rows:
    """The committed state of a fake database."""

    users: dict = field(default_factory=dict)
    items: dict = field(default_factory=dict)
    ratings: dict = field(default_factory=dict)
    impressions: list = field(default_factory=list)
    engagements: dict = field(default_factory=dict)
    feedback: dict = field(default_factory=dict)
    signals: dict = field(default_factory=dict)
    tokens: dict = field(default_factory=dict)
    spent: set = field(default_factory=set)
    revoked: set = field(default_factory=set)
    taste: dict = field(default_factory=dict)
    experiments: dict = field(default_factory=dict)
    revision: int = 0


class FakeDatabase:
    """Makes units of work over the same rows; only what they commit stays."""

    def __init__(self, *items):
        self.rows = Rows(items={item.id: item for item in items})

    def __call__(self):
        return FakeUnitOfWork(self)


class FakeUnitOfWork:
    def __init__(self, database):
        self.database = database

    def __enter__(self):
        self.rows = copy.deepcopy(self.database.rows)
        self.users = FakeUsers(self.rows)
        self.items = FakeItems(self.rows)
        self.ratings = FakeRatings(self.rows)
        self.impressions = FakeImpressions(self.rows)
        self.engagements = FakeEvents(self.rows.engagements)
        self.feedback = FakeEvents(self.rows.feedback)
        self.experiments = FakeExperiments(self.rows)
        self.refresh_tokens = FakeRefreshTokens(self.rows)
        return self

    def __exit__(self, *error):
        return None

    def commit(self):
        self.database.rows = copy.deepcopy(self.rows)


def page_of(rows, page):
    return Page(rows[page.offset : page.offset + page.size], page.page, page.size, len(rows))


class FakeUsers:
    def __init__(self, rows):
        self.rows = rows

    def get(self, user_id):
        try:
            return self.rows.users[user_id]
        except KeyError:
            raise UserNotFound(user_id) from None

    def find_by_email(self, email):
        return next((u for u in self.rows.users.values() if (u.email or "").casefold() == email.casefold()), None)

    def add(self, user):
        self._check(user)
        user.id = max(self.rows.users, default=0) + 1
        self.rows.users[user.id] = user
        return user

    def save(self, user):
        self._check(user)
        self.rows.users[user.id] = user

    def _check(self, user):
        others = [other for other in self.rows.users.values() if other.id != user.id]
        if any(other.email and user.email and other.email.casefold() == user.email.casefold() for other in others):
            raise EmailTaken
        if any(other.username.casefold() == user.username.casefold() for other in others):
            raise UsernameTaken

    def erase(self, user_id):
        user = self.get(user_id)
        if user.role is Role.ADMIN and sum(u.role is Role.ADMIN for u in self.rows.users.values()) == 1:
            raise LastAdmin
        del self.rows.users[user_id]
        self.rows.ratings = {key: rating for key, rating in self.rows.ratings.items() if key[0] != user_id}
        self.rows.impressions = [shown for shown in self.rows.impressions if shown.user_id != user_id]
        self.rows.signals = {key: signal for key, signal in self.rows.signals.items() if key[0] != user_id}
        for events in (self.rows.engagements, self.rows.feedback):
            for event in [event for event in events.values() if event.user_id == user_id]:
                del events[event.id]

    def consents(self, user_ids):
        return {one: self.rows.users[one].consent for one in user_ids if one in self.rows.users}

    def forget_log(self, user_id):
        nobody = [replace(one, user_id=None) if one.user_id == user_id else one for one in self.rows.impressions]
        self.rows.impressions = nobody
        for event in self.rows.engagements.values():
            if event.user_id == user_id:
                self.rows.engagements[event.id] = replace(event, user_id=None)
        for event in [event for event in self.rows.feedback.values() if event.user_id == user_id]:
            del self.rows.feedback[event.id]
        self.rows.signals = {key: signal for key, signal in self.rows.signals.items() if key[0] != user_id}

    def erase_all_of(self, origin):
        found = [user.id for user in self.rows.users.values() if user.origin == origin]
        for user_id in found:
            self.erase(user_id)
        return len(found)

    def erase_all_but_admins(self):
        ordinary = [user.id for user in self.rows.users.values() if user.role is not Role.ADMIN]
        for user_id in ordinary:
            self.erase(user_id)
        return len(ordinary)

    def has_admin(self):
        return any(user.role is Role.ADMIN for user in self.rows.users.values())

    def list_page(self, page, text=None):
        found = [u for u in self.rows.users.values() if not text or text in u.username or text in (u.email or "")]
        return page_of(found, page)

    def taste(self, user_id):
        return self.rows.taste.get(user_id, TasteSettings())

    def set_taste(self, user_id, taste):
        self.rows.taste[user_id] = taste


class FakeItems:
    def __init__(self, rows):
        self.rows = rows

    def get(self, item_id, kind=None):
        item = self.rows.items.get(item_id)
        if item is None or (kind is not None and item.kind is not kind):
            raise ItemNotFound(item_id, kind or "item")
        return item

    def get_many(self, item_ids):
        return {item_id: self.rows.items[item_id] for item_id in item_ids if item_id in self.rows.items}

    def add(self, item):
        if item.id in self.rows.items:
            raise ItemIdTaken(item.id)
        item.id = item.id or max(self.rows.items, default=0) + 1
        self.rows.items[item.id] = item
        self.rows.revision += 1
        return item

    def save(self, item):
        self.rows.items[item.id] = item
        self.rows.revision += 1

    def remove(self, item_id, kind):
        self.get(item_id, kind)
        del self.rows.items[item_id]
        self.rows.revision += 1

    def list_page(self, search, page):
        return page_of([item for item in self.rows.items.values() if item.kind is search.kind], page)


class FakeRatings:
    def __init__(self, rows):
        self.rows = rows

    def put(self, ratings):
        for rating in ratings:
            earlier = self.rows.ratings.get((rating.user_id, rating.item_id))
            rating.id = earlier.id if earlier else len(self.rows.ratings) + 1
            self.rows.ratings[rating.user_id, rating.item_id] = rating
        return ratings

    def remove(self, user_id, item_id):
        try:
            del self.rows.ratings[user_id, item_id]
        except KeyError:
            raise RatingNotFound(item_id) from None

    def list_page(self, page, user_id=None):
        found = [r for r in self.rows.ratings.values() if user_id is None or r.user_id == user_id]
        return page_of(sorted(found, key=lambda rating: (-rating.timestamp, -rating.id)), page)


class FakeImpressions:
    def __init__(self, rows):
        self.rows = rows

    def list_page(self, page, user_id=None):
        found = [shown for shown in self.rows.impressions if user_id is None or shown.user_id == user_id]
        return page_of(found[::-1], page)

    def find(self, ids):
        return {shown.id: shown for shown in self.rows.impressions if shown.id in ids}


class FakeEvents:
    def __init__(self, events):
        self.events = events

    def find(self, ids):
        return {one: self.events[one] for one in ids if one in self.events}

    def list_page(self, page, user_id=None):
        found = [event for event in self.events.values() if user_id is None or event.user_id == user_id]
        return page_of(sorted(found, key=lambda event: event.occurred_at, reverse=True), page)


class FakeExperiments:
    def __init__(self, rows):
        self.rows = rows

    def get(self, experiment_id):
        try:
            return self.rows.experiments[experiment_id]
        except KeyError:
            raise ExperimentNotFound(experiment_id) from None

    take = get

    def add(self, experiment):
        self.rows.experiments[experiment.id] = experiment

    save = add

    def list_page(self, page):
        return page_of(list(self.rows.experiments.values())[::-1], page)

    def list_unfinished(self):
        started = [one for one in self.rows.experiments.values() if one.started_at and not one.stopped_at]
        return sorted(started, key=lambda one: one.started_at)


class FakeRefreshTokens:
    def __init__(self, rows):
        self.rows = rows

    def add(self, token):
        self.rows.tokens[token.digest] = token

    def spend(self, digest, now):
        token = self.rows.tokens.get(digest)
        if token is None or token.expires_at <= now or token.family in self.rows.revoked:
            raise InvalidToken
        if digest in self.rows.spent:
            self.rows.revoked.add(token.family)
            raise InvalidToken
        self.rows.spent.add(digest)
        return token

    def revoke_family_of(self, digest, user_id):
        token = self.rows.tokens.get(digest)
        if token is not None and token.user_id == user_id:
            self.rows.revoked.add(token.family)

    def revoke_all_of(self, user_id):
        self.rows.revoked |= {token.family for token in self.rows.tokens.values() if token.user_id == user_id}


class FakeUserStates:
    """Reads what a fake database has committed, as the one read of the hot path does."""

    def __init__(self, database):
        self.database = database

    def read(self, user_id):
        rows = self.database.rows
        if user_id not in rows.users:
            raise UserNotFound(user_id)
        mine = [rating for rating in rows.ratings.values() if rating.user_id == user_id]
        rated = {rating.item_id for rating in mine}
        mine += [one for (user, item), one in rows.signals.items() if user == user_id and item not in rated]
        mine.sort(key=lambda one: (one.timestamp, getattr(one, "id", 0)))
        history = History.of([r.item_id for r in mine], [r.value for r in mine], [r.timestamp for r in mine])
        user = rows.users[user_id]
        return UserState(
            user_id,
            history,
            user.demographics,
            rows.taste.get(user_id, TasteSettings()),
            catalogue_revision=rows.revision,
            consent=user.consent,
        )

    def catalogue_revision(self):
        return self.database.rows.revision


class FakeItemReader:
    def __init__(self, database):
        self.database = database

    def read(self, item_ids, revision):
        return {item_id: self.database.rows.items[item_id] for item_id in item_ids}


class FakeEventLog:
    def __init__(self, database):
        self.database = database

    def append(self, *events):
        rows = self.database.rows
        return frozenset(event.id for event in events if self._store(rows, event))

    def _store(self, rows, event):
        if isinstance(event, Impression):
            rows.impressions.append(event)
            return False
        if event.user_id is not None and event.user_id not in rows.users:
            raise UserNotFound(event.user_id)
        kept = rows.engagements if isinstance(event, Engagement) else rows.feedback
        if event.id in kept:
            return False
        kept[event.id] = event
        signal = signal_of(event)
        earlier = rows.signals.get((event.user_id, event.item_id))
        if signal and (earlier is None or (signal.timestamp, signal.value) > (earlier.timestamp, earlier.value)):
            rows.signals[event.user_id, event.item_id] = signal
        return True


class FakeShownLists:
    def __init__(self, database):
        self.database = database

    def find(self, ids):
        with self.database() as work:
            return work.impressions.find(ids)


class FakeRankings:
    """Remembers everything."""

    def __init__(self):
        self.kept = {}

    def find(self, key):
        return self.kept.get(key)

    def keep(self, key, ranking):
        self.kept[key] = ranking


class ScoreGenerator:
    """Proposes everything eligible by a score per position."""

    def __init__(self, name, scores):
        self.name = name
        self.scores = scores

    def __call__(self, context, limit):
        return Candidates.top(self.scores(context), context.eligible, limit)


class ScoreRanker:
    def __init__(self, name, scores):
        self.name = name
        self.scores = scores

    def score(self, context, positions):
        return self.scores(context)[positions]

    def explain(self, context, positions):
        return [None] * len(positions)


class SameGenre:
    """Likes whatever shares a genre."""

    name = "content"

    def __init__(self, catalogue):
        self.catalogue = catalogue

    def similar(self, position, eligible, limit):
        shared = (self.catalogue.genres & self.catalogue.genres[position]).sum(axis=1)
        return Candidates.top(shared.astype(float), eligible & (shared > 0), limit)


def popularity_of(context):
    return context.catalogue.rating_counts.astype(np.float64)


def genres_of_liked(context):
    """Score by the number of genres shared with what was liked: enough for a list to follow a rating."""
    profile = context.catalogue.genres[context.liked].sum(axis=0) if len(context.liked) else np.zeros(1)
    return (context.catalogue.genres * profile).sum(axis=1).astype(np.float64)


def fake_pipeline(name, scores, model_version=None):
    generator = ScoreGenerator("popularity", popularity_of)
    return Pipeline(name, (generator,), ScoreRanker(name, scores), generator, model_version=model_version)


NCF_1 = ModelVersion("ncf-1", ("ncf",), datetime(2026, 11, 21, tzinfo=UTC), {}, "fingerprint", auto=((0, "ncf"),))


class FakeLineups:
    """Builds line-ups of simple engines on whatever the fake database holds."""

    def __init__(self, database, with_model=True, asks_when=False):
        self.database = database
        self.with_model = with_model
        self.asks_when = asks_when

    def current(self, revision):
        catalogue = Catalogue.of(self.database.rows.items.values(), revision)
        pipelines = {
            "popularity": fake_pipeline("popularity", popularity_of),
            "baseline": fake_pipeline("baseline", popularity_of),
            "cold_start": fake_pipeline("cold_start", genres_of_liked),
        }
        if self.with_model:
            pipelines["ncf"] = fake_pipeline("ncf", genres_of_liked, "ncf-1")
        return Lineup(
            catalogue=catalogue,
            pipelines=pipelines,
            engines=("popularity", "baseline", "cold_start", "ncf"),
            auto=((0, "ncf"),),
            model=NCF_1 if self.with_model else None,
            vectors=catalogue.genres.astype(np.float32),
            similar_by_content=SameGenre(catalogue),
            sessions={
                ("mean", fusion): fake_pipeline("session-mean", genres_of_liked, "ncf-1")
                for fusion in FUSIONS
                if self.with_model
            },
            asks_when=self.asks_when,
        )

    def of(self, version, catalogue):
        return self.current(catalogue.revision)
