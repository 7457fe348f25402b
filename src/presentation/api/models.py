"""Model versions: which there are, and which of them serves."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query

from application.promoting import PromoteModel, RollBack
from domain.errors import (
    AliasMoved,
    ArtifactDamaged,
    CanaryFailed,
    Detail,
    GatesFailed,
    ModelNotFound,
    NoFormerChampion,
)
from domain.model_versions import Aliases
from domain.ports.learning import ModelRegistry
from presentation.api.dependencies import admin, provided
from presentation.api.documenting import NOT_ADMIN, fails, named
from presentation.api.schemas.operations import MODEL, AliasesOut, PromotionQuery, RegistryOut, SeenQuery

router = APIRouter(
    prefix="/admin/models",
    tags=["Admin"],
    generate_unique_id_function=named,
    dependencies=[Depends(admin)],
    responses=fails(NOT_ADMIN),
)

VERSION = str(MODEL["version"])
PathVersion = Annotated[str, Path(max_length=80, description="Its name.", examples=[VERSION])]

MOVED = AliasMoved(5, 4)
DAMAGED = ArtifactDamaged("aliases.json cannot be used: a name is none of a version.")
REFUSED = GatesFailed(
    f"Model {VERSION} has failed 1 of its gates.",
    [Detail("coverage@10", "0.210 of the catalogue is shown; at least 0.340 is asked for.")],
)
SILENT = CanaryFailed(f"Model {VERSION} cannot serve: ncf.safetensors has another SHA-256 than the manifest says.")


@router.get("", summary="List model versions", response_model=RegistryOut, responses=fails(DAMAGED))
def list_models(registry: Annotated[ModelRegistry, provided("model_registry")]) -> RegistryOut:
    """Every version with its data, figures and gates, newest first, and which of them has a part to play."""
    return RegistryOut.model_validate({"aliases": registry.aliases(), "versions": registry.list_versions()})


@router.post(
    "/{version}/promote",
    summary="Let a version serve",
    response_model=AliasesOut,
    responses=fails(ModelNotFound(VERSION), REFUSED, SILENT, MOVED, DAMAGED),
)
def promote_model(
    version: PathVersion,
    query: Annotated[PromotionQuery, Query()],
    promote: Annotated[PromoteModel, provided("promote_model")],
) -> Aliases:
    """Make a version the champion: every server takes it up within a second, and no request fails meanwhile.

    It must have passed the gates against the present champion; one that was judged against another is judged again,
    which takes as long as two evaluations. It is loaded and asked for lists in a process of its own first.
    """
    return promote(version, query.generation, query.force)


@router.post(
    "/rollback",
    summary="Let the champion before this one serve again",
    response_model=AliasesOut,
    responses=fails(NoFormerChampion(), SILENT, MOVED, DAMAGED),
)
def roll_back(query: Annotated[SeenQuery, Query()], back: Annotated[RollBack, provided("roll_back")]) -> Aliases:
    """Go back to the champion before, which is asked for lists in a process of its own first."""
    return back(query.generation)
