"""Every write to fulfilments and work orders, one module per part of their life."""
