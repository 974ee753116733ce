"""The doors for a Shopify shop's own pages: who gets in, to which orders, and that all others learn nothing."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import httpx
import pytest

from fulfilhub.platform import ids
from fulfilhub.platform.secrets import Vault
from fulfilhub.platform.settings import Settings
from fulfilhub.platform.work import Works
from tests.make.world import Client, account
from tests.stores.fronts import (
    APP,
    CONFIRMATION,
    CUSTOMER,
    EMAIL,
    NEW,
    NUMBER,
    OLD,
    ORDER,
    POSTCODE,
    SHOP,
    Front,
    front_of,
    known_as,
    session_token,
    signed,
)


@pytest.fixture
async def settings(settings: Settings) -> Settings:
    return replace(settings, shopify=APP)


@pytest.fixture
async def front(http: httpx.AsyncClient, merchant: Client, worker_works: Works, vault: Vault) -> Front:
    return await front_of(http, merchant, worker_works, vault)


@pytest.fixture
async def other(http: httpx.AsyncClient, platform_key: str, worker_works: Works, vault: Vault) -> Front:
    """Another merchant's shop, with an order of the same ids, number and customer."""
    merchant = await account(http, platform_key, "merchant", "Bob's Jugs")
    return await front_of(http, merchant, worker_works, vault, "bobs-jugs.myshopify.com")


class TestTheProxy:
    @pytest.mark.parametrize("path", ["", "/promise", "/t/nonsense"])
    @pytest.mark.parametrize(
        ("changed", "secret", "code"),
        [
            ({}, "shpss_" + "x" * 32, "bad_signature"),
            ({"timestamp": str(int(time.time()) - 3600)}, NEW, "stale_timestamp"),
            ({"shop": "evil.example.com"}, NEW, "bad_signature"),
        ],
    )
    async def test_only_what_shopify_signed_just_now_gets_in(
        self, front: Front, path: str, changed: dict[str, Any], secret: str, code: str
    ) -> None:
        answer = await front.passed(path, secret=secret, **changed)
        assert (answer.status_code, answer.json()["code"]) == (401, code)

    async def test_what_was_changed_after_signing_does_not(self, front: Front) -> None:
        now = str(int(time.time()))
        address = signed("/shopify/proxy/promise", {"shop": SHOP, "timestamp": now, "variant": "1"})
        for changed in (address.replace("variant=1", "variant=2"), f"{address}&country=GB", f"{address}&shop={SHOP}"):
            assert (await front.http.get(changed)).json()["code"] == "bad_signature"
        assert (await front.http.get("/shopify/proxy")).status_code == 401

    async def test_every_live_secret_signs(self, front: Front) -> None:
        assert (await front.look_up(secret=OLD)).status_code == 200

    async def test_a_shop_that_is_not_connected(self, front: Front) -> None:
        answer = await front.look_up(shop="nobodys.myshopify.com")
        assert (answer.status_code, answer.json()["code"]) == (404, "shop_not_connected")


