"""What the storm throws: verbs, values, headers, queries and bodies that no browser would send."""

from tests.cast import PASSWORD
from tests.walk import VERBS

PEOPLE = ("", "anna", "viktors", "peteris", "liga", "ilze")  # nobody, two owners, a former one, one without a place, staff
VERBS_AND_OTHERS = (*VERBS, "BREW", "get", "PROPFIND")
OFTEN = {"/meters/<mid>/reading": 60, "/properties/<pid>/readings": 60, "/login": 40}  # posts
PAIRS = (("Anna", PASSWORD), ("viktors@example.com", PASSWORD), ("liga", "x"), ("x", "x"))
STRANGE = (
    "", " ", "\0", "\ud800", "ž" * 1000, "{{ 7 * 7 }}", "%s%n%(x)s", "<script>alert(1)</script>", "\r\nX: y", "1e309", "9" * 5000, "-1",
    "NaN", "inf", "١٢٣", "１２", "1_0", "[]", "{}", "null", "' OR 1=1 --", "../../etc/passwd", "\u202e", "=1+1", "2147483648", "0,1,2",
    "9223372036854775808", "1" * 19, "a" * 70_000, "[" * 5000, "on", "//evil", "/\\evil", "correct:", "consumption", "\xa0", "\ufeff",
)  # fmt: skip
HEADERS = {
    "Accept-Language": ("ru;q=0.9, en", "xx-" * 300, "*", ";q=", "lv;q=NaN", "en;q=9e9", "\xff"),
    "Accept-Encoding": ("gzip", "gzip;q=x", "br", "*;q=0", "identity", "gzip;q=-1"),
    "HX-Request": ("true", "false", "", "1"),
    "HX-History-Restore-Request": ("true",),
    "HX-Target": ("meter-x", "<b>"),
    "HX-Current-URL": ("http://evil/%ff", "\xff"),
    "Range": ("bytes=0-1", "bytes=-1", "bytes=99999999999999999999-", "bytes=5-1", "lines=1", "x"),
    "If-None-Match": ("*", '"x"', "W/", '"'),
    "If-Modified-Since": ("Mon, 30 Nov 2099 10:00:00 GMT", "Mon, 99 Foo 0000", "0", "-" * 500),
    "If-Range": ("x",),
    "Host": ("evil", "localhost:80", "localhost:99999", "[::1", "", "a b", "\xff", "localhost, evil", "LOCALHOST", "xn--", "." * 300),
    "X-Forwarded-For": ("10.0.0.1", "x, y, z", "\xff" * 50, "::1%eth0"),
    "X-Forwarded-Host": ("evil",),
    "X-Forwarded-Proto": ("https", "gopher"),
    "X-HTTP-Method-Override": ("DELETE",),
    "Origin": ("null", "http://evil", "http://localhost", "\xff"),
    "Sec-Fetch-Site": ("cross-site", "same-origin", "x"),
    "Authorization": ("Basic x", "Basic " + "=" * 9, "Digest a=", "Bearer", "\xff"),
    "Transfer-Encoding": ("chunked", "x"),
    "Expect": ("100-continue",),
    "User-Agent": ("", "x" * 9000, "\xff<script>alert(1)</script>", "Mozilla/5.0 (Android) Chrome/1"),
    "X-CSRFToken": ("", "ā".encode().decode("latin-1"), "A" * 88),
    "Accept": ("text/html", "application/json;q=x", "*/*;q=nan"),
    "Cookie": ("session=", "session=\xff; csrf=\0", "=;;=", "lang=xx; lang=ru", "csrf=" + "x" * 9000, "a=" * 2000, '"', "session=" + "A" * 43),
}  # fmt: skip
QUERIES = (
    "", "lang=ru", "lang=xx", "lang=%00", "lang=en&lang=lv&a=%ff", "year=2026", "year=%D9%A2%D9%A0%D9%A2%D9%A6", "year=99999", "year=0000", "next=//evil", "next=%2F%5Cevil",
    "next=/properties%0d%0aX:y", "sent=%00", "q=%00%25_", "q=%ED%A0%80", "q=" + "%E1%BF%B7" * 900, "q=<script>alert(1)</script>", "q=udens", "sent=<script>alert(1)</script>", "expired", "&&==&", "%", "%zz=%", "a=" + "b" * 9000, "a[]=1&a[b][c]=2", "\xff\xfe",
)  # fmt: skip
BAD_BODIES = (
    ("application/json", b'{"a": ' * 20_000), ("application/json", b"\xff"), ("application/json", b'{"username": ["a"], "r-x-1": 1e999}'),
    ("multipart/form-data; boundary=x", b"--x\r\nbroken"), ("multipart/form-data", b"--x--"), ("multipart/form-data; boundary=" + "x" * 300, b"--x"),
    ("multipart/form-data; boundary=x", b'--x\r\nContent-Disposition: form-data; name="f"; filename="\xff\x00.pdf"\r\n\r\n%PDF\r\n--x--\r\n'),
    ("multipart/form-data; boundary=x", b'--x\r\nContent-Disposition: form-data; name="a"\r\nContent-Type: text/plain; charset=utf-7\r\n\r\n+ADw-\r\n--x--'),
    ("application/x-www-form-urlencoded; charset=utf-16", b"\xff\xfea\x00=\x00"), ("application/x-www-form-urlencoded", b"&".join(b"a%d=1" % n for n in range(3000))),
    ("application/x-www-form-urlencoded", b"%" * 5000), ("text/plain", b"\xff\xfe"), ("", b"x"), ("text/xml", b'<!DOCTYPE a [<!ENTITY b "b">]><a>&b;</a>'), ("\xff/\xff;=", b"a=1"),
)  # fmt: skip
TOO_BIG = ("application/x-www-form-urlencoded", b"username=" + b"x" * 1_000_001)
LENGTHS = ("-1", "abc", "99999999999999999999", "", "1.5", "0", "٣".encode().decode("latin-1"))
