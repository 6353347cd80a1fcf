"""The states of the help page: found, not found, not translated, nothing there; and each article that is shipped."""

import sqlalchemy as sa

from jobs.articles import SHIPPED, publish, read_folder
from models.articles import Article, ArticleText
from tests.gallery import Gallery
from tests.gallery.furniture import Extra
from tests.standing import change


def helps(gallery: Gallery, extra: Extra) -> None:
    """By whom is not signed in and by Anna; last of all nothing is published."""
    for who in ("", "anna"):
        for page in ("?q=%20", "?q=water+meter", "?q=udens+skaititajs", "?q=счетчик", "?q=xyzzy", "/how-to-read", "/how-to-pay"):
            gallery.visitor(who).get(f"/help{page}")
    for subject in ("water meter", "xyzzy"):
        gallery.visitor("anna").get(f"/help/suggestions?subject={subject}", headers={"HX-Request": "true"})
    held = gallery.app.extensions["ekabinets"]
    publish(held.database, held.site, SHIPPED)
    for page in ("", "?q=parole", *(f"/{slug}" for slug in read_folder(SHIPPED, "lv"))):
        gallery.visitor("").get(f"/help{page}")
    change(gallery.app, sa.delete(ArticleText).where(ArticleText.language != "lv"))
    for page in ("", "?q=skaititajs", "/submit-reading"):
        gallery.visitor("anna").get(f"/help{page}")
    change(gallery.app, sa.update(Article).values(published_at=None))
    gallery.visitor("").get("/help")