class TestLookingUp:
    @pytest.mark.parametrize("number", [NUMBER, "1001", " # 1001 "])
    @pytest.mark.parametrize("proof", [EMAIL, " ADA@Example.test ", POSTCODE, "m11aa", "M1-1AA"])
    async def test_the_number_and_what_only_its_customer_knows(self, front: Front, number: str, proof: str) -> None:
        answer = await front.look_up(number, proof)
        assert answer.status_code == 200, answer.text
        told = answer.json()
        assert (told["number"], told["stage"]) == (NUMBER, "delivered")
        assert told["page"].startswith("/apps/track/t/ord_")
        assert EMAIL not in answer.text
        assert POSTCODE not in answer.text

    async def test_a_wrong_proof_and_no_such_order_are_told_alike(self, front: Front, worker_works: Works) -> None:
        tries = [(NUMBER, "eve@example.test"), ("#9999", EMAIL), (NUMBER, "M1"), (NUMBER, "@"), (NUMBER, "---")]
        answers = [await front.look_up(*each) for each in tries]
        told = [{k: v for k, v in each.json().items() if k not in ("instance", "request_id")} for each in answers]
        assert {each.status_code for each in answers} == {404}
        assert all(each == told[0] for each in told)
        assert told[0]["code"] == "order_not_found"

    async def test_an_order_of_another_shop_is_no_order(self, front: Front, other: Front) -> None:
        assert front.order.order_id != other.order.order_id
        here, there = await front.look_up(), await other.look_up()
        assert ids.ORDER.show(front.order.order_id) in here.json()["page"]
        assert ids.ORDER.show(other.order.order_id) in there.json()["page"]

    async def test_who_guesses_waits_and_the_customer_hardly(self, front: Front) -> None:
        statuses = [(await front.look_up(proof=f"{n}@example.test")).status_code for n in range(8)]
        assert statuses[:5] == [404] * 5
        assert statuses[-1] == 429
        refused = await front.look_up()
        assert refused.status_code == 429, "the right answer is no way around"
        assert int(refused.headers["Retry-After"]) >= 1
        assert (await front.look_up(visitor="192.0.2.9")).status_code == 200

    async def test_without_a_script_the_form_leads_to_the_page(self, front: Front) -> None:
        form = await front.passed()
        assert 'action="/apps/track"' in form.text
        assert 'href="/apps/track/page.css?' in form.text
        found = await front.passed(form={"number": NUMBER, "proof": POSTCODE})
        assert found.status_code == 303
        page = await front.passed(found.headers["Location"].removeprefix("/apps/track"))
        assert page.status_code == 200
        assert "Blue mug" in page.text
        assert f'action="{found.headers["Location"]}/returns"' in page.text

    async def test_without_a_script_the_form_says_what_is_wrong(self, front: Front) -> None:
        empty = await front.passed(form={"number": '"><script>', "proof": ""})
        assert empty.status_code == 422
        assert "Please give your order number" in empty.text
        assert "<script" not in empty.text
        wrong = await front.passed(form={"number": NUMBER, "proof": "eve@example.test"})
        assert "We found no order" in wrong.text

    async def test_the_page_takes_a_return_under_the_shops_domain(self, front: Front) -> None:
        page = (await front.look_up()).json()["page"]
        path = page.removeprefix("/apps/track")
        taken = await front.passed(f"{path}/returns", form={front.line_id: "1", "reason": "damaged"})
        assert taken.status_code == 303
        assert taken.headers["Location"].startswith(f"{page}#ret_")
        assert "Your return" in (await front.passed(path)).text

    async def test_a_link_opens_only_in_its_own_shop(self, front: Front, other: Front) -> None:
        path = (await front.look_up()).json()["page"].removeprefix("/apps/track")
        elsewhere = await other.passed(path)
        assert elsewhere.status_code == 404
        assert elsewhere.text == (await other.passed("/t/nonsense")).text
        posted = await other.passed(f"{path}/returns", form={front.line_id: "1"})
        assert posted.status_code == 404

    @pytest.mark.parametrize("prefix", ["//evil.example.com/apps/track", '/apps/track"><b>', "https://evil.example"])
    async def test_only_an_address_of_the_shop_is_led_to(self, front: Front, prefix: str) -> None:
        answer = await front.look_up(path_prefix=prefix)
        assert answer.json()["page"].startswith("/apps/track/t/")

    async def test_another_address_of_the_merchants_choice(self, front: Front) -> None:
        answer = await front.look_up(path_prefix="/de/community/sendung")
        assert answer.json()["page"].startswith("/de/community/sendung/t/")


