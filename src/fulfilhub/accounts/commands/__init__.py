"""Every write to accounts, keys and contracts."""

from __future__ import annotations

from fulfilhub.accounts.commands.contracts import (
    accept_contract,
    decline_contract,
    end_contract,
    end_past_contracts,
    offer_contract,
    propose_terms,
)
from fulfilhub.accounts.commands.keys import (
    MadeAccount,
    MadeKey,
    end_store_keys,
    make_account,
    make_key,
    make_organisation,
    make_store_key,
    revoke_key,
    rotate_key,
)

__all__ = [
    "MadeAccount",
    "MadeKey",
    "accept_contract",
    "decline_contract",
    "end_contract",
    "end_past_contracts",
    "end_store_keys",
    "make_account",
    "make_key",
    "make_organisation",
    "make_store_key",
    "offer_contract",
    "propose_terms",
    "revoke_key",
    "rotate_key",
]
