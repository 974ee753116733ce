"""Pages rendered on the server: their shell and style, their strict policy, and what a failure looks like on one."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Any, TypedDict

from jinja2 import ChoiceLoader, Environment, PackageLoader
from litestar import Request, Response
from litestar.datastructures import Cookie

from fulfilhub.platform.errors import FulfilHubError, RateLimited
from fulfilhub.web.problems import kind_of

FORM_LIMIT = 64 * 1024
CSS = (files("fulfilhub.web") / "assets" / "page.css").read_bytes()


def templates(package: str) -> Environment:
    """The templates of a package, on the shell that all pages share."""
    made = Environment(
        loader=ChoiceLoader([PackageLoader(package), PackageLoader("fulfilhub.web")]),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.globals["css_version"] = hashlib.sha256(CSS).hexdigest()[:12]
    return made


def page_headers(*, forms_lead_to: str = "", referrer: str = "no-referrer") -> dict[str, str]:
    """What every page is sent with. `forms_lead_to` is one more origin that a form may end at. A page whose forms are
    checked by their Origin needs the referrer policy `same-origin`: with `no-referrer` browsers say `null`."""
    forms = f"'self' {forms_lead_to}".strip()
    return {
        "Content-Security-Policy": (
            f"default-src 'none'; style-src 'self'; img-src 'self'; form-action {forms}; "
            "base-uri 'none'; frame-ancestors 'none'"
        ),
        "Referrer-Policy": referrer,
        "X-Content-Type-Options": "nosniff",
        "X-Robots-Tag": "noindex, nofollow",
        "Cache-Control": "private, no-store",
    }


def page_style() -> Response[bytes]:
    """The style of all pages; its address carries its version, so it may be kept for ever."""
    headers = {"Cache-Control": "public, max-age=31536000, immutable", "X-Content-Type-Options": "nosniff"}
    return Response(CSS, headers=headers, media_type="text/css")


class PageOptions(TypedDict):
    """What every handler of an own page is declared with."""

    include_in_schema: bool
    request_max_body_size: int
    exception_handlers: dict[int | type[Exception], Any]


class OwnPages:
    """The pages for people who sign in, of one package."""

    def __init__(self, package: str) -> None:
        self._templates = templates(package)
        self.options: PageOptions = {
            "include_in_schema": False,
            "request_max_body_size": FORM_LIMIT,
            "exception_handlers": {FulfilHubError: self.problem},
        }

    def show(
        self,
        name: str,
        status: int = 200,
        *,
        cookies: Sequence[Cookie] = (),
        forms_lead_to: str = "",
        more: Mapping[str, str] | None = None,
        **values: object,
    ) -> Response[str]:
        """The template, filled in. `cookies` go with it; `more` are further headers."""
        text = self._templates.get_template(name).render(**values)
        headers = page_headers(forms_lead_to=forms_lead_to, referrer="same-origin") | dict(more or {})
        return Response(text, status_code=status, headers=headers, cookies=list(cookies), media_type="text/html")

    def problem(self, _: Request[Any, Any, Any], error: FulfilHubError) -> Response[str]:
        """What went wrong, as a page: the exception handler of page routes."""
        kind = kind_of(error)
        text = error.fields[0].detail if error.fields else error.detail
        more = {"Retry-After": str(error.retry_after)} if isinstance(error, RateLimited) else {}
        return self.show("own_message.html", kind.status, more=more, title=error.title, text=text)


def go_to(path: str, cookies: Sequence[Cookie] = ()) -> Response[str]:
    """After a form: the page to look at now (303)."""
    headers = page_headers(referrer="same-origin") | {"Location": path}
    return Response("", status_code=303, headers=headers, cookies=list(cookies), media_type="text/html")


async def form_of(request: Request[Any, Any, Any]) -> dict[str, str]:
    """The form's fields as text; of a field sent twice, the last."""
    return {name: str(value) for name, value in (await request.form()).items()}
