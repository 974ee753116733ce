"""What HTTP needs everywhere: problems, pages, headers, limits, the contract. No SQL."""
