"""Weights that come inside an installed package."""

from __future__ import annotations

import hashlib
from importlib.util import find_spec
from pathlib import Path

from training.errors import UserError


def packaged_weights(package: str, path: str, sha256: str, *, missing: str, distribution: str) -> bytes:
    """The content of the file `path` in `package`, of which no code is run.

    Raises
    ------
    UserError
        The package is not installed, told by the sentence `missing`; or it is to be installed again, since the digest
        of the file is not `sha256`.
    """
    found = find_spec(package)
    if found is None or found.origin is None:
        raise UserError(missing)
    file = Path(found.origin).parent / path
    content = file.read_bytes()
    if hashlib.sha256(content).hexdigest() != sha256:
        raise UserError(
            f"The weights in {file} are not those that PU-DM Studio was made with; install {distribution} again."
        )
    return content
