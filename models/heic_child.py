"""The process that makes a JPEG of an iPhone's picture (HEIC) on stdin: `python -m models.heic_child`.

It is started by `models.intake` with the most points of a picture that is taken, and prints nothing for a larger one.
A child, because the library that unpacks such pictures is written in C and fed with what strangers made.
"""

import sys
from io import BytesIO

from models.confined import answer


def jpeg(data: bytes) -> bytes:
    """The picture as a JPEG of high quality, turned as it is to be seen. Raises whatever the library raises."""
    import pi_heif  # type: ignore[import-untyped]  # after the limits are set

    pi_heif.options.DECODE_THREADS = 1
    file = pi_heif.open_heif(BytesIO(data))
    if file.size[0] * file.size[1] > int(sys.argv[1]):
        return b""
    out = BytesIO()
    file.to_pillow().convert("RGB").save(out, "JPEG", quality=95, icc_profile=file.info.get("icc_profile"))
    return out.getvalue()


if __name__ == "__main__":
    sys.exit(answer(jpeg))
