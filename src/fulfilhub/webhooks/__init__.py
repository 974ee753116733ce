"""Outgoing webhooks: accounts' endpoints, what is due to them, and every attempt. It follows the event log by number
and never changes what it tells of; nothing imports it."""
