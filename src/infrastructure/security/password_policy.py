"""Which passwords are refused."""

from functools import cache

from domain.errors import WeakPassword

SHORTEST, LONGEST = 8, 1024
#: fewer different characters than this are a pattern, not a password
LEAST_VARIETY = 4
#: rows that fingers run along; a password that is a piece of one, either way, is refused
_RUNS = ("0123456789" * 3, "abcdefghijklmnopqrstuvwxyz" * 2, "qwertyuiopasdfghjklzxcvbnm", "1234567890" * 3)


class CommonPasswordPolicy:
    """Refuses passwords that are too short or too long, the account's own names, and what guessers try first."""

    def check(self, password: str, email: str, username: str) -> None:
        """Raise `WeakPassword`, which says why."""
        if not SHORTEST <= len(password) <= LONGEST:
            raise WeakPassword(f"The password must have {SHORTEST} to {LONGEST} characters.")
        plain = password.casefold()
        if plain in {email.casefold(), email.partition("@")[0].casefold(), username.casefold()}:
            raise WeakPassword("The password must not be your email address or your user name.")
        if len(set(plain)) < LEAST_VARIETY or any(plain in run or plain[::-1] in run for run in _RUNS):
            raise WeakPassword("The password is a simple pattern that is guessed at once.")
        if plain in common_passwords():
            raise WeakPassword("The password is one of the most common ones, which are tried first.")


@cache
def common_passwords() -> frozenset[str]:
    """The passwords of eight characters and more among the 30,000 seen most often in leaks."""
    from zxcvbn.frequency_lists import FREQUENCY_LISTS

    return frozenset(password for password in FREQUENCY_LISTS["passwords"] if len(password) >= SHORTEST)
