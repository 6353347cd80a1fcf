"""The states of the help page: found, not found, not translated, nothing there."""

import sqlalchemy as sa

from models.articles import Article, ArticleText
from tests.gallery import Gallery
from tests.gallery.furniture import Extra
from tests.standing import change


def helps(gallery: Gallery, extra: Extra) -> None:
    """By whom is not signed in and by Anna; last of all nothing is published."""
    for who in ("", "anna"):
        visitor = gallery.visitor(who)
        for page in ("?q=%20", "?q=water+meter", "?q=udens+skaititajs", "?q=счетчик", "?q=xyzzy", "/how-to-read", "/how-to-pay"):
            visitor.get(f"/help{page}")
    change(gallery.app, sa.delete(ArticleText).where(ArticleText.language != "lv"))
    for page in ("", "?q=skaititajs", "/how-to-read"):
        gallery.visitor("anna").get(f"/help{page}")
    change(gallery.app, sa.update(Article).values(published_at=None))
    gallery.visitor("").get("/help")
