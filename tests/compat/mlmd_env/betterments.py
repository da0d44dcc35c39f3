"""Where headwater answers otherwise than MLMD, on purpose: the written list, with the reasons."""

INVALID_ARGUMENT, ALREADY_EXISTS, INTERNAL, ABORTED = "error 3", "error 6", "error 13", "error 10"


def betterment(name, request, real, ours):
    """Return why an answer differs on purpose, None if it does not."""
    for why, matches in RULES:
        if matches(name, request, real, ours):
            return why
    return None


def _codes(real_code, our_code):
    return lambda _name, _request, real, ours: (
        real.startswith(real_code) and ours.startswith(our_code)
    )


def _not_there(name, _request, real, ours):
    return (
        name in ("PutExecution", "PutLineageSubgraph")
        and not real.startswith("error")
        and ours.startswith(f"{INVALID_ARGUMENT}: No ")
        and " with id " in ours
    )


def _no_order(name, _request, real, ours):
    return (
        name.startswith("Get")
        and not real.startswith("error")
        and ours.startswith(f"{INVALID_ARGUMENT}: The field to order by is unspecified")
    )


_TOLD = (INVALID_ARGUMENT, "error 5", ALREADY_EXISTS, "error 11")


def _another(name, request, real, ours):
    """A request of several parts can be wrong in several ways; nothing of it is written."""
    parts = sum(
        len(value) if field.label == field.LABEL_REPEATED else 1
        for field, value in request.ListFields()
        if field.name not in ("options", "update_mask")
    )
    return (
        name.startswith("Put") and parts > 1 and real.startswith(_TOLD) and ours.startswith(_TOLD)
    )


RULES = (
    ("of several errors in one request another is told", _another),
    ("an event of a node that does not exist is refused", _not_there),
    ("an unspecified order is refused even where there is nothing to order", _no_order),
    (
        "a name or external id that is taken is ALREADY_EXISTS on update too",
        _codes(INTERNAL, ALREADY_EXISTS),
    ),
    (
        "a new context to be reused whose external id is taken is ALREADY_EXISTS: no retry cures it",
        _codes(ABORTED, ALREADY_EXISTS),
    ),
)
