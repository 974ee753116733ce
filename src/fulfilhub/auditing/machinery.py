"""The machinery below everything: tickets, events, raw messages, remembered answers, and what stores were told."""

from __future__ import annotations

CHECKS: dict[str, str] = {
    "no ticket is overdue by ten minutes": """
        SELECT format('job %s %s', kind, id) FROM jobs
        WHERE state = 'ready' AND due_at < clock_timestamp() - interval '10 minutes'
          AND (lease_until IS NULL OR lease_until < clock_timestamp() - interval '10 minutes')""",
    "the relay hands over what is due": """
        SELECT format('job %s %s: due %s, to be handed over %s', kind, id, due_at, next_at) FROM jobs
        WHERE state = 'ready' AND greatest(due_at, next_at) < clock_timestamp() - interval '1 minute'
          AND (lease_until IS NULL OR lease_until < clock_timestamp() - interval '1 minute')""",
    "no ticket is handed over again and again without being taken": """
        SELECT format('job %s %s: handed over %s times', kind, id, handed) FROM jobs
        WHERE state = 'ready' AND handed > 10 AND lease_id IS NULL""",
    "a ticket's lease has an end, and what is dead has none": """
        SELECT format('job %s %s', kind, id) FROM jobs
        WHERE (lease_id IS NULL) <> (lease_until IS NULL) OR (state = 'dead' AND lease_id IS NOT NULL)""",
    "events are numbered without gaps": """
        SELECT format('account %s: last number %s, numbered %s, highest %s', account_id, coalesce(s.last, 0),
                      coalesce(e.numbered, 0), coalesce(e.highest, 0))
        FROM event_sequences AS s FULL JOIN (
            SELECT account_id, count(*) AS numbered, count(DISTINCT seq) AS numbers, min(seq) AS lowest,
                   max(seq) AS highest
            FROM events WHERE seq IS NOT NULL GROUP BY 1
        ) AS e USING (account_id)
        WHERE coalesce(s.last, 0) <> coalesce(e.numbered, 0) OR coalesce(e.numbers, 0) <> coalesce(e.numbered, 0)
           OR coalesce(e.highest, 0) <> coalesce(s.last, 0) OR coalesce(e.lowest, 1) <> 1""",
    "each event has its number within a minute": """
        SELECT format('event %s %s', type, id) FROM events
        WHERE seq IS NULL AND occurred_at < clock_timestamp() - interval '1 minute'""",
    "no raw message is kept twice": """
        SELECT format('message %s from %s: %s times', dedupe_key, source, count(*)) FROM inbox
        GROUP BY account_id, source, dedupe_key HAVING count(*) > 1""",
    "each message from a store or a carrier was read, or its ticket waits": """
        SELECT format('message %s', i.id) FROM inbox AS i
        WHERE i.source <> 'api' AND i.handled_at IS NULL
          AND NOT EXISTS (SELECT 1 FROM jobs AS j WHERE j.account_id = i.account_id
                          AND j.args ->> 'message_id' = i.id::text)""",
    "raw messages are emptied and answers forgotten in time": """
        SELECT format('message %s', id) FROM inbox
        WHERE payload IS NOT NULL AND expires_at < clock_timestamp() - interval '1 day'
        UNION ALL
        SELECT format('answer to %s of account %s', key, account_id) FROM idempotency_keys
        WHERE expires_at < clock_timestamp() - interval '1 day'""",
    "only answers of success are remembered, one per key": """
        SELECT format('answer to %s of account %s', key, account_id) FROM idempotency_keys
        GROUP BY account_id, key HAVING count(*) > 1 OR min(status) < 200 OR max(status) >= 300""",
    "what is due to a webhook endpoint will be looked at": """
        SELECT format('webhook endpoint %s', e.id) FROM webhook_endpoints AS e
        WHERE e.enabled AND e.wake_at IS NULL AND EXISTS (
            SELECT FROM webhook_deliveries AS d
            WHERE d.account_id = e.account_id AND d.endpoint_id = e.id AND d.state = 'pending')""",
    "each store was told of its shipments, or a ticket waits": """
        SELECT format('shipment %s: %s', s.id, coalesce(u.state, 'the store was not told'))
        FROM shipments AS s JOIN orders AS o ON o.merchant_id = s.merchant_id AND o.id = s.order_id
        JOIN stores AS t ON t.merchant_id = o.merchant_id AND t.id = o.store_id AND t.platform <> 'api'
        LEFT JOIN store_updates AS u ON u.merchant_id = s.merchant_id AND u.store_id = t.id AND u.shipment_id = s.id
        WHERE u.id IS NULL
          AND NOT EXISTS (SELECT 1 FROM jobs AS j WHERE j.account_id = s.merchant_id
                          AND j.kind = 'stores.tell_shipment' AND j.args ->> 'shipment_id' = s.id::text)""",
    "what waits for a connected store will have its turn": """
        SELECT format('store %s: due %s', l.store_id, w.due_at)
        FROM store_lanes AS l
        JOIN stores AS s ON s.merchant_id = l.merchant_id AND s.id = l.store_id AND s.state = 'connected'
        JOIN (SELECT merchant_id, store_id, due_at, true AS always FROM store_updates
              WHERE state IN ('pending', 'in_doubt')
              UNION ALL
              SELECT merchant_id, store_id, due_at, true FROM store_notices WHERE state = 'pending'
              UNION ALL
              SELECT merchant_id, store_id, due_at, false FROM store_stock WHERE state IN ('pending', 'stale')
        ) AS w ON w.merchant_id = l.merchant_id AND w.store_id = l.store_id AND (w.always OR l.follows_stock)
        WHERE NOT EXISTS (SELECT 1 FROM jobs AS j WHERE j.account_id = l.merchant_id AND j.kind = 'stores.tell'
                          AND j.args ->> 'turn_id' = l.turn_id::text)""",
    "a store shows the stock it should, or is told it": """
        SELECT format('store %s, variant %s: shows %s, should show %s (%s)', store_id, variant_id, told, wanted, state)
        FROM store_stock WHERE state = 'told' AND told IS DISTINCT FROM wanted""",
}
