"""Rate limits, only on acts that somebody could automate; never on reading a page (performance.md, habit 5)."""

import math
from collections.abc import Callable
from typing import Any, TypeVar

from flask import Flask, Response, g, request
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address

from auth.state import visitor
from models.throttle import Wait, network
from models.types import utc_now

View = TypeVar("View", bound=Callable[..., Any])


def _address() -> str:
    return network(get_remote_address())


def _person() -> str:
    person = visitor()
    return f"user:{person.user_id}" if person else f"address:{_address()}"


limiter = Limiter(_person)
# A house behind one address logs in on the same evening: this only stops machines; people are paused per account.
login_limit = limiter.limit("120 per minute", key_func=_address)
act_limit = limiter.limit("60 per minute")
letter_limit = limiter.limit("30 per hour")  # each of these acts may write to somebody whom we do not know
link_limit = limiter.limit("20 per hour", key_func=lambda: str(request.view_args))  # whoever has one link to readings
miss_limit = limiter.limit("20 per hour", key_func=_address)  # beyond it a search is answered and not counted
file_limit = limiter.limit("60 per minute")
api_limit = limiter.limit("600 per minute", key_func=lambda: f"token:{g.client.id}")
search_limit = limiter.limit("60 per minute")  # each search of staff is a look at somebody's data


def come_back(response: Response, wait: Wait) -> Response:
    """With the seconds after which it may be tried again."""
    seconds = math.ceil((wait.until - utc_now()).total_seconds())
    response.headers["Retry-After"] = str(max(1, seconds))
    return response


def install(app: Flask, storage: str) -> None:
    """Count in this process, or in Redis for several instances."""
    app.config["RATELIMIT_STORAGE_URI"] = storage
    app.config["RATELIMIT_IN_MEMORY_FALLBACK_ENABLED"] = storage != "memory://"
    app.config["RATELIMIT_IN_MEMORY_FALLBACK"] = ["30 per minute"]  # stricter while Redis is down
    limiter.init_app(app)
    # Its hook would look at every page, which costs 0.1 ms; the limited acts are wrapped and ask it themselves.
    hooks = app.before_request_funcs[None]
    hooks[:] = [hook for hook in hooks if getattr(hook, "__self__", None) is not limiter]
