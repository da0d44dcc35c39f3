"""Split: a data set parted into one for training and one for evaluation."""

import hashlib
from typing import Any

import pandas as pd
from sklearn.model_selection import train_test_split  # type: ignore[import-untyped] # no stubs

from headwater.components import Input, Output, component
from headwater.components.standard.frames import demand_columns, save_frame
from headwater.components.standard.types import Dataset
from headwater.errors import InvalidArgument

_BUCKETS = 10_000


@component
def split(
    data: Input[Dataset],
    train: Output[Dataset],
    eval: Output[Dataset],
    *,
    eval_share: float = 0.25,
    seed: int = 0,
    stratify: str = "",
    key: str = "",
) -> None:
    """Part a data set in two, the same way each time.

    Args:
        data: all rows.
        train: those to train on.
        eval: those to evaluate on.
        eval_share: which share of them; between 0 and 1.
        seed: of the chance by which rows are chosen.
        stratify: a column of which both parts have the same shares of values.
        key: a column whose values go to one part as a whole, by their hash, whatever other rows
            there are; such as a customer, of whom neither part is to know what the other does.

    Raises:
        InvalidArgument: there is no such column; a part would have no rows; a value of the
            stratified column is too rare; both columns are given.
    """
    frame = data.load(pd.DataFrame)
    demand_columns(frame, [name for name in (stratify, key) if name], of="the data")
    if not 0 < eval_share < 1 or (stratify and key):
        raise InvalidArgument(
            "A split takes a share between 0 and 1, and one column at most; found "
            f"eval_share={eval_share}, stratify={stratify!r}, key={key!r}.",
            hint="A key is hashed; no share of other values can be held then.",
        )
    parts = _by_key(frame, key, eval_share) if key else _drawn(frame, stratify, eval_share, seed)
    for output, part in zip((train, eval), parts, strict=True):
        if part.empty:
            raise InvalidArgument(
                f"The part for {output.key} has none of {len(frame)} rows.",
                hint="Take another share, or a key with more values.",
            )
        save_frame(output, part, split=output.key, span=data.artifact.span)


def _drawn(frame: pd.DataFrame, stratify: str, share: float, seed: int) -> list[pd.DataFrame]:
    try:
        parts: list[pd.DataFrame] = train_test_split(
            frame,
            test_size=share,
            random_state=seed,
            stratify=frame[stratify] if stratify else None,
        )
    except ValueError as error:
        raise InvalidArgument(
            f"{len(frame)} rows cannot be parted by {share}"
            f"{f', with alike shares of {stratify!r}' if stratify else ''}: {error}",
            hint="Take another share, or do not stratify.",
        ) from error
    # The order of the whole, so that a row that is added moves no other.
    return [part.sort_index() for part in parts]


def _by_key(frame: pd.DataFrame, key: str, share: float) -> list[pd.DataFrame]:
    is_eval = frame[key].map(lambda value: _bucket(value) < share * _BUCKETS, na_action=None)
    return [frame[~is_eval.astype(bool)], frame[is_eval.astype(bool)]]


def _bucket(value: Any) -> int:  # noqa: ANN401 - any value of a column
    digest = hashlib.sha256(str(value).encode()).digest()
    return int.from_bytes(digest[:8], "big") % _BUCKETS
