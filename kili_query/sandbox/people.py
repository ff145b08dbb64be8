"""The users of a sandbox: whose key it is, and the authors of the labels."""

from attrs import field, frozen

from kili_query.sandbox.fields import Fields

__all__ = ["OWNER", "Person"]


@frozen
class Person:
    """A user. Where no first name is known, it is what the address begins with."""

    id: str
    email: str
    firstname: str = field()
    lastname: str = ""

    @firstname.default
    def _begin_of_email(self) -> str:
        return self.email.partition("@")[0]

    @classmethod
    def read(cls, author: Fields) -> "Person":
        """The author of a label in a file; the owner of the key where it names none.

        >>> from kili_query.scanning import Place
        >>> Person.read(Fields({"email": "ann@example.com"}, Place("labels.ndjson", 1)))
        Person(id='ann@example.com', email='ann@example.com', firstname='ann', lastname='')
        """
        email, key = author.name("email"), author.name("id")
        if email is None and key is None:
            return OWNER
        known = cls(key or email or "", email or f"{key}@example.com")
        firstname, lastname = author.text("firstname"), author.text("lastname")
        return cls(known.id, known.email, known.firstname if firstname is None else firstname, lastname or "")


OWNER = Person("sandbox-user", "owner@example.com", "Sandbox", "Owner")
"""Whose key it is."""
