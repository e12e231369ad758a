"""Errors on the wire: every one is a problem document (RFC 9457) that names the field and the remedy."""

from __future__ import annotations

import logging
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from manyhands import errors
from manyhands.server.messages.base import Problem

log = logging.getLogger("manyhands.server")

# The most specific class wins; anything that is not listed is the server's own fault.
_STATUS: tuple[tuple[type[errors.ManyhandsError], int, str], ...] = (
    (errors.NotFoundError, 404, "Not found"),
    (errors.TooLargeError, 413, "Too large"),
    (errors.InputError, 422, "Invalid input"),
    (errors.NotSignedInError, 401, "Not signed in"),
    (errors.AccessError, 403, "Not allowed"),
    (errors.ConflictError, 409, "Conflict"),
    (errors.QuotaError, 429, "Too many requests"),
    (errors.BusyError, 503, "Not now"),
    (errors.DatabaseLockedError, 503, "Storage is busy"),
    (errors.DiskFullError, 507, "The disk is full"),
    (errors.DiskError, 503, "Storage does not work"),
    (errors.ContentMissingError, 404, "Not found"),
)
_STORAGE_RETRY_S = 10  # somebody has to make room or free the lock, which takes longer than a busy moment
_HTTP_TITLES = {
    400: ("malformed", "Malformed request", "Send well-formed JSON as application/json."),
    404: ("not_found", "Not found", "Check the address; /openapi.json lists them all."),
    405: ("method_not_allowed", "Method not allowed", "Use a method that the Allow header names."),
}

PROBLEM_RESPONSES: dict[int | str, dict[str, Any]] = {
    "4XX": {"description": "A problem that the client can mend.", "model": Problem},
    "5XX": {"description": "A problem of the server; Retry-After says when again.", "model": Problem},
}


def problem_of(error: errors.ManyhandsError) -> Problem:
    """Return the problem document of an error of the package's tree."""
    matching = ((status, title) for kind, status, title in _STATUS if isinstance(error, kind))
    status, title = next(matching, (500, "Internal error"))
    detail, remedy = error.message, error.remedy
    if status >= 500 and isinstance(error, errors.StorageError):
        # Where the server keeps its files is for its log, not for strangers.
        detail, remedy = f"{title}; nothing was changed.", "Try again later; the server's log says more."
    return Problem(
        type=f"/problems/{error.code}",
        title=title,
        status=status,
        detail=detail,
        code=error.code,
        field=error.field,
        remedy=remedy,
        retry_after_s=_retry_after_s(error),
    )


def _retry_after_s(error: errors.ManyhandsError) -> int | None:
    if isinstance(error, errors.BusyError):
        return error.retry_after_s
    return _STORAGE_RETRY_S if isinstance(error, errors.DiskError | errors.DatabaseLockedError) else None


def respond(problem: Problem, headers: dict[str, str] | None = None) -> Response:
    """Return a problem as `application/problem+json`, with Retry-After where it says when again."""
    extra = dict(headers or {})
    if problem.retry_after_s is not None:
        extra["Retry-After"] = str(problem.retry_after_s)
    if problem.status == 401:
        extra["WWW-Authenticate"] = "Cookie"
    return Response(
        problem.model_dump_json(),
        status_code=problem.status,
        media_type="application/problem+json",
        headers={"Cache-Control": "no-store", **extra},
    )


def _field_of(location: tuple[Any, ...]) -> str | None:
    parts = [str(part) for part in location if part not in ("body", "query", "path", "header")]
    return ".".join(parts)[:120] or None


async def _known(request: Request, error: Exception) -> Response:
    assert isinstance(error, errors.ManyhandsError)
    problem = problem_of(error)
    if problem.status >= 500 and not isinstance(error, errors.BusyError):
        log.error("%s %s: %s", request.method, request.url.path, error.sentence())
    return respond(problem)


async def _invalid(_request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    if first["type"] == "json_invalid":
        malformed = errors.InputError("The body is not JSON.", field="body")
        return respond(problem_of(malformed))
    field = _field_of(first["loc"])
    detail = f"{field or 'The body'}: {first['msg']}."
    invalid = errors.InputError(detail, field=field or "body")
    return respond(problem_of(invalid))


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    code, title, remedy = _HTTP_TITLES.get(
        error.status_code, ("http_error", "The request failed", "Check the request against /openapi.json.")
    )
    detail = {
        400: "The body cannot be read as JSON.",
        404: f"Nothing is at {request.url.path[:120]}.",
        405: f"{request.method} is not possible at {request.url.path[:120]}.",
    }.get(error.status_code, str(error.detail))
    problem = Problem(
        type=f"/problems/{code}",
        title=title,
        status=error.status_code,
        detail=detail,
        code=code,
        field="body" if error.status_code == 400 else None,
        remedy=remedy,
        retry_after_s=None,
    )
    return respond(problem, dict(error.headers or {}))


async def _unknown(request: Request, error: Exception) -> Response:
    log.exception("%s %s failed", request.method, request.url.path, exc_info=error)
    return respond(problem_of(errors.ManyhandsError("The server failed at this request.")))


def install(app: FastAPI) -> None:
    """Make every error of `app` a problem document."""
    app.add_exception_handler(errors.ManyhandsError, _known)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _unknown)
