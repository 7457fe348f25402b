import pytest

from infrastructure.datasets.titles import split_title


@pytest.mark.parametrize(
    ("published", "title", "year"),
    [
        ("Toy Story (1995)", "Toy Story", 1995),
        ("Shawshank Redemption, The (1994)", "The Shawshank Redemption", 1994),
        ("Seven (Se7en) (1995)", "Seven (Se7en)", 1995),
        (
            "City of Lost Children, The (Cité des enfants perdus, La) (1995)",
            "The City of Lost Children (La Cité des enfants perdus)",
            1995,
        ),
        ("Star Maker, The (Uomo delle stelle, L') (1995)", "The Star Maker (L'Uomo delle stelle)", 1995),
        ("Die xue shuang xiong (Killer, The) (1989)", "Die xue shuang xiong (The Killer)", 1989),
        ("Good, The Bad and The Ugly, The (1966)", "The Good, The Bad and The Ugly", 1966),
        ("Fish Called Wanda, A (1988)", "A Fish Called Wanda", 1988),
        ("American in Paris, An (1951)", "An American in Paris", 1951),
        ("Boot, Das (1981)", "Das Boot", 1981),
        ("unknown", "unknown", None),
        ("2001: A Space Odyssey (1968)", "2001: A Space Odyssey", 1968),
        ("1900", "1900", None),
        ("Land Before Time III: The Great Giving (1995) (V)", "Land Before Time III: The Great Giving", 1995),
        ("Two Friends (1986) ", "Two Friends", 1986),
        ("Associate, The (L'Associe)(1982)", "The Associate (L'Associe)", 1982),
        ("White Balloon, The (Badkonake Sefid ) (1995)", "The White Balloon (Badkonake Sefid)", 1995),
        (
            "Strike! (a.k.a. All I Wanna Do, The Hairy Bird) (1998)",
            "Strike! (a.k.a. All I Wanna Do, The Hairy Bird)",
            1998,
        ),
        ("I Love You, Don't Touch Me! (1998)", "I Love You, Don't Touch Me!", 1998),
        ("Seven Samurai (The Magnificent Seven) (1954)", "Seven Samurai (The Magnificent Seven)", 1954),
    ],
)
def test_a_published_title_becomes_what_people_read_and_a_year(published, title, year):
    assert split_title(published) == (title, year)
