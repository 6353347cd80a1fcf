"""What a person reads when a file of hers is not taken: its name and the reason, in her language."""

from models.intake import LARGEST, MOST, Refused
from views.language import text


def refusal(refused: Refused) -> str:
    """The sentence of a refusal."""
    name = refused.name
    return {
        "kind": text(
            "“%(name)s” cannot be taken: send a PDF, JPG, PNG, WEBP, HEIC, DOCX, EDOC or ASICE file.", name=name
        ),
        "empty": text("“%(name)s” is empty.", name=name),
        "large": text("“%(name)s” is larger than %(most)s MB.", name=name, most=LARGEST // 10**6),
        "many": text("“%(name)s” is one too many: send at most %(most)s files at once.", name=name, most=MOST),
        "content": text("“%(name)s” is not what its name says: save it again in the right format.", name=name),
        "pixels": text("“%(name)s” is too large a picture: make it smaller and send it again.", name=name),
        "packed": text("“%(name)s” holds too much inside: send its parts one by one.", name=name),
        "damaged": text("“%(name)s” is damaged: open it on your device, save it again and send that.", name=name),
        "virus": text("A virus was found in “%(name)s”, so it was not taken.", name=name),
    }[refused.reason]
