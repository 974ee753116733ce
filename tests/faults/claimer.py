"""A program of a partner's that claims and ships until it is killed: `python claimer.py URL WAREHOUSE`.

It knows the API and the key in FULFILHUB_PARTNER_KEY, and keeps nothing: what it had in hand when it dies is for
others.
"""

from __future__ import annotations

import os
import sys
import time
from typing import Any

import httpx

AT_ONCE = 20


def main() -> None:
    url, warehouse_id = sys.argv[1:]
    headers = {"Authorization": f"Bearer {os.environ['FULFILHUB_PARTNER_KEY']}"}
    with httpx.Client(base_url=url, headers=headers, timeout=30, trust_env=False) as http:
        while True:
            try:
                if not turn(http, warehouse_id):
                    time.sleep(0.2)
            except httpx.HTTPError:
                time.sleep(0.2)


def turn(http: httpx.Client, warehouse_id: str) -> bool:
    """Claim a batch and ship it, piece by piece; whether there was any."""
    answer = http.post("/v1/work/claims", json={"warehouse_id": warehouse_id, "limit": AT_ONCE})
    if answer.status_code != 200:
        return False
    claim: Any = answer.json()
    for work in claim["data"]:
        parcel = {"carrier": "royal_mail", "tracking_number": f"T{work['id']}"}
        told = http.post(
            f"/v1/work/orders/{work['id']}/ship",
            json={"lease_id": claim["lease_id"], "parcels": [parcel]},
            headers={"Idempotency-Key": f"ship-{work['id']}"},
        )
        if told.status_code == 409 and told.json()["code"] == "lease_lost":
            break  # it took too long: somebody else has the rest
    return bool(claim["data"])


if __name__ == "__main__":
    main()
