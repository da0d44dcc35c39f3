"""The types of what is recorded by itself."""

from headwater.typed import Artifact, Execution, Property


class File(Artifact):
    """A file, or another place that data came from or went to; `uri` says where.

    Its bytes are where they are, not in the object store: `file_digest` is `sha256:` and 64 hex
    digits of what they were. Rows and columns are those of the table that was first read from it
    or written to it.
    """

    file_digest: str | None = None
    file_size_bytes: int | None = Property(default=None, index=False)
    rows: int | None = Property(default=None, index=False)
    columns: int | None = Property(default=None, index=False)


class Script(Execution):
    """A script while autolog was on. Custom properties: `path` and `command_line`."""


class Fit(Execution):
    """One call of fit, fit_transform or fit_predict that no other fit made.

    Custom properties are the estimator's scalar parameters, `best_score` and `best_<parameter>` of
    a search, and `inputs_known`: whether it is known from which files all of its data came.
    """

    estimator: str
    training_time_s: float = Property(index=False)
    rows: int | None = Property(default=None, index=False)
    columns: int | None = Property(default=None, index=False)
    script_execution_id: int


class Model(Artifact):
    """A fitted estimator of scikit-learn, or of a library that follows it."""

    estimator: str
    module: str = Property(index=False)
    scikit_learn: str = Property(default="", index=False)


AUTOLOGGED: tuple[type[Artifact] | type[Execution], ...] = (File, Script, Fit, Model)
