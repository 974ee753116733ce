"""Reading JSON bodies: decoded once when all is well, checked again for every mistake when it is not.

What a decoder lets pass and a database or a later reader chokes on is refused here: NUL bytes, lone surrogates,
whole numbers that not every reader can hold, times without an offset, nesting without end.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Generic, TypeVar

import msgspec

from fulfilhub.platform.errors import FieldError, FulfilHubError, Invalid
from fulfilhub.web.jsonschemas import Json, generate, items_of, takes_times
from fulfilhub.web.mistakes import MOST, mistakes, pointer, validator
from fulfilhub.web.problems import Malformed

T = TypeVar("T")

DEPTH = 64
"""Lists and objects may stand in each other so deep."""

LARGE = 32 * 1024
"""A body over this many bytes is checked again in a thread, so that others need not wait."""

_OPENING = bytes.maketrans(b"{}", b"[]")
_NOT_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
_DIGITS = bytes.maketrans(b"123456789", b"000000000")
_LONG_RUN = b"0" * 16
_LONG_NUMBER = re.compile(rb"(?:[:\[,\s]|^)-?\d{16}")
_BARE_TIME = re.compile(rb'"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(?:\.\d+)?"')
_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|[\[\]{}]', re.DOTALL)
_NUL = b"\\u0000"
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")
_AT = re.compile(r" - at `(\$.*)`$")
_STEP = re.compile(r"\[(\d+)\]|\.([A-Za-z_]\w*)")


class Reader(Generic[T]):
    """Reads one type of body. Make it once per operation."""

    def __init__(self, type_: type[T]) -> None:
        self._type = type_
        self._decoder: msgspec.json.Decoder[T] = msgspec.json.Decoder(type_)
        (schema,), components = generate([type_], "#/$defs/")
        self._checker = validator({**schema, "$defs": components})
        self._times = takes_times(type_)
        self._batches = [name for name, _ in items_of([type_])]

    async def read(self, body: bytes) -> T:
        """The value. Raises Malformed for broken JSON, Invalid naming every mistake at once."""
        try:
            value = self._decoder.decode(body)
        except msgspec.ValidationError as error:
            return await self._second_look(body, error)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise _broken(body, error) from None
        except RecursionError:
            raise _too_deep() from None
        if suspicious(body, times=self._times):
            _, found = await self._recheck(body)
            if found:
                raise _invalid(found)
        return value

    async def read_each(self, items: Sequence[msgspec.Raw]) -> list[T | FulfilHubError]:
        """The value of each item of a batch, or what is wrong with it, as if it had been sent alone."""
        if not suspicious(b"".join(map(bytes, items)), times=self._times):
            with suppress(msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
                return [self._decoder.decode(item) for item in items]
        judged: list[T | FulfilHubError] = []
        for item in items:
            try:
                judged.append(await self.read(bytes(item)))
            except FulfilHubError as error:
                judged.append(error)
        return judged

    async def _second_look(self, body: bytes, first: msgspec.ValidationError) -> T:
        """The value after all, when only the decoder was too strict (2.0 is a whole number), or every mistake."""
        try:
            plain, found = await self._recheck(body)
        except (
            msgspec.ValidationError
        ):  # a number beyond all bounds can't even be taken apart: the first mistake must do
            raise _invalid([_from_decoder(first)]) from None
        except (msgspec.DecodeError, UnicodeDecodeError) as error:  # broken further on than where decoding stopped
            raise _broken(body, error) from None
        except RecursionError:
            raise _too_deep() from None
        if found:
            raise _invalid(found)
        try:
            return msgspec.convert(plain, self._type, strict=False)
        except msgspec.ValidationError:
            raise _invalid([_from_decoder(first)]) from None

    async def _recheck(self, body: bytes) -> tuple[object, list[FieldError]]:
        if len(body) > LARGE:
            return await asyncio.to_thread(self._check, body)
        return self._check(body)

    def _check(self, body: bytes) -> tuple[object, list[FieldError]]:
        if not self._batches and _depth(body) > DEPTH:
            raise _too_deep()
        value = self._take_apart(body)
        found = mistakes(self._checker, value)
        return value, (found + list(_bad_texts(value)))[:MOST]

    def _take_apart(self, body: bytes) -> object:
        """The plain JSON. Of a batch's items only the number: what is in them is told item by item."""
        if not (self._batches and body.lstrip()[:1] == b"{"):
            return msgspec.json.decode(body)
        fields = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
        value: Json = {}
        for name, raw in fields.items():
            if name in self._batches and bytes(raw).startswith(b"["):
                value[name] = [None] * len(msgspec.json.decode(raw, type=list[msgspec.Raw]))
            else:
                value[name] = msgspec.json.decode(raw)
        return value


