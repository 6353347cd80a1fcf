"""Files in TOML that somebody wrote by hand: read, and what is wrong with them in sentences."""

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import ValidationError


def read(file: Path, wrong: type[Exception]) -> dict[str, Any]:
    """What the file says. Raises `wrong` where it cannot be read or is no TOML."""
    try:
        return tomllib.loads(file.read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise wrong(f"{file}: cannot be read ({type(error).__name__})") from None
    except tomllib.TOMLDecodeError as error:
        raise wrong(f"{file}: {error}") from None


def problems(error: ValidationError) -> Iterator[str]:
    """Each problem as "key: what is expected". Pydantic's messages for these types never quote the input."""
    for problem in error.errors(include_input=False, include_url=False, include_context=False):
        if problem["type"] != "default_factory_not_called":  # follows from another problem in the list
            key = ".".join(str(part) for part in problem["loc"])
            message = problem["msg"].removeprefix("Value error, ")
            yield f"{key}: {message}" if key else message
