"""If-Match: the version a caller has seen, so that two editors never overwrite each other unknowingly."""

from __future__ import annotations

import re
from typing import Annotated

from litestar.params import HeaderParameter

from fulfilhub.platform.errors import FieldError, Invalid, Stale

IfMatch = Annotated[
    str | None,
    HeaderParameter(
        name="If-Match",
        description='The ETag you have seen, such as `"3"`; stale is answered with 412. `*` means any.',
        schema_extra={"pattern": r'^([*]|(W/)?("[0-9]{1,15}"|[0-9]{1,15}))$', "examples": ['"3"']},
    ),
]
# Proxies weaken ETags (W/), and hurried clients leave the quotes out: what is meant is clear.
ETAG = re.compile(r'(?:W/)?("?)([0-9]{1,15})\1')


def expected_version(header: str | None) -> int | None:
    """The version in an If-Match header; None when absent or `*`. Raises Invalid for a malformed one."""
    if header is None or header.strip() == "*":
        return None
    found = ETAG.fullmatch(header.strip())
    if found is None:
        detail = 'Must be the ETag of an earlier answer, such as "3".'
        raise Invalid(detail, fields=[FieldError("header/If-Match", detail)])
    return int(found[2])


def check_version(expected: int | None, present: int) -> None:
    """Raises Stale when the caller expected another version."""
    if expected is not None and expected != present:
        raise Stale(
            f"You have seen version {expected}; it is {present} now. Read it again, then repeat your change.",
            more={"version": present},
        )
