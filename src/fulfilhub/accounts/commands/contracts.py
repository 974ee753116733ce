"""Agreeing contracts: one side proposes terms, the other accepts them; every change is a version that both accepted.

Both sides lock the contract's row before they answer, so that of two answers at once the second sees the first.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import asyncpg
import msgspec
from sqlalchemy import func, insert, or_, select, update

from fulfilhub.accounts.events import ContractChanged
from fulfilhub.accounts.models import Contract, ContractInvitation, ContractVersion
from fulfilhub.accounts.queries.contracts import ContractRow, VersionRow, get_contract
from fulfilhub.accounts.rules import AccountKind, ContractState, Terms, check_terms
from fulfilhub.platform import ids
from fulfilhub.platform.errors import Conflict, FieldError, Invalid
from fulfilhub.platform.scopes import Merchant, Platform
from fulfilhub.platform.work import Work
from fulfilhub.web.conditional import check_version

TELL = "accounts.tell_contract"

RESERVE = """
INSERT INTO contract_warehouses (merchant_id, contract_id, warehouse_id, partner_id, live)
SELECT $1, $2, w, $3, true FROM unnest($4::uuid[]) AS w ORDER BY w
ON CONFLICT (merchant_id, contract_id, warehouse_id) DO UPDATE SET live = true
"""
KNOWN = """
UPDATE contract_warehouses SET live = true
WHERE merchant_id = $1 AND contract_id = $2 AND warehouse_id = ANY ($3)
"""
# What no terms name any more, neither those in force nor later or open ones, is free for another contract.
LET_GO = """
UPDATE contract_warehouses AS w SET live = false
WHERE w.merchant_id = $1 AND w.contract_id = $2 AND w.live AND ($3 OR NOT EXISTS (
    SELECT FROM contract_versions AS v
    WHERE v.merchant_id = $1 AND v.contract_id = $2 AND w.warehouse_id = ANY (v.warehouse_ids)
      AND (v.state = 'proposed' OR v.state = 'accepted' AND v.number >= $4)))
"""
END_PAST = """
WITH past AS (
    UPDATE contracts SET state = 'ended', version = version + 1 WHERE state <> 'ended' AND ends_on < $1
    RETURNING merchant_id, partner_id, id
), freed AS (
    UPDATE contract_warehouses AS w SET live = false FROM past
    WHERE w.merchant_id = past.merchant_id AND w.contract_id = past.id
)
SELECT p.merchant_id, p.partner_id, p.id,
       (SELECT array_agg(w.warehouse_id ORDER BY w.warehouse_id) FROM contract_warehouses AS w
        WHERE w.merchant_id = p.merchant_id AND w.contract_id = p.id) AS warehouse_ids
FROM past AS p
"""


async def offer_contract(work: Work, merchant_id: UUID, terms: Terms, at: str = "/warehouse_ids") -> UUID:
    """A partner offers a merchant some of its warehouses; what that merchant invited it to is answered with it. Raises
    Invalid for terms that can't be, an unknown merchant or warehouse (the field `at`); Conflict (`contract_exists`)."""
    check_terms(terms)
    if not (await work.db.execute(select(func.may_contract(merchant_id, work.account_id)))).scalar_one():
        detail = "There is no merchant with this id in this mode (live or test)."
        raise Invalid(detail, fields=[FieldError("/merchant_id", detail)])
    await end_past_contracts(work)
    contract_id = ids.new()
    await work.db.execute(
        insert(Contract).values(
            merchant_id=merchant_id,
            id=contract_id,
            partner_id=work.account_id,
            state=ContractState.OFFERED,
            starts_on=terms.starts_on,
            ends_on=terms.ends_on,
            created_at=work.now,
        )
    )
    await _write_version(work, merchant_id, work.account_id, contract_id, 1, terms)
    await _reserve(work, merchant_id, contract_id, terms.warehouse_ids, at)
    await work.db.execute(
        update(ContractInvitation)
        .where(
            or_(ContractInvitation.account_id == merchant_id, ContractInvitation.to_account_id == merchant_id),
            ContractInvitation.state == "open",
        )
        .values(state="offered", contract_id=contract_id, ended_at=work.now)
    )
    _tell(work, await get_contract(work, contract_id), "offered")
    return contract_id


