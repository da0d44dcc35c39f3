"""HTTP: health, readiness, version and metrics."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from headwater.errors import Code, HeadwaterError
from headwater.server.gate import Gate
from headwater.server.metrics import CONTENT_TYPE, Metrics
from headwater.server.statuses import failure_of
from headwater.services.tokens import TokenScope

Answer = Callable[[Request], Response]

_STATUSES = {
    Code.INVALID_ARGUMENT: 400,
    Code.UNAUTHENTICATED: 401,
    Code.PERMISSION_DENIED: 403,
    Code.NOT_FOUND: 404,
    Code.UNAVAILABLE: 503,
}


class Faces(NamedTuple):
    """What the pages are made of.

    Attributes:
        gate: who may see version and metrics.
        metrics: the counts.
        problems: what the server needs and cannot have now, with the reason.
        version: the versions of headwater, its schema and the database.
    """

    gate: Gate
    metrics: Metrics
    problems: Callable[[], Mapping[str, str]]
    version: Callable[[], Mapping[str, object]]


def http_app(faces: Faces) -> Starlette:
    """Return the application.

    `/healthz` and `/readyz` answer everybody; the rest needs a token of scope read where the
    server asks for tokens.
    """

    # These two never wait, whatever the pages below wait for.
    async def alive(_: Request) -> Response:
        return PlainTextResponse("ok\n")

    async def ready(_: Request) -> Response:
        problems = dict(faces.problems())
        body = {"ready": not problems, "problems": problems}
        return JSONResponse(body, status_code=503 if problems else 200)

    def metrics(_: Request) -> Response:
        return Response(faces.metrics.page(), media_type=CONTENT_TYPE)

    return Starlette(
        routes=[
            Route("/healthz", alive),
            Route("/readyz", ready),
            Route("/version", _known(faces.gate, lambda _: JSONResponse(dict(faces.version())))),
            Route("/metrics", _known(faces.gate, metrics)),
        ]
    )


def _known(gate: Gate, answer: Answer) -> Answer:
    def checked(request: Request) -> Response:
        try:
            principal = gate.admit(request.headers.get("authorization"))
            if principal is not None:
                principal.require(TokenScope.READ)
            return answer(request)
        except HeadwaterError as error:
            return _problem(error)

    return checked


def _problem(error: HeadwaterError) -> Response:
    failure = failure_of(error)
    status = _STATUSES.get(failure.code, 500)
    headers = {"www-authenticate": "Bearer"} if failure.code is Code.UNAUTHENTICATED else None
    return JSONResponse(
        {"title": failure.code.name, "status": status, "detail": failure.text},
        status_code=status,
        headers=headers,
        media_type="application/problem+json",
    )
