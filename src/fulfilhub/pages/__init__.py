"""The customer's page: one order by an unguessable link, rendered on the server, without scripts.

It decides nothing itself."""