class TestTheCustomersAccount:
    async def test_the_customer_sees_the_order_and_nobody_is_named_in_it(self, front: Front) -> None:
        answer = await front.asked(session_token())
        assert answer.status_code == 200, answer.text
        told = answer.json()
        assert (told["number"], told["stage"]) == (NUMBER, "delivered")
        assert [item["title"] for item in told["parcels"][0]["items"]] == ["Blue mug", "Blue mug"]
        assert told["returnable"][0]["quantity"] == 2
        assert "damaged" in told["reasons"]
        for personal in (EMAIL, POSTCODE, "Ada Test", CUSTOMER, CONFIRMATION):
            assert personal not in answer.text

    async def test_pages_of_any_origin_may_read_answers_and_problems(self, front: Front) -> None:
        path = f"/shopify/customers/orders/{ORDER}"
        asked = {"Origin": "https://extensions.shopifycdn.com", "Access-Control-Request-Method": "GET"}
        for each in (path, f"{path}/returns"):
            before = await front.http.options(each, headers=asked)
            assert before.status_code == 204
            assert before.headers["Access-Control-Allow-Origin"] == "*"
            allowed = before.headers["Access-Control-Allow-Headers"].lower()
            assert {"authorization", "content-type", "x-confirmation-number"} <= {x.strip() for x in allowed.split(",")}
            assert "POST" in before.headers["Access-Control-Allow-Methods"]
        for answer in (await front.asked(session_token()), await front.asked("nonsense"), await front.asked("", 1, {})):
            assert answer.headers.get_list("Access-Control-Allow-Origin") == ["*"]
            assert "Access-Control-Allow-Credentials" not in answer.headers

    @pytest.mark.parametrize(
        ("token", "code"),
        [
            (lambda: "nonsense", "bad_session_token"),
            (lambda: "", "bad_session_token"),
            (lambda: session_token(secret="shpss_" + "x" * 32), "bad_session_token"),
            (lambda: session_token(aud="another app"), "bad_session_token"),
            (lambda: session_token(exp=1_700_000_000), "expired_session_token"),
            (lambda: session_token(nbf=int(time.time()) + 3600), "bad_session_token"),
            (lambda: session_token("77"), "bad_session_token"),  # a token of the admin's: its subject is no customer
        ],
    )
    async def test_only_what_shopify_signed_for_our_app_gets_in(
        self, front: Front, token: Callable[[], str], code: str
    ) -> None:
        bodies: list[Any] = [None, {"lines": []}]
        for body in bodies:
            answer = await front.asked(token(), body=body)
            if answer.status_code != 422:  # a body that is no body is told before anything else
                assert (answer.status_code, answer.json()["code"]) == (401, code)

    async def test_every_live_secret_counts(self, front: Front) -> None:
        assert (await front.asked(session_token(secret=OLD))).status_code == 200

    async def test_everything_else_is_no_order_of_theirs(self, front: Front, other: Front) -> None:
        answers = [
            await front.asked(session_token("gid://shopify/Customer/78")),
            await front.asked(session_token("gid://shopify/Customer/78"), confirmation=CONFIRMATION),
            await front.asked(session_token(""), confirmation="XPAV284CU"),
            await front.asked(session_token("")),
            await front.asked(session_token(), 9999),
            await front.asked(session_token(), "gid"),
            await front.asked(session_token(), "٣"),
            await front.asked(session_token(), confirmation=CONFIRMATION, number=9999),
        ]
        assert {(each.status_code, each.json()["code"]) for each in answers} == {(404, "order_not_found")}
        there = await front.asked(session_token(shop=other.shop))
        assert there.json()["returnable"][0]["line_id"] == other.line_id != front.line_id

    async def test_who_is_not_signed_in_needs_the_number_of_the_confirmation(self, front: Front) -> None:
        answer = await front.asked(session_token(""), confirmation=CONFIRMATION.lower())
        assert answer.status_code == 200
        assert (answer.json()["returnable"], answer.json()["reasons"]) == ([], [])

    async def test_an_order_whose_customer_is_not_known_is_proven_by_it_too(
        self, front: Front, worker_works: Works
    ) -> None:
        await known_as(worker_works, front.order.order_id, confirmation_number=CONFIRMATION)
        assert (await front.asked(session_token())).status_code == 404
        assert (await front.asked(session_token(), confirmation=CONFIRMATION)).status_code == 200

    @pytest.mark.parametrize("confirmation", ["", " ", CONFIRMATION])
    async def test_an_order_of_which_nothing_is_known_is_nobodys(
        self, front: Front, worker_works: Works, confirmation: str
    ) -> None:
        await known_as(worker_works, front.order.order_id)
        for subject in ("", CUSTOMER):
            assert (await front.asked(session_token(subject), confirmation=confirmation)).status_code == 404

    async def test_guessing_the_number_becomes_slow(self, front: Front) -> None:
        tries = [await front.asked(session_token(""), confirmation=f"GUESS{n:04}") for n in range(12)]
        assert [each.status_code for each in tries[:10]] == [404] * 10
        assert tries[-1].status_code == 429
        assert (await front.asked(session_token(""), confirmation=CONFIRMATION)).status_code == 429
        assert (await front.asked(session_token())).status_code == 200, "its own customer is let in all the same"

    async def test_a_return_is_asked_for_once_and_shown(self, front: Front) -> None:
        body: Any = {"lines": [{"line_id": front.line_id, "quantity": 1, "reason": "damaged"}]}
        answer = await front.asked(session_token(), body=body)
        assert answer.status_code == 200, answer.text
        told = answer.json()
        assert [each["items"] for each in told["returns"]] == [[{"title": "Blue mug", "quantity": 1}]]
        assert told["returnable"][0]["quantity"] == 1
        listed = (await front.merchant.get("/v1/returns")).json()["data"]
        assert [(each["requested_by"], each["lines"][0]["reason"]) for each in listed] == [("customer", "damaged")]

    async def test_what_can_not_come_back_is_refused_with_the_reason(self, front: Front, other: Front) -> None:
        too_many = {"lines": [{"line_id": front.line_id, "quantity": 3}]}
        answer = await front.asked(session_token(), body=too_many)
        assert answer.status_code in {409, 422}
        assert answer.json()["detail"]
        foreign = {"lines": [{"line_id": other.line_id, "quantity": 1}]}
        assert (await front.asked(session_token(), body=foreign)).status_code == 422
        assert (await front.merchant.get("/v1/returns")).json()["data"] == []

    async def test_a_return_needs_somebody_signed_in(self, front: Front) -> None:
        body = {"lines": [{"line_id": front.line_id, "quantity": 1}]}
        answer = await front.asked(session_token(""), body=body, confirmation=CONFIRMATION)
        assert (answer.status_code, answer.json()["code"]) == (401, "sign_in_required")
        assert (await front.merchant.get("/v1/returns")).json()["data"] == []
