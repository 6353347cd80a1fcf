"""XML from outside, read safely: without a DTD, so without entities of its own, bounded; namespaces are dropped."""

from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

from jobs.exchange.cells import Refused

MAX_XML = 20 * 10**6  # bytes
_MOST = 1_000_000  # elements
_READABLE = "XML that can be read, in UTF-8, UTF-16 or an encoding of single bytes such as cp1257"


def tree(data: bytes) -> Element:
    """Its root. Raises `Refused`."""
    parser, builder, left = expat.ParserCreate(namespace_separator=" "), TreeBuilder(), iter(range(_MOST))

    def start(name: str, attributes: dict[str, str]) -> None:
        if next(left, None) is None:
            raise Refused(f"at most {_MOST} elements")
        builder.start(name.rpartition(" ")[2], attributes)

    def doctype(*_: object) -> None:
        raise Refused("XML without a DOCTYPE")

    parser.StartElementHandler, parser.EndElementHandler = start, lambda name: builder.end(name.rpartition(" ")[2])
    parser.CharacterDataHandler, parser.StartDoctypeDeclHandler = builder.data, doctype
    try:
        parser.Parse(data, True)
    except (expat.ExpatError, LookupError, ValueError) as error:
        raise error if isinstance(error, Refused) else Refused(_READABLE) from None
    return builder.close()
