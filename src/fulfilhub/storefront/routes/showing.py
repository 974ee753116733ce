"""The customer's page of one order, wherever it is shown: at an address of ours, or under a shop's own domain."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from litestar import Response

from fulfilhub.platform import ids
from fulfilhub.platform.errors import Conflict, FulfilHubError, Invalid
from fulfilhub.platform.scopes import Customer
from fulfilhub.platform.work import Works
from fulfilhub.returns import commands as returns
from fulfilhub.storefront.queries import customers as queries
from fulfilhub.storefront.schemas.customers import asked_in, tracking_view
from fulfilhub.web.pages import page_headers, templates

TEMPLATES = templates("fulfilhub.storefront")
HEADERS = page_headers()


@dataclass(frozen=True, slots=True)
class Place:
    """Where pages are shown: `root` comes before their paths, empty for our own addresses."""

    root: str = ""

    @property
    def stylesheet(self) -> str:
        """Where the browser finds the pages' style."""
        return f"{self.root}/page.css" if self.root else "/assets/page.css"

    def order(self, token: str) -> str:
        """The page of the order that the customer's link opens."""
        return f"{self.root}/t/{token}"


OURS = Place()


def show(name: str, status: int = 200, at: Place = OURS, **values: object) -> Response[str]:
    """A page, filled in."""
    text = TEMPLATES.get_template(name).render(stylesheet=at.stylesheet, **values)
    return Response(text, status_code=status, headers=HEADERS, media_type="text/html")


def nothing_here(at: Place = OURS) -> Response[str]:
    """What every link that is not genuine leads to."""
    text = "Please open the link from your message again, or ask the shop to send you a new one."
    return show("message.html", 404, at, title="There is nothing to see here", text=text)


async def show_order(
    works: Works, customer: Customer, token: str, at: Place = OURS, *, problem: str = "", status: int = 200
) -> Response[str]:
    """The page of the customer's order. `problem` stands above its form. Raises NotFound."""
    async with works.reading(customer) as work:
        found = await queries.find(work, customer.order_id)
        view = tracking_view(found, work.now, problem)
    return show("tracking.html", status, at, view=view, action=f"{at.order(token)}/returns")


async def take_return(
    works: Works, customer: Customer, token: str, form: Mapping[str, str], at: Place = OURS
) -> Response[str]:
    """Takes the page's form and goes back to the page, where the return is then to be seen."""
    asked = asked_in(form)
    if not asked:
        problem = "Please say how many of which item you want to send back."
        return await show_order(works, customer, token, at, problem=problem, status=422)
    try:
        async with works.begin(customer) as work:
            return_id = await returns.request(work, customer.order_id, asked)
    except (Conflict, Invalid) as error:
        return await show_order(works, customer, token, at, problem=_sentence(error), status=409)
    headers = {**HEADERS, "Location": f"{at.order(token)}#{ids.RETURN.show(return_id)}"}
    return Response("", status_code=303, headers=headers, media_type="text/html")


def _sentence(error: FulfilHubError) -> str:
    return error.fields[0].detail if error.fields else error.detail
