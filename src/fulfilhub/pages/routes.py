"""The customer's page: one order by its link, and the form that asks for a return. Pages never say what exists."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath

from fulfilhub.platform import ids
from fulfilhub.platform.errors import Conflict, FulfilHubError, Invalid
from fulfilhub.platform.scopes import Customer, Nobody
from fulfilhub.platform.secrets import Vault
from fulfilhub.platform.work import Works
from fulfilhub.returns import commands as returns
from fulfilhub.storefront.queries import customers as queries
from fulfilhub.storefront.schemas.customers import asked_in, tracking_view
from fulfilhub.web.pages import CSS, FORM_LIMIT, form_of, page_headers, templates

TEMPLATES = templates("fulfilhub.storefront")
HEADERS = page_headers()


def _html(name: str, status: int, **values: object) -> Response[str]:
    text = TEMPLATES.get_template(name).render(**values)
    return Response(text, status_code=status, headers=HEADERS, media_type="text/html")


def _message(status: int, title: str, text: str) -> Response[str]:
    return _html("message.html", status, title=title, text=text)


def _nothing_here() -> Response[str]:
    text = "Please open the link from your message again, or ask the shop to send you a new one."
    return _message(404, "There is nothing to see here", text)


async def _customer(works: Works, vault: Vault, token: str) -> Customer | None:
    """Who the link lets in; None for any link that is not genuine or leads nowhere."""
    order_id = queries.order_of_link(vault, token)
    if order_id is None:
        return None
    async with works.reading(Nobody()) as work:
        merchant_id = await queries.merchant_of(work, order_id)
    return Customer(merchant_id, order_id) if merchant_id is not None else None


async def _page(works: Works, customer: Customer, token: str, problem: str = "", status: int = 200) -> Response[str]:
    async with works.reading(customer) as work:
        found = await queries.find(work, customer.order_id)
        view = tracking_view(found, work.now, problem)
    return _html("tracking.html", status, view=view, action=f"/t/{token}/returns")


@get("/t/{token:str}", include_in_schema=False)
async def tracking_page(
    works: NamedDependency[Works], vault: NamedDependency[Vault], token: FromPath[str]
) -> Response[str]:
    """One order as its customer sees it."""
    customer = await _customer(works, vault, token)
    if customer is None:
        return _nothing_here()
    return await _page(works, customer, token)


@post("/t/{token:str}/returns", include_in_schema=False, request_max_body_size=FORM_LIMIT)
async def request_return(
    works: NamedDependency[Works],
    vault: NamedDependency[Vault],
    token: FromPath[str],
    request: Request[Any, Any, State],
) -> Response[str]:
    """Takes the form and goes back to the page, where the return is then to be seen."""
    customer = await _customer(works, vault, token)
    if customer is None:
        return _nothing_here()
    asked = asked_in(await form_of(request))
    if not asked:
        return await _page(works, customer, token, "Please say how many of which item you want to send back.", 422)
    try:
        async with works.begin(customer) as work:
            return_id = await returns.request(work, customer.order_id, asked)
    except (Conflict, Invalid) as error:
        return await _page(works, customer, token, _sentence(error), 409)
    headers = {**HEADERS, "Location": f"/t/{token}#{ids.RETURN.show(return_id)}"}
    return Response("", status_code=303, headers=headers, media_type="text/html")


@get("/assets/page.css", include_in_schema=False)
async def stylesheet() -> Response[bytes]:
    """The page's style; its address carries its version, so it may be kept for ever."""
    headers = {"Cache-Control": "public, max-age=31536000, immutable", "X-Content-Type-Options": "nosniff"}
    return Response(CSS, headers=headers, media_type="text/css")


def _sentence(error: FulfilHubError) -> str:
    return error.fields[0].detail if error.fields else error.detail


ROUTES = [tracking_page, request_return, stylesheet]
