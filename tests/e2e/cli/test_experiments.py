from domain.experiments import ExperimentPlan
from main.container import build_container
from main.settings import Settings


def test_experiments_are_listed_and_told_with_a_page(marquee):
    container = build_container(Settings(_env_file=None, home=marquee.home))
    container.migrate()()
    plan = ExperimentPlan("Mixed lists", (("control", {}), ("mixed", {"diversity": 0.3})), "click", 14)
    experiment = container.create_experiment()(plan)
    container.start_experiment()(experiment.id)
    container.engine().dispose()

    listed = marquee("experiments", "list")
    assert experiment.id in listed and "Mixed lists" in listed and "running" in listed
    page = marquee.home / "report.html"
    told = marquee("experiments", "report", experiment.id.upper(), "--html", page)
    assert "Mixed lists: click, running" in told and "undecided" in told
    assert page.read_text(encoding="utf-8").startswith("<!doctype html>")
    assert "experiment_not_found" in marquee("experiments", "report", "no-such-id", status=1)
