"""The customer's page: one order by its link, and the form that asks for a return. Pages never say what exists."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath

from fulfilhub.platform.scopes import Customer, Nobody
from fulfilhub.platform.secrets import Vault
from fulfilhub.platform.work import Works
from fulfilhub.storefront.queries import customers as queries
from fulfilhub.storefront.routes.showing import nothing_here, show_order, take_return
from fulfilhub.web.pages import FORM_LIMIT, form_of, page_style


async def _customer(works: Works, vault: Vault, token: str) -> Customer | None:
    """Who the link lets in; None for any link that is not genuine or leads nowhere."""
    order_id = queries.order_of_link(vault, token)
    if order_id is None:
        return None
    async with works.reading(Nobody()) as work:
        merchant_id = await queries.merchant_of(work, order_id)
    return Customer(merchant_id, order_id) if merchant_id is not None else None


@get("/t/{token:str}", include_in_schema=False)
async def tracking_page(
    works: NamedDependency[Works], vault: NamedDependency[Vault], token: FromPath[str]
) -> Response[str]:
    """One order as its customer sees it."""
    customer = await _customer(works, vault, token)
    return nothing_here() if customer is None else await show_order(works, customer, token)


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
        return nothing_here()
    return await take_return(works, customer, token, await form_of(request))


@get("/assets/page.css", include_in_schema=False)
async def stylesheet() -> Response[bytes]:
    """The page's style; its address carries its version, so it may be kept for ever."""
    return page_style()


ROUTES = [tracking_page, request_return, stylesheet]
