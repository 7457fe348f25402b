"""What admins do to the running service."""

from typing import Annotated

from fastapi import APIRouter, Depends

from application.indexing import RebuildIndex
from application.learning_online import BanditReport, ShowBandit
from domain.errors import ArtifactDamaged, LibraryMissing, NothingToIndex
from domain.model_versions import ModelVersion
from presentation.api.dependencies import admin, provided
from presentation.api.documenting import NOT_ADMIN, fails, named
from presentation.api.schemas.bandit import BanditOut
from presentation.api.schemas.operations import ReindexedOut

router = APIRouter(
    prefix="/admin",
    tags=["Admin"],
    generate_unique_id_function=named,
    dependencies=[Depends(admin)],
    responses=fails(NOT_ADMIN),
)

DAMAGED = ArtifactDamaged("vectors.safetensors has another SHA-256 than the manifest says.")


@router.post(
    "/reindex",
    summary="Rebuild the item index",
    response_model=ReindexedOut,
    responses=fails(NothingToIndex(), LibraryMissing("The index kind faiss", "faiss"), DAMAGED),
)
def reindex(rebuild_index: Annotated[RebuildIndex, provided("rebuild_index")]) -> ModelVersion:
    """Index the catalogue as it is now for the model that serves, titles added since its training included.

    Answers when the new index is whole; every server takes it up within a second. Meanwhile the old one serves.
    """
    return rebuild_index()


@router.get("/bandit", summary="How the engines stand", response_model=BanditOut)
def get_bandit(show_bandit: Annotated[ShowBandit, provided("show_bandit")]) -> BanditReport:
    """What each engine's lists have earned, by length of history, and the chance with which it makes the next one.

    A list earns the greatest of what was done with its titles: enrol, watch or play to the end 1.0, like 0.8, click
    0.5, view 0.1.
    """
    return show_bandit()
