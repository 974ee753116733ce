"""The wall between tenants, endpoint by endpoint: nothing answers without a key, or for somebody else's id."""

from __future__ import annotations

import re
from collections.abc import Iterator

import httpx
import msgspec

from fulfilhub.app import contract
from fulfilhub.platform import ids
from tests.make.world import Client

SOME_ID = {
    "account_id": ids.ACCOUNT,
    "assignment_id": ids.ASSIGNMENT,
    "backfill_id": ids.BACKFILL,
    "box_id": ids.BOX,
    "carrier_id": ids.CARRIER,
    "change_id": ids.REQUEST,
    "charge_id": ids.CHARGE,
    "code_id": ids.STORE_CODE,
    "contract_id": ids.CONTRACT,
    "contract_invitation_id": ids.CONTRACT_INVITATION,
    "delivery_id": ids.WEBHOOK_DELIVERY,
    "endpoint_id": ids.WEBHOOK_ENDPOINT,
    "external_id": ids.ORDER,  # the shop's own; anything will do
    "fulfilment_id": ids.FULFILMENT,
    "hold_id": ids.HOLD,
    "import_id": ids.STORE_IMPORT,
    "invitation_id": ids.INVITATION,
    "item_id": ids.STORE_UPDATE,  # any of the kinds that can fail
    "job_id": ids.JOB,
    "key_id": ids.API_KEY,
    "lease_id": ids.LEASE,
    "listing_id": ids.LISTING,
    "message_id": ids.MESSAGE,
    "order_id": ids.ORDER,
    "privacy_request_id": ids.PRIVACY_REQUEST,
    "product_id": ids.PRODUCT,
    "return_id": ids.RETURN,
    "shipment_id": ids.SHIPMENT,
    "store_id": ids.STORE,
    "store_product_id": ids.STORE_PRODUCT,
    "store_return_id": ids.STORE_RETURN,
    "user_id": ids.USER,
    "update_id": ids.STORE_UPDATE,
    "warehouse_id": ids.WAREHOUSE,
    "work_id": ids.WORK_ORDER,
}


def operations() -> Iterator[tuple[str, str]]:
    """(method, path) of every operation that needs a key."""
    for path, methods in msgspec.json.decode(contract())["paths"].items():
        for method, told in methods.items():
            if told.get("security"):
                yield method.upper(), path


OPERATIONS = sorted(operations())


def filled(path: str) -> str:
    def some(found: re.Match[str]) -> str:
        return SOME_ID[found[1]].show(ids.new())

    return re.sub(r"{(\w+)}", some, path)


async def test_without_a_key_nothing_answers(http: httpx.AsyncClient) -> None:
    for method, path in OPERATIONS:
        for headers in ({}, {"Authorization": "Bearer fh_live_" + "A" * 43}, {"Authorization": "Basic eDp5"}):
            answer = await http.request(method, filled(path), headers=headers, json={})
            assert answer.status_code == 401, (method, path, answer.text)


async def test_what_is_not_ones_own_is_not_found(merchant: Client, partner: Client) -> None:
    """Ids that belong to somebody else look exactly like ids that nobody has."""
    for method, path in OPERATIONS:
        if "{" not in path or path.endswith("/release"):
            continue  # releasing nothing is harmless, whoever asks
        for caller in (merchant, partner):
            answer = await caller.http.request(method, filled(path), headers=caller.headers(), json={})
            assert answer.status_code in {403, 404, 409, 422}, (method, path, answer.status_code, answer.text)
            assert answer.status_code != 409 or "/work/leases/" in path, (method, path, answer.text)
