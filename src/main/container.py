"""The container: every part of Marquee and what it is made of. Routers and commands take parts from it by name."""

from datetime import timedelta

from dependency_injector import containers, providers

from application.accounts import (
    CreateFirstAdmin,
    DeleteAccount,
    DeleteAllAccounts,
    ExportAccount,
    GetAccount,
    ListAccounts,
    RequireAdmin,
    SignUp,
    UpdateAccount,
)
from application.bulk_events import RecordEvents
from application.continuing import ContinueSession
from application.engaging import EventRules, GiveFeedback, RecordEngagement
from application.evaluating import EvaluateEngines, EvaluateModel
from application.experimenting import (
    CreateExperiment,
    ExperimentSteering,
    GetExperiment,
    ListExperiments,
    ReportExperiment,
    StartExperiment,
    StopExperiment,
)
from application.exporting import ExportInteractions
from application.group_lists import RecommendToGroup
from application.home import RecommendHome
from application.indexing import RebuildIndex
from application.inspecting import ListAllRatings, ListEngagements, ListImpressions
from application.items import AddItem, GetItem, ListItems, RemoveItem, UpdateItem
from application.learning_online import (
    BanditRules,
    BanditSteering,
    ShowBandit,
    UpdateBandit,
    UpdateBanditInTurn,
)
from application.loading import LoadDataset
from application.measuring import (
    Counts,
    MeasurePrecision,
    RollUpDays,
    ShowEngineAnalytics,
    ShowGlobalAnalytics,
    ShowItemFeedback,
    ShowUserAnalytics,
)
from application.onboarding import AskNext, ListOnboardingTitles
from application.promoting import CompareModels, JudgeModel, PromoteModel, RollBack
from application.rating import ListRatings, RateItems, RemoveRating
from application.readiness import CheckReadiness
from application.recommending import (
    ListEngines,
    Recommend,
    RecommendSimilar,
    RecommendToStranger,
    ServingRules,
    ShowRanking,
)
from application.sessions import RenewSession, SignIn, SignOut, TokenIssuer
from application.simulating import RemoveSimulation, Simulate
from application.tasting import SetTaste, ShowTaste
from application.tracing import ShowItemAnalytics
from application.training import TrainModel
from application.what_if import WhatIf
from domain.gates import GateRules
from main import building, loop
from main.settings import Settings


def event_rules_of(settings: Settings) -> EventRules:
    """What the settings say of events."""
    events = settings.events
    return EventRules(timedelta(days=events.window_days), timedelta(seconds=events.skew_seconds))


def serving_rules_of(settings: Settings) -> ServingRules:
    """The part of the settings that the use cases know."""
    serving = settings.serving
    return ServingRules(serving.liked_from, serving.min_interactions, serving.default_engine, serving.exploration)


def bandit_rules_of(settings: Settings) -> BanditRules:
    """How the settings let engines compete."""
    bandit = settings.bandit
    return BanditRules(bandit.policy, bandit.epsilon, bandit.engines, settings.serving.min_interactions)


def gate_rules_of(settings: Settings) -> GateRules:
    """What the settings ask of a new model."""
    return GateRules(**settings.gates.model_dump())


