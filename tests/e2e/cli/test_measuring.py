from domain.items import Item, Kind
from main.container import build_container
from main.settings import Settings

COMPETING = {
    "MARQUEE_BANDIT__POLICY": "epsilon_greedy",
    "MARQUEE_BANDIT__EPSILON": "0.8",
    "MARQUEE_BANDIT__ENGINES": "popularity,content",
}


def test_days_are_counted_and_another_engine_is_asked_about(marquee):
    container = build_container(Settings(_env_file=None, home=marquee.home))
    container.migrate()()
    with container.unit_of_work()() as work:
        for i in range(1, 41):
            work.items.add(Item(Kind.MOVIE, f"Film {i}", id=i, genres=(("Drama", "War", "Comedy")[i % 3],)))
        work.commit()
    container.engine().dispose()

    assert "nothing_randomised" in marquee("what-if", "--engine", "content", status=1)
    marquee("simulate", "--users", "20", "--days", "3", **COMPETING)
    # The simulation filled days gone by, and saw to it that they are counted.
    assert "0 days counted" in marquee("roll-up")
    counted = marquee("roll-up", "--anew")
    assert "days counted" in counted and "0 days counted" not in counted
    page = marquee.home / "shown.html"
    assert "Lists of the last 7 days" in marquee("analytics", "--days", "7", "--html", page)
    assert page.read_text(encoding="utf-8").startswith("<!doctype html>")
    told = marquee("what-if", "--engine", "content", "--hours", "200")
    for wanted in ("Had content made all", "in fact", "inverse propensity", "self-normalised", "doubly robust"):
        assert wanted in told
    assert "no_overlap" in marquee("what-if", "--engine", "oracle", status=1)
