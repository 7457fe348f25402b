"""Recommendations and onboarding. Every list is in the log before it is sent."""

from functools import lru_cache
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from starlette.datastructures import QueryParams

from application.continuing import ContinueSession
from application.group_lists import RecommendToGroup
from application.home import RecommendHome
from application.onboarding import AskNext, ListOnboardingTitles
from application.recommending import ListEngines, Recommend, RecommendSimilar, RecommendToStranger
from domain.errors import Detail, EngineUnavailable, Invalid, ItemNotFound, TooManyRequests, UnknownItems, UserNotFound
from domain.recommendation import RecommendationList, RecommendationRequest
from presentation.api.dependencies import Caller, admin, provided, stranger_allowance
from presentation.api.documenting import NOT_ADMIN, fails, named, parameters_of
from presentation.api.rendering import render, render_group, render_home
from presentation.api.schemas.common import PathId
from presentation.api.schemas.groups import GroupIn, GroupListOut
from presentation.api.schemas.home import HomeOut, HomeQuery
from presentation.api.schemas.recommendations import (
    LIST_PARAMETERS,
    AnswersIn,
    EnginesOut,
    EnginesReadinessOut,
    NextScreenOut,
    OnboardingTitlesOut,
    OnboardingTitlesQuery,
    RecommendationListOut,
    RecommendationQuery,
    SequenceIn,
    SessionIn,
    SimilarQuery,
    StrangerIn,
)

router = APIRouter(prefix="/recommendations", tags=["Recommendations"], generate_unique_id_function=named)

NO_ENGINE = EngineUnavailable("ncf", ["auto", "popularity"])
TOO_MANY = TooManyRequests("Too many attempts. Try again in 12 s.", 12)
NO_ENCODER = EngineUnavailable("gru", ["linear", "mean"])
NO_ITEMS = UnknownItems([Detail("item_sequence.1", "there is no such item")])
NO_ITEM = ItemNotFound(42)
NO_USER = UserNotFound(945)
NO_SIMILARITY = Invalid("At least one of use_cf and use_cb must be on.")


@lru_cache(maxsize=256)
def recommendation_request(query_string: bytes, default_engine: str) -> RecommendationRequest:
    """What a query string asks for. Clients send few different ones, and the framework takes 100 µs to read one.

    Raises `RequestValidationError`, as the framework does.
    """
    sent = QueryParams(query_string)
    values = {name: sent.getlist(name) if name in LIST_PARAMETERS else sent[name] for name in sent}
    try:
        return RecommendationQuery.model_validate(values).request(default_engine)
    except ValidationError as wrong:
        found = wrong.errors(include_url=False, include_input=False, include_context=False)
        raise RequestValidationError([{**one, "loc": ("query", *one["loc"])} for one in found]) from None


def _answer(shown: RecommendationList) -> Response:
    return Response(render(shown), media_type="application/json")


@router.get(
    "/",
    summary="Recommend titles to me",
    response_model=RecommendationListOut,
    responses=fails(NO_ENGINE),
    openapi_extra={"parameters": parameters_of(RecommendationQuery)},
)
def list_recommendations(
    request: Request, caller: Caller, recommend: Annotated[Recommend, provided("recommend")]
) -> Response:
    """The best titles for the caller: nothing already rated, and every rating up to this moment applied.

    Tracks that were liked come back in time.

    A list that comes out short is filled with popular titles and says `fallback_used`; so does the list of somebody of
    whom nothing is known.
    """
    wanted = recommendation_request(request.scope["query_string"], recommend.rules.default_engine)
    return _answer(recommend(caller, wanted))


@router.get("/home", summary="Fill the home page", response_model=HomeOut)
def home(
    query: Annotated[HomeQuery, Query()],
    caller: Caller,
    recommend_home: Annotated[RecommendHome, provided("recommend_home")],
) -> Response:
    """Shelves for the caller: the best for them, what is like what they liked last, what is trending, and what is new.

    No title stands on two shelves, and nothing that was rated on any. Each shelf is a list in the log of its own, so
    that what is done with a title names the shelf that it stood on.
    """
    return Response(render_home(recommend_home(caller, query.request())), media_type="application/json")


@router.post(
    "/group",
    summary="Recommend titles to several people",
    dependencies=[Depends(admin)],
    response_model=GroupListOut,
    responses=fails(NOT_ADMIN, NO_USER),
)
def recommend_to_group(
    body: GroupIn, recommend: Annotated[RecommendToGroup, provided("recommend_to_group")]
) -> Response:
    """One list for several people, of titles that none of them has rated, with what each of them thinks of every one.

    `average` follows the many, `least_misery` whoever likes a title least, and `fair` sees to it that everybody finds
    something on the list.
    """
    return Response(
        render_group(recommend(body.user_ids, body.request(), body.strategy)), media_type="application/json"
    )


