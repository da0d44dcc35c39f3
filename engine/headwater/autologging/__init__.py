"""Autologging: records what a script reads, writes and fits, without a change to the script.

Owns what is patched in pandas, pyarrow and scikit-learn, and how it is put back. Imports none of
them: a library is patched where it is imported, or when it is. The package is not called `autolog`
because the function is, and `headwater.autolog` can be one of them only.
"""

from headwater.autologging.handle import Autolog, autolog

__all__ = ["Autolog", "autolog"]
