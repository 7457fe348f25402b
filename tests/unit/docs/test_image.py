"""Dockerfile and docker-compose.yml: what can be seen without an engine to build them."""

import re

import yaml

from tests.unit.docs.pages import read


def test_compose_has_no_default_secret():
    text = read("docker-compose.yml")
    secrets = re.findall(r"\$\{(\w*(?:SECRET|PASSWORD)\w*)(:?.?)", text)
    assert {name for name, _ in secrets} == {"MARQUEE_AUTH__SECRET", "POSTGRES_PASSWORD"}
    assert {rule for _, rule in secrets} == {":?"}


def test_compose_waits_for_a_healthy_database_and_keeps_its_data():
    services = yaml.safe_load(read("docker-compose.yml"))["services"]
    assert services["api"]["depends_on"]["postgres"]["condition"] == "service_healthy"
    assert services["postgres"]["volumes"] == ["postgres-data:/var/lib/postgresql/data"]


def test_the_image_runs_without_privileges_and_watches_its_health():
    last_stage = re.split(r"^FROM ", read("Dockerfile"), flags=re.MULTILINE)[-1]
    assert re.findall(r"^USER (.*)$", last_stage, flags=re.MULTILINE) == ["marquee"]
    assert "HEALTHCHECK" in last_stage
    assert "MARQUEE_ENVIRONMENT=production" in last_stage


def test_everything_that_the_image_copies_is_there_and_not_left_out():
    left_out = read(".dockerignore").splitlines()
    copied = re.findall(r"^COPY (?!--from)(.*) \S+$", read("Dockerfile"), flags=re.MULTILINE)
    sources = [source for line in copied for source in line.split()]
    assert sources != []
    assert [source for source in sources if source in left_out] == []