async def propose_terms(work: Work, contract_id: UUID, terms: Terms, expected: int | None = None) -> None:
    """Propose other terms, in place of those that wait for an answer if there are any. Those in force stay so until the
    other side accepts. Raises NotFound, Stale, Invalid, Conflict (`illegal_action`, `contract_exists`)."""
    check_terms(terms)
    row = await get_contract(work, contract_id, lock=True)
    check_version(expected, row.version)
    if row.state is ContractState.ENDED or row.notice_at is not None:
        raise _illegal(row)
    await end_past_contracts(work)
    if row.proposed is not None:
        await _answer(work, row, row.proposed, "declined")
    await _write_version(work, row.merchant_id, row.partner_id, contract_id, len(row.versions) + 1, terms)
    await _reserve(work, row.merchant_id, contract_id, terms.warehouse_ids)
    await _change(work, row, "proposed")


async def accept_contract(work: Work, contract_id: UUID, expected: int | None = None) -> None:
    """Accept the terms that the other side proposed. Repeating is harmless. Raises NotFound, Stale, Conflict
    (`illegal_action`) for one's own terms or a contract that has ended."""
    row = await get_contract(work, contract_id, lock=True)
    if row.proposed is None and row.state is ContractState.ACTIVE:
        return
    check_version(expected, row.version)
    if row.proposed is None or row.state is ContractState.ENDED:
        raise _illegal(row)
    if row.proposed.proposed_by is side_of(work):
        raise Conflict("These are your own terms: the other side answers.", code="illegal_action")
    await _answer(work, row, row.proposed, "accepted")
    terms = row.proposed.terms
    days = {"starts_on": min(row.starts_on, terms.starts_on), "ends_on": terms.ends_on}
    await _change(work, row, "accepted", state=ContractState.ACTIVE, **days)


async def decline_contract(work: Work, contract_id: UUID, expected: int | None = None) -> None:
    """Say no to the terms that wait for an answer, or take back one's own. What was in force stays so; an offer that
    never was ends. Repeating is harmless. Raises NotFound, Stale."""
    row = await get_contract(work, contract_id, lock=True)
    if row.proposed is None:
        return
    check_version(expected, row.version)
    await _answer(work, row, row.proposed, "declined")
    state = ContractState.ENDED if row.state is ContractState.OFFERED else row.state
    await _change(work, row, "declined", state=state)


async def end_contract(work: Work, contract_id: UUID) -> None:
    """Either side ends it: at once, or as many days from now as the terms say. Until then work is sent; what was sent
    is finished in any case. Repeating is harmless. Raises NotFound."""
    row = await get_contract(work, contract_id, lock=True)
    if row.state is ContractState.ENDED or row.notice_at is not None:
        return
    if row.proposed is not None:
        await _answer(work, row, row.proposed, "declined")
    days = row.in_force.terms.notice_days if row.state is ContractState.ACTIVE else 0
    last = work.now.date() + timedelta(days=days)
    if not days or last < row.starts_on:
        await _change(work, row, "ended", state=ContractState.ENDED)
        return
    until = last if row.ends_on is None else min(last, row.ends_on)
    await _change(work, row, "notice_given", ends_on=until, notice_by=side_of(work), notice_at=work.now)


