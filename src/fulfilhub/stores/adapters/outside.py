"""The one HTTP client with which the API itself calls shops, where somebody waits for what they answer."""

from __future__ import annotations

from functools import cached_property

import httpx

from fulfilhub.platform.outbound import guarded_client


class Outside:
    """Made at the first call, since most processes never make one. `allow_private` as of `guarded_client`."""

    def __init__(self, *, allow_private: bool) -> None:
        self._allow_private = allow_private

    @cached_property
    def http(self) -> httpx.AsyncClient:
        """The client, which reaches public addresses only."""
        return guarded_client(self._allow_private)

    async def close(self) -> None:
        """Close its connections, if there are any."""
        if "http" in self.__dict__:
            await self.http.aclose()
