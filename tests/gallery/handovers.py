"""The states of a hand-over, as both sides see them."""

from tests.cast import TODAY
from tests.gallery import Gallery
from tests.gallery.furniture import Extra
from views.limits import limiter


def handovers(gallery: Gallery, extra: Extra) -> None:
    """Begun with what is wrong and what looks wrong; refused, withdrawn, confirmed."""
    limiter.reset()
    cast, anna, liga = gallery.cast, gallery.visitor("anna"), gallery.visitor("liga", again=True)
    address, answer = f"/properties/{cast.flat}/handover", "/handover"
    right = {f"r-{cast.cold}-1": "198", f"r-{cast.hot}-1": "1001", f"r-{cast.two_dials}-1": "2270", f"r-{cast.two_dials}-2": "2270"}
    right |= {"day": f"{TODAY}", "to": "liga@example.com"}
    for wrong in ({"day": "", "to": ""}, {f"r-{cast.cold}-1": "x"}, {f"r-{cast.cold}-1": ""}):
        anna.fill(anna.get(address), address, right | wrong)
    for end in ("refused", "withdrawn", "confirmed"):
        page = anna.fill(anna.get(address), address, right)
        if anna.status == 409:  # what looks wrong is right
            fields = [at["name"] for at in page.inputs if at.get("name", "").startswith("reply-")]
            anna.fill(page, address, {name: page.form(address).choices[name][-1] for name in fields})
        anna.fill(anna.get(address), address, right)  # while the first one waits
        if end == "refused":
            liga.submit(liga.get("/properties"), answer, act="refused")
        who = anna if end == "withdrawn" else liga
        who.submit(who.get("/properties"), answer, act=end, reason="Skaitītājs rāda 1000")
        for person in (anna, liga):
            person.get("/properties")
    limiter.reset()
