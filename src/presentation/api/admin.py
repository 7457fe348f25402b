"""What admins do to the running service."""

from typing import Annotated

from fastapi import APIRouter, Depends

from application.indexing import RebuildIndex
from domain.errors import ArtifactDamaged, LibraryMissing, NothingToIndex
from domain.model_versions import ModelVersion
from presentation.api.dependencies import admin, provided
from presentation.api.documenting import NOT_ADMIN, fails, named
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
