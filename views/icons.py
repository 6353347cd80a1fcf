"""Icons: strokes of 24 × 24, always beside a word. As a filter they cost nothing: Jinja folds `'home'|icon`."""

from markupsafe import Markup

_STROKES = {
    "home": "M4 11.5 12 5l8 6.5V20h-5v-5H9v5H4z",
    "meters": "M12 20a8 8 0 1 1 8-8M12 12l4-4M7 12h.01M12 7v.01M17.5 17.5 20 20",
    "invoices": "M6 3h12v18l-3-2-3 2-3-2-3 2zM9 8h6M9 12h6",
    "messages": "M4 5h16v11H10l-4 4v-4H4zM8 9h8M8 12h5",
    "documents": "M4 6h6l2 2h8v11H4z",
    "house": "M5 21V5l7-2v18M12 9l7 2v10M3 21h18M8 8h1M8 12h1M8 16h1M15 14h1M15 17h1",
    "notices": "M4 5h16v14H4zM8 9h8M8 12h8M8 15h5",
    "users": "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4 21c1-4 4-6 8-6s7 2 8 6M19 3v6M16 6h6",
    "profile": "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4 21c1-4 4-6 8-6s7 2 8 6",
    "help": "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM9.5 9.5c0-3 5-3 5 0 0 2-2.5 2-2.5 4M12 17v.01",
    "more": "M4 7h16M4 12h16M4 17h16",
    "pencil": "M4 20l1-4L16 5l3 3L8 19zM14 7l3 3",
    "down": "M12 4v11m0 0 4-4m-4 4-4-4M5 20h14",
    "out": "M10 4H5v16h5M10 12h10m0 0-4-4m4 4-4 4",
    "lock": "M5 11h14v9H5zM8 11V8a4 4 0 0 1 8 0v3",
    "mail": "M3 6h18v12H3zM3.5 6.5 12 13l8.5-6.5",
    "phone": "M6 3h4l1.5 5L9 10c1 2.5 2.5 4 5 5l2-2.5 5 1.5v4c0 2-1 3-3 3C10 21 3 14 3 6c0-2 1-3 3-3z",
}
_ICON = '<svg class="icon" viewBox="0 0 24 24" width="24" height="24" aria-hidden="true"><path d="{}"/></svg>'
_MARK = (
    '<svg class="mark" viewBox="0 0 32 32" aria-hidden="true"><rect class="mark-bg" width="32" height="32" rx="7"/>'
    '<path class="mark-line" d="M7 15.5 16 8l9 7.5V25H7z"/>'
    '<path class="mark-drop" d="M16 15c2 2.6 3 3.9 3 5.2a3 3 0 0 1-6 0c0-1.3 1-2.6 3-5.2z"/></svg>'
)
ICONS = {name: Markup(_ICON).format(Markup(strokes)) for name, strokes in _STROKES.items()} | {"mark": Markup(_MARK)}  # noqa: S704  # our own drawings
