"""How receivers are spoken to: Standard Webhooks over HTTP."""