class Container(containers.DeclarativeContainer):
    settings = providers.Dependency(instance_of=Settings)

    # services
    clock = providers.Singleton(building.build_clock)
    ids = providers.Singleton(building.build_ids, clock)
    secrets = providers.Singleton(building.build_secrets)
    hasher = providers.Singleton(building.build_hasher)
    password_policy = providers.Singleton(building.build_password_policy)
    access_tokens = providers.Singleton(building.build_access_tokens, settings)
    throttle = providers.Singleton(building.build_throttle, settings)
    progress = providers.Singleton(building.build_progress)

    # storage
    engine = providers.Singleton(building.build_engine, settings)
    migrate = providers.Singleton(building.build_migrate, engine)
    unit_of_work = providers.Singleton(building.build_unit_of_work, engine)
    user_states = providers.Singleton(building.build_user_states, engine)
    catalogues = providers.Singleton(building.build_catalogues, engine)
    item_reader = providers.Singleton(building.build_item_reader, unit_of_work)
    event_log = providers.Resource(building.build_event_log, engine)
    bandit_store = providers.Singleton(loop.build_bandit_store, engine)
    leases = providers.Singleton(loop.build_leases, engine)
    bulk_store = providers.Singleton(building.build_bulk_store, engine)
    interaction_store = providers.Singleton(building.build_interaction_store, engine)

    # learning
    model_registry = providers.Singleton(building.build_model_registry, settings)
    lineups = providers.Singleton(building.build_lineups, model_registry, catalogues)
    index_wish = providers.Singleton(building.build_index_wish, settings)
    trainer = providers.Singleton(building.build_trainer, index_wish)
    item_indexer = providers.Singleton(building.build_item_indexer, model_registry, index_wish)
    serving_rules = providers.Singleton(serving_rules_of, settings)
    canary = providers.Singleton(building.build_canary, settings)
    gate_rules = providers.Singleton(gate_rules_of, settings)

    # learning online
    bandit_rules = providers.Singleton(bandit_rules_of, settings)
    show_bandit = providers.Singleton(ShowBandit, bandit_store, user_states, lineups, bandit_rules)
    update_bandit = providers.Singleton(UpdateBandit, bandit_store, clock)
    update_bandit_in_turn = providers.Singleton(
        UpdateBanditInTurn, update_bandit, leases, clock, settings.provided.bandit.update_seconds
    )
    bandit_updates = providers.Resource(loop.run_bandit_updates, settings, update_bandit_in_turn)

    # experiments
    running_experiments = providers.Singleton(loop.build_running_experiments, unit_of_work)
    experiment_outcomes = providers.Singleton(loop.build_experiment_outcomes, engine)
    create_experiment = providers.Singleton(CreateExperiment, unit_of_work, user_states, lineups, clock, ids)
    start_experiment = providers.Singleton(
        StartExperiment, unit_of_work, user_states, lineups, running_experiments, clock
    )
    stop_experiment = providers.Singleton(StopExperiment, unit_of_work, running_experiments, clock)
    get_experiment = providers.Singleton(GetExperiment, unit_of_work)
    list_experiments = providers.Singleton(ListExperiments, unit_of_work)
    report_experiment = providers.Singleton(ReportExperiment, unit_of_work, experiment_outcomes, clock)

    # measuring
    analytics = providers.Singleton(loop.build_analytics, engine)
    roll_ups = providers.Singleton(loop.build_roll_ups, engine)
    counts = providers.Singleton(Counts, analytics, roll_ups, clock)
    roll_up_days = providers.Singleton(RollUpDays, roll_ups, clock)
    measure_precision = providers.Singleton(MeasurePrecision, counts)
    show_user_analytics = providers.Singleton(ShowUserAnalytics, unit_of_work, analytics)
    show_global_analytics = providers.Singleton(ShowGlobalAnalytics, counts, unit_of_work)
    show_engine_analytics = providers.Singleton(ShowEngineAnalytics, counts)
    show_item_feedback = providers.Singleton(ShowItemFeedback, counts, unit_of_work)
    show_item_analytics = providers.Singleton(
        ShowItemAnalytics, counts, unit_of_work, user_states, lineups, serving_rules
    )
    what_if = providers.Singleton(WhatIf, analytics, clock)

    # accounts and sessions
    sign_up = providers.Singleton(SignUp, unit_of_work, hasher, password_policy, clock)
    create_first_admin = providers.Singleton(CreateFirstAdmin, unit_of_work, sign_up, secrets)
    get_account = providers.Singleton(GetAccount, unit_of_work)
    require_admin = providers.Singleton(RequireAdmin, unit_of_work)
    update_account = providers.Singleton(UpdateAccount, unit_of_work, hasher, password_policy)
    delete_account = providers.Singleton(DeleteAccount, unit_of_work)
    delete_all_accounts = providers.Singleton(DeleteAllAccounts, unit_of_work)
    list_accounts = providers.Singleton(ListAccounts, unit_of_work)
    export_account = providers.Singleton(ExportAccount, unit_of_work)
    refresh_lifetime = providers.Singleton(lambda settings: timedelta(days=settings.auth.refresh_days), settings)
    token_issuer = providers.Singleton(TokenIssuer, access_tokens, secrets, refresh_lifetime)
    sign_in = providers.Singleton(SignIn, unit_of_work, hasher, token_issuer, throttle, clock, ids)
    renew_session = providers.Singleton(RenewSession, unit_of_work, token_issuer, secrets, clock)
    sign_out = providers.Singleton(SignOut, unit_of_work, secrets)

    # catalogue and ratings
    add_item = providers.Singleton(AddItem, unit_of_work)
    update_item = providers.Singleton(UpdateItem, unit_of_work)
    remove_item = providers.Singleton(RemoveItem, unit_of_work)
    get_item = providers.Singleton(GetItem, unit_of_work)
    list_items = providers.Singleton(ListItems, unit_of_work)
    rate_items = providers.Singleton(RateItems, unit_of_work, clock)
    remove_rating = providers.Singleton(RemoveRating, unit_of_work)
    list_ratings = providers.Singleton(ListRatings, unit_of_work)
    list_all_ratings = providers.Singleton(ListAllRatings, unit_of_work)
    list_impressions = providers.Singleton(ListImpressions, unit_of_work)
    list_engagements = providers.Singleton(ListEngagements, unit_of_work)

    # recommendations
    ranking_cache = providers.Singleton(building.build_ranking_cache)
    shown_lists = providers.Singleton(building.build_shown_lists, unit_of_work)
    event_rules = providers.Singleton(event_rules_of, settings)
    record_engagement = providers.Singleton(RecordEngagement, shown_lists, event_log, unit_of_work, clock, event_rules)
    give_feedback = providers.Singleton(GiveFeedback, unit_of_work, rate_items, event_log, clock, event_rules)
    record_events = providers.Singleton(RecordEvents, shown_lists, event_log, unit_of_work, clock, event_rules)

    show_ranking = providers.Singleton(ShowRanking, item_reader, event_log, clock, ids)
    random = providers.Singleton(building.build_random)
    bandit_steering = providers.Singleton(
        BanditSteering, providers.Singleton(loop.build_arms, bandit_store), bandit_rules, random
    )
    # In turn: what an experiment decides stands.
    experiment_steering = providers.Singleton(
        ExperimentSteering, running_experiments, clock, serving_rules.provided.default_engine
    )
    steer = providers.Singleton(loop.build_steering, experiment_steering, bandit_steering)
    # the same on a clock that the simulation moves: a day of it may pass in less time than arms are remembered for
    simulated_steer = providers.Singleton(
        loop.build_steering,
        experiment_steering,
        providers.Singleton(BanditSteering, bandit_store, bandit_rules, random),
    )
    simulated_clock = providers.Singleton(loop.build_simulated_clock)
    simulated_show = providers.Singleton(
        ShowRanking, item_reader, event_log, simulated_clock, providers.Singleton(building.build_ids, simulated_clock)
    )
    simulate = providers.Singleton(
        Simulate,
        unit_of_work,
        user_states,
        lineups,
        providers.Singleton(
            Recommend, user_states, lineups, simulated_show, serving_rules, ranking_cache, random, simulated_steer
        ),
        providers.Singleton(RecordEvents, shown_lists, event_log, unit_of_work, simulated_clock, event_rules),
        providers.Singleton(UpdateBandit, bandit_store, simulated_clock),
        simulated_clock,
        progress,
    )
    remove_simulation = providers.Singleton(RemoveSimulation, unit_of_work)

    recommend = providers.Singleton(
        Recommend, user_states, lineups, show_ranking, serving_rules, ranking_cache, random, steer
    )
    recommend_to_stranger = providers.Singleton(RecommendToStranger, user_states, lineups, show_ranking, serving_rules)
    recommend_similar = providers.Singleton(RecommendSimilar, user_states, lineups, show_ranking, serving_rules)
    recommend_home = providers.Singleton(RecommendHome, user_states, lineups, recommend, show_ranking)
    recommend_to_group = providers.Singleton(RecommendToGroup, user_states, lineups, show_ranking, serving_rules)
    continue_session = providers.Singleton(ContinueSession, user_states, lineups, show_ranking, serving_rules)
    list_engines = providers.Singleton(ListEngines, user_states, lineups)
    list_onboarding_titles = providers.Singleton(ListOnboardingTitles, user_states, lineups, item_reader)
    ask_next = providers.Singleton(AskNext, user_states, lineups, item_reader, recommend_to_stranger)
    check_readiness = providers.Singleton(CheckReadiness, user_states, lineups)
    show_taste = providers.Singleton(ShowTaste, user_states, lineups, unit_of_work)
    set_taste = providers.Singleton(SetTaste, user_states, lineups, unit_of_work)

    # data and training
    dataset_source = providers.Singleton(building.build_dataset_source, settings, progress)
    load_dataset = providers.Singleton(LoadDataset, dataset_source, bulk_store, clock, progress)
    export_interactions = providers.Singleton(
        ExportInteractions, interaction_store, providers.Singleton(building.build_table_files)
    )
    evaluate_engines = providers.Singleton(
        EvaluateEngines, progress, serving_rules.provided.liked_from, serving_rules.provided.min_interactions
    )
    evaluate_model = providers.Singleton(EvaluateModel, interaction_store, catalogues, lineups, evaluate_engines)
    judge_model = providers.Singleton(JudgeModel, model_registry, evaluate_model, canary, gate_rules)
    train_model = providers.Singleton(
        TrainModel,
        interaction_store,
        catalogues,
        trainer,
        model_registry,
        evaluate_model,
        judge_model,
        clock,
        serving_rules.provided.liked_from,
        settings.provided.models.keep,
    )
    compare_models = providers.Singleton(CompareModels, model_registry, evaluate_model, gate_rules)
    promote_model = providers.Singleton(PromoteModel, model_registry, catalogues, judge_model, canary)
    roll_back = providers.Singleton(RollBack, model_registry, catalogues, canary)
    rebuild_index = providers.Singleton(RebuildIndex, catalogues, item_indexer, clock)

    # what the command line runs beside the use cases
    training_config = providers.Object(building.read_training_config)
    serve = providers.Singleton(building.build_serve, settings)
    shown_settings = providers.Singleton(building.shown_settings, settings)


def build_container(settings: Settings) -> Container:
    """A container of its own for these settings."""
    return Container(settings=settings)