def suspicious(body: bytes, *, times: bool) -> bool:
    """Whether a body that decoded well may still hold what must not come in. Quick: it runs on every request."""
    return (
        _NUL in body
        or (_LONG_RUN in body.translate(_DIGITS) and _LONG_NUMBER.search(body) is not None)
        or _may_be_deep(body)
        or (times and (b'"0001-' in body or b'"9999-' in body or _BARE_TIME.search(body) is not None))
    )


def _may_be_deep(body: bytes) -> bool:
    brackets = body.translate(_OPENING, _NOT_BRACKETS)
    if len(brackets) <= DEPTH:
        return False
    for _ in range(DEPTH):
        inner = brackets.replace(b"[]", b"")  # takes away the innermost pairs, at least one level of them
        if len(inner) == len(brackets):
            break
        brackets = inner
    return bool(brackets)


def _depth(body: bytes) -> int:
    deepest = depth = 0
    for token in _TOKEN.finditer(body):
        first = token[0][0]
        if first in b"[{":
            depth += 1
            deepest = max(deepest, depth)
        elif first in b"]}":
            depth -= 1
    return deepest


def _bad_texts(value: object) -> Iterator[FieldError]:
    """The texts that can't be stored, keys included."""
    stack: list[tuple[tuple[str | int, ...], object]] = [((), value)]
    while stack:
        path, node = stack.pop()
        if isinstance(node, str):
            why = bad_text(node)
            if why:
                yield FieldError(pointer(path), why, "bad_text")
        elif isinstance(node, dict):
            for key, inner in node.items():
                if bad_text(key):
                    yield FieldError(pointer(path), f"A field's name is not text: {bad_text(key)}", "bad_text")
                stack.append(((*path, key), inner))
        elif isinstance(node, list):
            stack.extend(((*path, index), inner) for index, inner in enumerate(node))


def bad_text(text: str) -> str | None:
    """Why a text can't be stored (how to mend it), or None."""
    if "\x00" in text:
        return "Must not contain the NUL character (U+0000)."
    if not text.isascii() and any("\ud800" <= char <= "\udfff" for char in text):
        return "Must be valid Unicode: half of a surrogate pair is missing."
    return None


def _broken(body: bytes, error: Exception) -> FulfilHubError:
    """Malformed; but lone surrogates, which the decoder takes for broken JSON, are Invalid by name."""
    if _SURROGATE.search(body):
        value: object = None
        with suppress(ValueError, RecursionError):
            value = json.loads(body)
        found = list(_bad_texts(value))[:MOST]
        if found:
            return _invalid(found)
    if isinstance(error, UnicodeDecodeError):
        return Malformed("The body is not UTF-8.", code="not_utf8")
    return Malformed(f"The body is not JSON: {str(error).removeprefix('JSON is malformed: ')}.", code="broken_json")


def _too_deep() -> Invalid:
    detail = f"Lists and objects may be nested at most {DEPTH} deep."
    return Invalid(detail, code="too_deep", fields=[FieldError("", detail, "too_deep")])


def _invalid(found: list[FieldError]) -> Invalid:
    if len(found) == 1:
        return Invalid("One field is wrong; `errors` says how to mend it.", fields=found)
    most = f"at least {MOST}" if len(found) >= MOST else str(len(found))
    return Invalid(f"{most} fields are wrong; `errors` says how to mend each.".capitalize(), fields=found)


def _from_decoder(error: msgspec.ValidationError) -> FieldError:
    """The decoder's own message, for what a schema can't say."""
    text = str(error)
    found = _AT.search(text)
    path = "".join("/" + (index or name) for index, name in _STEP.findall(found[1])) if found else ""
    return FieldError(path, _AT.sub("", text).replace("`", "") + ".", "invalid")