async def end_past_contracts(work: Work) -> None:
    """Contracts of the scope whose last day is over have ended (in the platform's scope all); both sides are told."""
    rows = await work.fetch_raw(END_PAST, work.now.date())
    for row in rows:
        fact = ContractChanged(
            contract_id=row["id"],
            merchant_id=row["merchant_id"],
            warehouse_id=row["warehouse_ids"][0],
            warehouse_ids=tuple(row["warehouse_ids"]),
            state=str(ContractState.ENDED),
            change="ended",
        )
        for account_id in (row["merchant_id"], row["partner_id"]):
            if isinstance(work.scope, Platform):
                await work.enqueue_for(account_id, TELL, fact.data())
            else:
                work.pass_on(account_id, TELL, fact.data())


def side_of(work: Work) -> AccountKind:
    """Which side of a contract the scope is."""
    return AccountKind.MERCHANT if isinstance(work.scope, Merchant) else AccountKind.PARTNER


async def _write_version(
    work: Work, merchant_id: UUID, partner_id: UUID, contract_id: UUID, number: int, terms: Terms
) -> None:
    told = msgspec.structs.asdict(terms)
    told |= {"services": msgspec.to_builtins(terms.services), "warehouse_ids": list(terms.warehouse_ids)}
    await work.db.execute(
        insert(ContractVersion).values(
            merchant_id=merchant_id,
            contract_id=contract_id,
            number=number,
            partner_id=partner_id,
            state="proposed",
            proposed_by=side_of(work),
            proposed_at=work.now,
            **told,
        )
    )


async def _reserve(
    work: Work, merchant_id: UUID, contract_id: UUID, warehouse_ids: Sequence[UUID], at: str = "/warehouse_ids"
) -> None:
    """The contract names these warehouses; a merchant can only name what its partner named before."""
    try:
        if side_of(work) is AccountKind.PARTNER:
            await work.execute_raw(RESERVE, merchant_id, contract_id, work.account_id, list(warehouse_ids))
            return
        told = await work.execute_raw(KNOWN, merchant_id, contract_id, list(warehouse_ids))
    except asyncpg.ForeignKeyViolationError:
        raise _no_warehouse("There is no such warehouse of yours.", at) from None
    except asyncpg.UniqueViolationError:
        raise Conflict("There is a contract for this warehouse already.", code="contract_exists") from None
    if told != f"UPDATE {len(warehouse_ids)}":
        raise _no_warehouse("Name warehouses of this contract; your partner can propose others.", at)


def _no_warehouse(detail: str, at: str) -> Invalid:
    return Invalid(detail, fields=[FieldError(at, detail)])


async def _answer(work: Work, row: ContractRow, version: VersionRow, state: str) -> None:
    await work.db.execute(
        update(ContractVersion)
        .where(
            ContractVersion.merchant_id == row.merchant_id,
            ContractVersion.contract_id == row.id,
            ContractVersion.number == version.number,
        )
        .values(state=state, answered_at=work.now)
    )


async def _change(work: Work, row: ContractRow, change: str, **values: object) -> None:
    await work.db.execute(
        update(Contract)
        .where(Contract.merchant_id == row.merchant_id, Contract.id == row.id)
        .values(version=Contract.version + 1, **values)
    )
    now = await get_contract(work, row.id)
    ended = now.state is ContractState.ENDED
    await work.execute_raw(LET_GO, row.merchant_id, row.id, ended, now.in_force.number)
    _tell(work, now, change)


def _tell(work: Work, row: ContractRow, change: str) -> None:
    terms = (row.proposed or row.in_force).terms
    fact = ContractChanged(
        contract_id=row.id,
        merchant_id=row.merchant_id,
        warehouse_id=terms.warehouse_ids[0],
        warehouse_ids=terms.warehouse_ids,
        state=str(row.state),
        change=change,
    )
    work.publish(fact)
    other = row.partner_id if work.account_id == row.merchant_id else row.merchant_id
    work.pass_on(other, TELL, fact.data())


def _illegal(row: ContractRow) -> Conflict:
    if row.state is ContractState.ACTIVE:
        detail = f"Notice was given: this contract ends on {row.ends_on}."
    else:
        detail = f"This contract is {row.state}."
    return Conflict(detail, code="illegal_action", more={"state": str(row.state)})
