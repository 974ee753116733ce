"""A small API that stands on `web` alone: notes with lines, kept in memory, behind a toy key."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any, cast

import msgspec
from litestar import Request, Response, get, patch, post
from litestar.connection import ASGIConnection
from litestar.datastructures import State
from litestar.di import NamedDependency, Provide
from litestar.handlers import HTTPRouteHandler
from litestar.handlers.base import BaseRouteHandler
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter, RawBody
from msgspec import Meta, Struct

from fulfilhub.platform import ids
from fulfilhub.platform.errors import Conflict, FulfilHubError, NotFound, Unauthenticated, Unavailable
from fulfilhub.platform.settings import Settings
from fulfilhub.platform.work import Work
from fulfilhub.web.bodies import Reader
from fulfilhub.web.conditional import IfMatch, check_version, expected_version
from fulfilhub.web.front import Api
from fulfilhub.web.headers import note_caller
from fulfilhub.web.jsonschemas import each
from fulfilhub.web.limits import RateLimiter
from fulfilhub.web.paging import Cursor, Limit, Page, page, timed_cursor
from fulfilhub.web.problems import describe, problems
from fulfilhub.web.replies import created, ok

KEY = "Bearer open-sesame"
SECRET = "0123456789-0123456789-0123456789-0123456789"
NEEDS_KEY: dict[str, Any] = {"opt": {"key": True}, "security": [{"apiKey": []}]}


class Colour(StrEnum):
    """What a note is written on."""

    BLUE = "blue"
    RED = "red"


class Plain(Struct, kw_only=True, forbid_unknown_fields=True, tag="plain", tag_field="kind"):
    """Just words."""

    words: Annotated[str, Meta(min_length=1, max_length=50, examples=["Buy mugs"])]


class Sum(Struct, kw_only=True, forbid_unknown_fields=True, tag="sum", tag_field="kind"):
    """A number."""

    amount: Annotated[int, Meta(ge=0, examples=[1250])]


class NoteIn(Struct, kw_only=True, forbid_unknown_fields=True):
    """A new note."""

    title: Annotated[str, Meta(min_length=1, max_length=40, examples=["Shopping"])]
    lines: Annotated[list[Plain | Sum], Meta(min_length=1, max_length=5)]
    due_at: datetime | None = None
    colour: Colour | None = None
    weight: int = 0
    about: Annotated[str, Meta(pattern=ids.ORDER.pattern, examples=["ord_01h455vb4pex5vsknk084sn02q"])] | None = None
    more: dict[str, object] = {}


class NoteChangeIn(Struct, kw_only=True, forbid_unknown_fields=True):
    """What to change of a note."""

    title: Annotated[str, Meta(min_length=1, max_length=40, examples=["Shopping"])]


class NoteOut(Struct, kw_only=True):
    """A note."""

    id: str
    title: str
    lines: list[Plain | Sum]
    due_at: datetime | None
    weight: int
    version: int
    created_at: datetime


class NotesIn(Struct, kw_only=True, forbid_unknown_fields=True):
    """Many notes."""

    notes: Annotated[list[msgspec.Raw], each(NoteIn, 100)]


class NotesOut(Struct, kw_only=True):
    """How many were taken, and the problems of the others."""

    made: int
    problems: list[dict[str, object]]


class Kept:
    """Stands in for a unit of work: remembers what it was told to."""

    def __init__(self) -> None:
        self.answers: list[tuple[int, Mapping[str, str], bytes]] = []

    def remember(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        self.answers.append((status, headers, body))


ID = "ord_01h455vb4pex5vsknk084sn02q"
NOTE = Reader(NoteIn)
NOW = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
ABOUT = problems(NotFound)


async def guard(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """The key, then the quota, as `accounts` does it."""
    if not handler.opt.get("key"):
        return
    given = connection.headers.get("authorization")
    if given is None or not given.startswith(KEY):
        raise Unauthenticated("Send `Authorization: Bearer open-sesame`.")
    caller = "key_" + (given.removeprefix(KEY).strip() or "ada")
    note_caller(caller)
    limits: RateLimiter = connection.app.state.limits
    await limits.count(connection.scope, caller)


def _note(data: NoteIn, order_id: str = ID, version: int = 1) -> NoteOut:
    return NoteOut(
        id=order_id,
        title=data.title,
        lines=data.lines,
        due_at=data.due_at,
        weight=data.weight,
        version=version,
        created_at=NOW,
    )


def _find(note_id: str) -> None:
    if ids.ORDER.find(note_id) != ids.ORDER.find(ID):
        raise NotFound(f"There is no note {note_id!r}.")


@post("/v1/notes", **NEEDS_KEY, responses=problems(Conflict))
async def create_note(kept: NamedDependency[Kept], data: JSONBody[NoteIn]) -> Response[NoteOut]:
    """Write a note.

    The second paragraph is the description, with `code` in it.
    """
    if data.title == "taken":
        raise Conflict("There is one of that title.", code="title_taken", more={"actions": ["rename"]})
    return created(cast("Work", kept), _note(data), f"/v1/notes/{ID}")


@post("/v1/notes/batch", opt={"key": True, "batch": True}, security=[{"apiKey": []}], status_code=200)
async def create_notes(
    request: Request[Any, Any, State], kept: NamedDependency[Kept], data: JSONBody[NotesIn]
) -> Response[NotesOut]:
    """Write many notes."""
    read = await NOTE.read_each(data.notes)
    wrong = [describe(request.scope, item) for item in read if isinstance(item, FulfilHubError)]
    return ok(cast("Work", kept), NotesOut(made=len(read) - len(wrong), problems=wrong))


@get("/v1/notes", **NEEDS_KEY)
async def list_notes(
    limit: Limit = 50,
    cursor: Cursor = None,
    colour: FromQuery[Colour | None] = None,
    due_after: FromQuery[datetime | None] = None,
    urgent: FromQuery[bool | None] = None,
    titles: Annotated[list[str] | None, QueryParameter(name="title", description="Any of these.")] = None,
) -> Page[NoteOut]:
    """List notes."""
    timed_cursor(cursor)
    note = _note(NoteIn(title="a", lines=[Plain(words="b")]))
    return page(
        [note] * 3, min(limit, 2), lambda n: (n.created_at, "0193572b-d9c7-7d2c-a4f1-3f6a5b8c9d0e"), lambda n: n
    )


@get("/v1/notes/{order_id:str}", **NEEDS_KEY, responses=ABOUT)
async def get_note(kept: NamedDependency[Kept], order_id: FromPath[str]) -> Response[NoteOut]:
    """Read a note."""
    _find(order_id)
    return ok(cast("Work", kept), _note(NoteIn(title="a", lines=[Plain(words="b")]), version=3))


@patch("/v1/notes/{order_id:str}", **NEEDS_KEY, responses=ABOUT)
async def change_note(
    kept: NamedDependency[Kept], order_id: FromPath[str], data: JSONBody[NoteChangeIn], if_match: IfMatch = None
) -> Response[NoteOut]:
    """Change a note."""
    _find(order_id)
    check_version(expected_version(if_match), 3)
    return ok(cast("Work", kept), _note(NoteIn(title=data.title, lines=[Plain(words="b")]), version=4))


@post("/v1/notes/{order_id:str}/close", **NEEDS_KEY, responses=ABOUT, status_code=200)
async def close_note(
    kept: NamedDependency[Kept], order_id: FromPath[str], data: JSONBody[NoteChangeIn | None] = None
) -> Response[NoteOut]:
    """Close a note, perhaps under another title."""
    _find(order_id)
    title = data.title if data else "closed"
    return ok(cast("Work", kept), _note(NoteIn(title=title, lines=[Plain(words="b")]), order_id))


@get("/page", include_in_schema=False)
async def a_page() -> Response[str]:
    """A page for people."""
    return Response("<!doctype html><title>Hello</title>", media_type="text/html")


@get("/broken/{how:str}", include_in_schema=False)
async def broken(how: FromPath[str]) -> None:
    """Fails in the way that is asked for."""
    if how == "away":
        raise Unavailable("The database can't be reached; try again in a moment.")
    if how == "deep":
        raise RecursionError
    raise ValueError("the password is hunter2")


@post("/hook", include_in_schema=False)
async def hook(body: RawBody) -> dict[str, int]:
    """Takes anything, as it comes."""
    return {"bytes": len(body)}


ROUTES: list[HTTPRouteHandler] = [
    create_note,
    create_notes,
    list_notes,
    get_note,
    change_note,
    close_note,
    a_page,
    broken,
    hook,
]


def little_settings(**env: str) -> Settings:
    """Settings without servers."""
    return Settings.from_env(
        {"FULFILHUB_SECRET_KEYS": SECRET, "REDIS_URL": "redis://127.0.0.1:1", "RATE_LIMIT_PER_MINUTE": "0", **env}
    )


def little_api(settings: Settings, routes: list[HTTPRouteHandler] | None = None) -> Api:
    """The small API."""

    async def provide_kept() -> Kept:
        return Kept()

    return Api(
        settings,
        route_handlers=ROUTES if routes is None else routes,
        guards=[guard],
        dependencies={"kept": Provide(provide_kept)},
    )


def create() -> Api:
    """What a server of its own calls."""
    return little_api(little_settings(**{k: v for k, v in os.environ.items() if k in ENV}))


ENV = {"REDIS_URL", "REDIS_NAMESPACE", "RATE_LIMIT_PER_MINUTE", "BODY_LIMIT_BYTES"}
