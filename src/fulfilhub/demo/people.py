"""The demo's customers (nobody real), their addresses in each platform's words, and what they put into baskets."""

from __future__ import annotations

import random
from dataclasses import dataclass

from fulfilhub.demo.goods import SOLD

PLACES = (
    ("14 Mill Lane", "Leeds", "LS1 4AP"),
    ("3 Harbour View", "Bristol", "BS1 5TY"),
    ("27 Castle Street", "Edinburgh", "EH2 3AH"),
    ("8 Orchard Road", "Norwich", "NR3 1HG"),
    ("55 Albert Terrace", "London", "SE5 8TR"),
    ("2 Chapel Row", "Cardiff", "CF10 1BH"),
    ("91 Station Road", "Belfast", "BT7 1NN"),
    ("6 Fell View", "Kendal", "LA9 4QT"),
    ("40 Quayside", "Newcastle upon Tyne", "NE1 3DE"),
    ("19 Priory Gardens", "Exeter", "EX4 3HP"),
)
FIRST = ("Ada", "Grace", "Mary", "Alan", "Edith", "Noor", "Owen", "Priya", "Tomas", "Zofia", "Kwame", "Ines", "Hamish")
LAST = ("Sample", "Test", "Example", "Placeholder", "Fiction", "Demo", "Standin")


@dataclass(frozen=True, slots=True)
class Person:
    """A customer with an address in the United Kingdom."""

    first: str
    last: str
    line1: str
    city: str
    postcode: str

    @property
    def email(self) -> str:
        return f"{self.first}.{self.last}@example.test".lower()

    def woocommerce(self) -> dict[str, str | None]:
        """The address as WooCommerce writes it."""
        return {
            "first_name": self.first,
            "last_name": self.last,
            "company": "",
            "address_1": self.line1,
            "address_2": "",
            "city": self.city,
            "state": "",
            "postcode": self.postcode,
            "country": "GB",
            "phone": "07700900123",
        }

    def shopify(self) -> dict[str, str | None]:
        """The address as Shopify writes it."""
        return {
            "first_name": self.first,
            "last_name": self.last,
            "company": None,
            "address1": self.line1,
            "address2": None,
            "city": self.city,
            "zip": self.postcode,
            "province": "England",
            "province_code": "ENG",
            "country": "United Kingdom",
            "country_code": "GB",
            "phone": "07700900456",
        }

    def api(self) -> dict[str, str]:
        """The address as our own API takes it."""
        return {
            "name": f"{self.first} {self.last}",
            "line1": self.line1,
            "city": self.city,
            "postcode": self.postcode,
            "country": "GB",
            "phone": "07700900789",
        }


class Crowd:
    """The same customers with the same wishes in every run."""

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(seed)

    def person(self) -> Person:
        """The next customer."""
        return Person(self._chance.choice(FIRST), self._chance.choice(LAST), *self._chance.choice(PLACES))

    def basket(self) -> dict[str, int]:
        """One to three products, kits among them, one to three units of each."""
        chosen = self._chance.sample(SOLD, self._chance.choice((1, 1, 2, 2, 3)))
        return {good.sku: self._chance.choice((1, 1, 1, 2, 2, 3)) for good in chosen}
