"""Parcels: each is where carriers say it is, whatever came when, and no scan waits for a parcel that has left."""

from __future__ import annotations

from fulfilhub.shipping.rules import TERMINAL, TrackingState

_RANKED = ", ".join(repr(str(state)) for state in sorted(TrackingState, key=lambda state: state.rank))
_TERMINAL = ", ".join(repr(str(state)) for state in sorted(TERMINAL))
# What `shipping.rules` weighs, from first principles: an end, a turning point, a scan on the way, a label.
_WEIGHT = (
    f"CASE WHEN state IN ({_TERMINAL}) THEN 3 WHEN state = 'returning' THEN 2 "
    "WHEN state = 'label_created' THEN 0 ELSE 1 END"
)
_RANK = f"array_position(ARRAY[{_RANKED}], state)"

CHECKS: dict[str, str] = {
    "each parcel is where the strongest of its events says": f"""
        SELECT format('parcel %s is %s since %s, and ought to be %s since %s', p.id, p.state, p.state_at, s.state, s.at)
        FROM parcels AS p CROSS JOIN LATERAL (
            SELECT state, at, {_WEIGHT} AS weight, {_RANK} AS rank
            FROM (SELECT 'label_created' AS state, p.created_at AS at
                  UNION ALL SELECT e.state, e.occurred_at FROM tracking_events AS e
                  WHERE e.merchant_id = p.merchant_id AND e.parcel_id = p.id) AS told
            ORDER BY weight DESC, CASE WHEN {_WEIGHT} = 3 THEN {_RANK} END DESC,
                     CASE WHEN {_WEIGHT} = 1 THEN at END DESC, CASE WHEN {_WEIGHT} <> 1 THEN at END, rank DESC LIMIT 1
        ) AS s
        WHERE (p.state, p.state_at) <> (s.state, s.at)""",  # noqa: S608 - names of states only
    "no event waits for a parcel that has left, unless its ticket waits": """
        SELECT format('account %s: %s at %s', e.account_id, e.state, e.occurred_at) FROM early_scans AS e
        WHERE (EXISTS (SELECT 1 FROM parcels AS p
                       WHERE p.merchant_id = e.account_id AND p.tracking_normal = e.tracking_normal)
               OR EXISTS (SELECT 1 FROM work_parcels AS w
                          WHERE w.account_id = e.account_id AND w.tracking_normal = e.tracking_normal))
          AND NOT EXISTS (SELECT 1 FROM jobs AS j WHERE j.account_id = e.account_id
                          AND j.kind = 'shipping.match_scans' AND j.args -> 'numbers' ? e.tracking_normal)""",
}
