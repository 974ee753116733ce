"""The contract as its readers want it: nothing unnamed, undescribed or out of order."""

from __future__ import annotations

from fulfilhub.app import TAGS
from tests.contract.operations import CONTRACT, operations

# Answers that hold a secret and papers are not kept, a lost claim's lease runs out, storefronts repeat under ids of
# their own, and looking again at a shop does no harm.
NOT_KEPT = {
    "beginShopifySession",
    "checkShopify",
    "checkStorefront",
    "claimWork",
    "connectCarrier",
    "connectShopify",
    "connectStore",
    "connectWithCode",
    "createAccount",
    "createContractInvitation",
    "createInvitation",
    "createKey",
    "createPasswordLink",
    "createStoreCode",
    "createWebhookEndpoint",
    "createWoocommerceAuthorisation",
    "deliverShopify",
    "deliverShopifyApp",
    "deliverTracking",
    "deliverWoocommerce",
    "drawPapers",
    "extendLease",
    "handOverOrders",
    "receiveWoocommerceKeys",
    "resendInvitation",
    "rotateCarrierSecret",
    "rotateKey",
    "rotateSecret",
    "rotateStorefront",
    "rotateWebhookSecret",
}


def test_the_document_says_what_it_is() -> None:
    info = CONTRACT["info"]
    assert CONTRACT["openapi"].startswith("3.1")
    assert all(info[name] for name in ("title", "summary", "description", "version", "license"))
    assert CONTRACT["externalDocs"]["url"] == "/docs"


def test_every_group_is_described_in_reading_order() -> None:
    """A new tag gets its sentence in `fulfilhub.app.TAGS`, at its place in the order of reading."""
    assert [tag["name"] for tag in CONTRACT["tags"]] == list(TAGS)
    assert all(tag.get("description") for tag in CONTRACT["tags"])


def test_every_operation_and_parameter_is_described() -> None:
    for operation in operations():
        told = operation.told
        assert len(told["tags"]) == 1, operation.id
        assert told["summary"][0].isupper(), operation.id
        assert not told["summary"].endswith("."), operation.id
        assert told["description"].endswith((".", "?")), operation.id
        for parameter in operation.parameters:
            assert parameter["description"], (operation.id, parameter["name"])


def test_every_schema_is_described() -> None:
    for name, schema in CONTRACT["components"]["schemas"].items():
        assert schema["title"] == name
        assert schema.get("description"), name


def test_posts_can_be_repeated_and_lists_go_on() -> None:
    for operation in operations():
        names = {parameter["name"] for parameter in operation.parameters}
        if operation.method == "POST":
            assert ("Idempotency-Key" in names) == (operation.id not in NOT_KEPT), operation.id
        if "cursor" in names:
            answer = operation.answers["200"]["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
            page = CONTRACT["components"]["schemas"][answer]
            assert {"data", "has_more", "next_cursor"} == set(page["required"]), operation.id
            assert {"limit", "cursor"} <= names


def test_what_a_problem_links_to_is_in_the_reference() -> None:
    from fulfilhub.web.docs import render
    from fulfilhub.web.problems import KINDS

    page = render(CONTRACT, "1")
    for kind in KINDS.values():
        assert f'id="problem-{kind.name}"' in page
