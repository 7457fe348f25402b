"""The page that shows the OpenAPI document. It loads nothing from another host."""

import json
from importlib.resources import files
from pathlib import Path
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from starlette.responses import HTMLResponse, Response
from starlette.staticfiles import StaticFiles

ASSETS = "/docs/assets"
#: Swagger UI draws some of its icons from data URLs and styles elements in place
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="icon" href="{assets}/favicon.png">
<link rel="stylesheet" href="{assets}/swagger-ui.css">
</head>
<body>
<div id="swagger-ui"></div>
<script src="{assets}/swagger-ui-bundle.js"></script>
<script src="{root}/docs/start.js"></script>
</body>
</html>
"""
_START = "SwaggerUIBundle({options});\n"

router = APIRouter(include_in_schema=False)


class Assets(StaticFiles):
    """Files that change with a release of Swagger UI alone, and may be kept for a day."""

    def file_response(self, *arguments: Any, **named: Any) -> Response:
        response = super().file_response(*arguments, **named)
        response.headers["Cache-Control"] = "public, max-age=86400"
        return response


def serve_docs(app: FastAPI) -> None:
    """Put the page at `/docs` and the files of Swagger UI beside it."""
    app.include_router(router)
    assets = Path(str(files("fastapi_offline"))) / "static"
    app.mount(ASSETS, Assets(directory=assets), name="docs-assets")


@router.get("/docs")
async def docs(request: Request) -> HTMLResponse:
    """The page itself."""
    root = request.scope.get("root_path", "")
    page = _PAGE.format(title=f"{request.app.title} API", root=root, assets=root + ASSETS)
    return HTMLResponse(page, headers={"Content-Security-Policy": _POLICY})


@router.get("/docs/start.js")
async def start(request: Request) -> Response:
    """The script that starts the page: a file of its own, so that no inline script need be allowed."""
    options = {
        "url": f"{request.scope.get('root_path', '')}{request.app.openapi_url}",
        "dom_id": "#swagger-ui",
        "deepLinking": True,
        "persistAuthorization": False,
        "validatorUrl": None,
    }
    return Response(_START.format(options=json.dumps(options)), media_type="text/javascript")
