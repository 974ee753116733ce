"""Privacy: a customer's data handed out or erased on a merchant's request. It owns the requests and what became of
them, never the data itself."""
