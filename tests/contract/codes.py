"""Which refusals a schema could have foretold."""

from __future__ import annotations

SAID_BY_SCHEMAS = frozenset(
    (
        *("additional_properties", "bad_text", "const", "enum", "exclusive_maximum", "exclusive_minimum", "format"),
        *("max_items", "max_length", "max_properties", "maximum", "min_items", "min_length", "min_properties"),
        *("minimum", "multiple_of", "pattern", "repeated", "type", "unique_items", "unknown_field"),
        "unknown_parameter",
    )
)
"""Codes of what a schema can say. Refusing well-formed data for one of them means that the contract says less than we
check. Other rules are beyond any schema: a date must lie ahead, an id must be known, one field requires another."""