@router.get("/engines", summary="List engines")
def list_engines(caller: Caller, list_engines: Annotated[ListEngines, provided("list_engines")]) -> EnginesOut:
    """Every engine: whether it can serve, on which model version, and how good that proved on held-out events."""
    return EnginesOut.model_validate({"engines": list_engines()})


@router.post(
    "/cold-start",
    summary="Recommend titles to a stranger",
    dependencies=[Depends(stranger_allowance)],
    response_model=RecommendationListOut,
    responses=fails(NO_ITEM, NO_ENGINE, TOO_MANY),
)
def cold_start(
    body: StrangerIn, recommend: Annotated[RecommendToStranger, provided("recommend_to_stranger")]
) -> Response:
    """A list for somebody without an account, from whatever they tell; from nothing at all, popular titles.

    The number of calls from one address is limited.
    """
    return _answer(recommend(body.stranger(), body.request(recommend.rules.default_engine)))


@router.post(
    "/session",
    summary="Recommend what continues a session",
    dependencies=[Depends(stranger_allowance)],
    response_model=RecommendationListOut,
    responses=fails(NO_ITEMS, NO_ENCODER, TOO_MANY),
)
def continue_session(
    body: SessionIn, continue_session: Annotated[ContinueSession, provided("continue_session")]
) -> Response:
    """Items to go on with after an ordered run of them; its own are left out, unless they are tracks, which repeat.

    The filters hold before the list is cut to length. The number of calls from one address is limited.
    """
    return _answer(continue_session(body.session(), body.request()))


@router.post(
    "/next",
    summary="Recommend the one next item",
    dependencies=[Depends(stranger_allowance)],
    response_model=RecommendationListOut,
    responses=fails(NO_ITEMS, NO_ENCODER, TOO_MANY),
)
def next_item(body: SequenceIn, continue_session: Annotated[ContinueSession, provided("continue_session")]) -> Response:
    """The one item to go on with, as a list of one. The number of calls from one address is limited."""
    return _answer(continue_session(body.session(), RecommendationRequest(k=1), "next"))


@router.get("/onboarding-movies", summary="List titles that most people know")
def onboarding_movies(
    query: Annotated[OnboardingTitlesQuery, Query()],
    list_titles: Annotated[ListOnboardingTitles, provided("list_onboarding_titles")],
) -> OnboardingTitlesOut:
    """The most rated films of every genre, for a newcomer to pick from."""
    return OnboardingTitlesOut.model_validate({"recommendations": list_titles(query.num_movies)})


@router.post(
    "/onboarding/next",
    summary="Choose what to ask a newcomer next",
    dependencies=[Depends(stranger_allowance)],
    responses=fails(NO_ITEM, TOO_MANY),
)
def onboarding_next(body: AnswersIn, ask_next: Annotated[AskNext, provided("ask_next")]) -> NextScreenOut:
    """The next screen of titles, chosen from the answers so far, with what these lead to already.

    The number of calls from one address is limited.
    """
    screen = ask_next(body.as_answers(), body.size, body.kind)
    items = screen.preview.items
    preview = [items[one.item_id] for one in screen.preview.recommendations if one.item_id in items]
    return NextScreenOut.model_validate(
        {
            "ask": screen.ask,
            "asked": screen.asked,
            "confidence": screen.confidence,
            "done": screen.done,
            "preview": preview,
            "impression_id": screen.preview.impression_id,
        }
    )


@router.get(
    "/similar/{item_id}",
    summary="Find similar titles",
    response_model=RecommendationListOut,
    responses=fails(NO_ITEM, NO_SIMILARITY),
)
def list_similar(
    item_id: PathId,
    query: Annotated[SimilarQuery, Query()],
    recommend: Annotated[RecommendSimilar, provided("recommend_similar")],
) -> Response:
    """Titles of the same kind like a given one: by who rated them, by what they are, or both; never itself."""
    return _answer(recommend(item_id, RecommendationRequest(k=query.k), query.use_cf, query.use_cb))


@router.get("/health", summary="Show which engines are ready")
def engines_health(list_engines: Annotated[ListEngines, provided("list_engines")]) -> EnginesReadinessOut:
    """Which engines can serve now, and on which model version."""
    return EnginesReadinessOut.model_validate({"engines": list_engines()})
