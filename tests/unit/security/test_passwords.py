import pytest

from domain.errors import WeakPassword
from infrastructure.security.password_policy import CommonPasswordPolicy
from infrastructure.security.passwords import Argon2Hasher

HASHER = Argon2Hasher()


def test_the_right_password_matches_and_a_wrong_one_does_not():
    stored = HASHER.hash("correct horse")
    assert HASHER.verify("correct horse", stored)
    assert not HASHER.verify("correct horsf", stored)


def test_hashes_are_argon2id_with_the_promised_cost():
    assert HASHER.hash("correct horse").startswith("$argon2id$v=19$m=19456,t=2,p=1$")


def test_two_hashes_of_one_password_differ():
    assert HASHER.hash("correct horse") != HASHER.hash("correct horse")


def test_the_end_of_a_long_password_counts():
    assert not HASHER.verify("x" * 1023 + "a", HASHER.hash("x" * 1023 + "b"))


def test_nobody_can_sign_in_without_a_stored_hash():
    assert not HASHER.verify("nobody's password", None)


def test_an_unknown_account_costs_as_much_work_as_a_known_one():
    calls = []

    class Spying:
        def verify(self, password: str, stored: str) -> bool:
            calls.append(stored)
            return False

    from infrastructure.security import passwords

    hasher = Argon2Hasher()
    scheme, passwords._SCHEME = passwords._SCHEME, Spying()
    try:
        hasher.verify("x", None)
    finally:
        passwords._SCHEME = scheme
    assert len(calls) == 1 and calls[0].startswith("$argon2id$v=19$m=19456,t=2,p=1$")


@pytest.mark.parametrize(
    "password",
    [
        "",
        "seven77",
        "x" * 1025,
        "password",
        "PassWord",
        "trustno1",
        "iloveyou",
        "aaaaaaaaaaaa",
        "abababababab",
        "12345678",
        "87654321",
        "qwertyuiop",
        "poiuytrewq",
        "ghijklmnop",
        "ada@example.com",
        "ADA@example.com",
        "countess",
        "Lovelace1815",
    ],
)
def test_a_weak_password_is_refused(password: str):
    with pytest.raises(WeakPassword):
        CommonPasswordPolicy().check(
            password, "ada@example.com" if "@" in password else "lovelace1815@a.org", "Countess"
        )


@pytest.mark.parametrize(
    "password", ["correct horse", "ein Gaul, richtig!", "x7#kQ9vb", "пароль-из-слов", "ab1! " * 204]
)
def test_a_password_that_nobody_guesses_at_once_is_taken(password: str):
    CommonPasswordPolicy().check(password, "ada@example.com", "ada")
