"""What a new account has to do before anything else, and when its terms of use are old (A03, A11, A12)."""


def next_step(*, issued_password: bool, terms_version: int) -> str:
    """The step that comes next: "password", "visit", or "" when the portal is open.

    `issued_password`: somebody else made the password it logged in with (LU-09). `terms_version`: the one that was
    accepted last, 0 before the first visit, at which contact details are refreshed and the terms accepted
    (LG-05, OG-14).
    """
    if issued_password:
        return "password"
    return "" if terms_version else "visit"


def terms_are_new(accepted: int, current: int) -> bool:
    """Whether the terms have changed since they were accepted: a notice with a button, never a wall (ux.md §7)."""
    return 0 < accepted < current
