"""The demo's command line: `python -m headwater.demo [--objects minio]`."""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace

import headwater
from headwater.errors import HeadwaterError, MissingExtra

_OBJECTS = """where data sets, models and reports are kept: `directory`, `minio` (a local MinIO),
a path or an S3 address; by default what HEADWATER_OBJECTS says, else the local MinIO where there
is one, else a directory"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Return the exit status: 0, or 1 after an error and 130 after Ctrl-C."""
    parser = argparse.ArgumentParser(
        prog="python -m headwater.demo",
        description="Run a real pipeline on real data, and ask its record.",
    )
    parser.add_argument("--objects", help=_OBJECTS)
    objects = parser.parse_args(arguments).objects
    try:
        _tour(_settings(objects))
    except HeadwaterError as error:
        print(f"headwater demo: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("headwater demo: interrupted", file=sys.stderr)
        return 130
    return 0


def _settings(objects: str | None) -> headwater.Settings:
    settings = headwater.load_settings()
    if objects == "directory":
        objects = str(settings.home / "objects")
    return replace(settings, objects=objects or settings.objects)


def _tour(settings: headwater.Settings) -> None:
    try:
        from headwater.demo.tour import tour  # noqa: PLC0415 - needs the extra
    except ModuleNotFoundError as error:
        raise MissingExtra(
            f"The demo needs {error.name}, which is not installed.",
            hint="pip install 'headwater[demo]'",
            package=error.name,
        ) from error
    tour(settings)


if __name__ == "__main__":
    sys.exit(main())
