"""What the sandbox answers to a request that it understands and does not do."""

from graphql import GraphQLError

__all__ = ["Refused"]


class Refused(GraphQLError):  # noqa: N818 - it is an answer, no failure of the sandbox
    """A request that is wrong; the message is for who made it."""
