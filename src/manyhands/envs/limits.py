"""Checking numbers that come from outside."""

from manyhands.errors import InputError


def require(field: str, value: object, low: float, high: float, *, whole: bool = False) -> None:
    """Raise InputError naming `field` unless `value` is a number, or a whole number, from `low` to `high`."""
    kinds = int if whole else (int, float)
    if isinstance(value, bool) or not isinstance(value, kinds) or not low <= value <= high:
        raise InputError(
            f"{field} is {value!r}.",
            field=field,
            remedy=f"Give a {'whole ' if whole else ''}number from {low:g} to {high:g}.",
        )
