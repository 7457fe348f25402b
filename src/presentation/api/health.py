"""Health, for whatever watches over the service."""

from typing import Annotated

from fastapi import APIRouter, Request, Response

from application.readiness import CheckReadiness
from domain.errors import Detail
from presentation.api.dependencies import provided
from presentation.api.documenting import named
from presentation.api.errors import envelope, error_response, request_id_of
from presentation.api.schemas.operations import HealthOut, ReadinessOut

router = APIRouter(prefix="/health", tags=["Health"], generate_unique_id_function=named)


@router.get("", summary="Alive?")
async def health() -> HealthOut:
    """Answers as long as the process does; nothing else is asked."""
    return HealthOut()


@router.get("/ready", summary="Ready to serve?", response_model=ReadinessOut)
def readiness(
    request: Request, check_readiness: Annotated[CheckReadiness, provided("check_readiness")]
) -> ReadinessOut | Response:
    """Whether every needed part answers. Where one does not: 503, with the parts beside the error."""
    state = check_readiness()
    answer = ReadinessOut.model_validate(state)
    if state.ready:
        return answer
    parts = answer.components.model_dump()
    down = [Detail(part, condition) for part, condition in parts.items() if condition == state.status]
    content = envelope("not_ready", "Marquee cannot serve now.", down, request_id_of(request))
    return error_response(503, {**content, **answer.model_dump()}, {"Retry-After": "1"})
