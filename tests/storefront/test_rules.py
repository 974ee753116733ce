"""An order's state from whatever is known of it: whole, in words for people, and without a clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fulfilhub.fulfilment.rules import ENDED, WorkState
from fulfilhub.orders.rules import (
    ChangeKind,
    HoldReason,
    OrderAction,
    OrderStatus,
    PromiseCause,
    PromiseState,
    RefusalReason,
    Review,
    order_actions,
)
from fulfilhub.platform.machines import Who
from fulfilhub.returns.rules import ReturnState
from fulfilhub.shipping.rules import TrackingState
from fulfilhub.storefront.rules import (
    Decided,
    Happened,
    Held,
    Known,
    OrderPanel,
    Packed,
    Pending,
    Returning,
    Sent,
    Verdict,
    panel_of,
    state_of,
    words,
)
from fulfilhub.storefront.rules.panel import MOST_ENTRIES, TOLD, entry_of
from fulfilhub.webhooks.rules.payloads import PUBLIC, example_of

T0 = datetime(2026, 11, 25, 9, tzinfo=UTC)
IDS = st.integers(1, 2**64).map(lambda number: UUID(int=number))
TIMES = st.integers(0, 10_000).map(lambda minutes: T0 + timedelta(minutes=minutes))
SHORT = st.text(max_size=12)
LINES = st.lists(st.tuples(st.sampled_from(["1", "2", "77"]), st.integers(1, 9)), max_size=3)

known = st.builds(
    Known,
    id=IDS,
    external_id=st.sampled_from(["11", "12"]),
    changes=st.integers(1, 10_000),
    status=st.sampled_from(OrderStatus),
    country=st.sampled_from(["", "GB", "US", "NZ", "XX"]),
    review=st.lists(st.tuples(st.sampled_from([*map(str, Review), "of_tomorrow"]), SHORT), max_size=3),
    holds=st.lists(st.builds(Held, IDS, st.sampled_from(HoldReason), SHORT, st.none() | TIMES), max_size=3),
    ship_by=st.none() | TIMES,
    deliver_by=st.none() | TIMES,
    promise=st.none() | st.sampled_from(PromiseState),
    cause=st.none() | st.sampled_from(PromiseCause),
    shipments=st.lists(
        st.builds(
            Sent,
            IDS,
            TIMES,
            st.lists(
                st.builds(
                    Packed,
                    st.sampled_from(["royal_mail", "Upsala Post", ""]),
                    st.sampled_from(["", "RM 1"]),
                    st.sampled_from(TrackingState),
                    TIMES,
                    LINES,
                ),
                max_size=3,
            ),
        ),
        max_size=2,
    ),
    requests=st.lists(st.builds(Pending, st.sampled_from(ChangeKind), TIMES), max_size=3),
    works=st.lists(st.sampled_from(WorkState), max_size=3),
    returnable=st.booleans(),
    updated_at=TIMES,
)


@given(known)
def test_any_order_has_a_whole_state(order: Known) -> None:
    state = state_of(order, "https://x/t/1")
    assert state.revision == order.changes
    assert state.status_text
    assert (state.return_url is None) == (not order.returnable)
    legal = order_actions(order.status, Who.MERCHANT)
    in_hand = any(each not in ENDED and each is not WorkState.QUEUED for each in order.works)
    assert (state.actions.cancel == "no") == (OrderAction.CANCEL not in legal)
    assert not (state.actions.cancel == "now" and in_hand)
    assert state.actions.hold == (OrderAction.HOLD in legal)
    assert not state.actions.release or state.holds
    assert all(each.fix for each in state.review)
    assert all(each.text and each.releasable == state.actions.release for each in state.holds)
    assert (state.promise.state is Verdict.NONE) == (order.promise is None)
    assert bool(state.promise.text) == (order.promise is not None and order.deliver_by is not None)
    for shipment in state.shipments:
        assert all((each.delivered_at is not None) == (each.state == "delivered") for each in shipment.parcels)
    wire = msgspec.json.encode(state)
    assert msgspec.json.decode(wire, type=type(state)) == state


@given(known)
def test_nothing_else_tells_two_states_apart_than_what_is_known(order: Known) -> None:
    assert state_of(order, "p") == state_of(order, "p")


def test_all_words_are_there() -> None:
    for table, every in (
        (words.STATUS, OrderStatus),
        (words.HOLD, HoldReason),
        (words.FIX, Review),
        (words.PARCEL, TrackingState),
        (words.RETURN, ReturnState),
        (words.PENDING, ChangeKind),
        (words.REFUSED, RefusalReason),
    ):
        assert set(table) == set(every), every


@pytest.mark.parametrize(
    ("state", "cause", "said"),
    [
        (PromiseState.ON_TRACK, None, "Arrives by Friday 27 November"),
        (PromiseState.AT_RISK, None, "Promised by Friday 27 November, and may be late"),
        (PromiseState.KEPT, None, "Promised by Friday 27 November, and kept"),
        (
            PromiseState.EXCUSED,
            PromiseCause.CUSTOMER,
            "Promised by Friday 27 November; later than that: it waited for the customer",
        ),
        (
            PromiseState.BROKEN,
            PromiseCause.CARRIER,
            "Promised by Friday 27 November, and missed: the carrier was late",
        ),
        (None, None, ""),
    ],
)
def test_promises_in_words(state: PromiseState | None, cause: PromiseCause | None, said: str) -> None:
    assert words.promise_text(state, cause, datetime(2026, 11, 27, 23, 59, 59, tzinfo=UTC), "GB") == said


def test_a_day_is_the_customers_own() -> None:
    end_of_friday_in_lima = datetime(2026, 11, 28, 4, 59, 59, tzinfo=UTC)
    assert words.day(end_of_friday_in_lima, "PE") == "Friday 27 November"
    assert words.day(end_of_friday_in_lima, "GB") == "Saturday 28 November"


# The timeline ------------------------------------------------------------------------------------------------------


OF_ORDERS = [example_of(public) for public in PUBLIC if public.fact.SUBJECT == "order_id"]


@pytest.mark.parametrize("told", OF_ORDERS, ids=lambda told: str(told["type"]))
def test_every_event_of_an_order_has_words(told: dict[str, object]) -> None:
    """A new fact about orders gets its words in `storefront.rules.panel.TOLD`."""
    assert told["type"] in TOLD
    data = told["data"]
    assert isinstance(data, dict)
    entry = entry_of(Happened(str(told["type"]), data, T0))
    assert entry.text[0].isupper()
    assert entry.text.endswith(".")
    assert entry.kind.isalpha()


@given(st.sampled_from(list(TOLD)), st.dictionaries(st.sampled_from(["state", "reason", "parts", "stage"]), SHORT))
def test_no_event_breaks_the_panel(type_: str, data: dict[str, str]) -> None:
    assert entry_of(Happened(type_, data, T0)).text


def test_an_unknown_event_says_its_name() -> None:
    entry = entry_of(Happened("order.gift_wrapped", {}, T0))
    assert (entry.text, entry.kind) == ("Order gift wrapped", "order")


@given(known, st.none() | st.just(Decided(T0, "Hall has it all.", ["Hall"], [("Own", ["It is closed.", "No."])])))
def test_a_panel_is_a_state_and_more(order: Known, decided: Decided | None) -> None:
    events = [Happened("order.received", {}, T0)] * 60
    back = [Returning(UUID(int=7), ReturnState.APPROVED, [("1", 2)])]
    state = state_of(order, "p")
    panel = panel_of(state, events, decided, back)
    assert isinstance(panel, OrderPanel)
    assert {name: getattr(panel, name) for name in state.__struct_fields__} == msgspec.structs.asdict(state)
    assert len(panel.timeline) == MOST_ENTRIES
    assert (panel.routing is None) == (decided is None)
    if panel.routing is not None:
        assert panel.routing.excluded[0].reason == "It is closed. No."
    assert panel.returns[0].number == panel.returns[0].id
