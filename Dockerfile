# syntax=docker/dockerfile:1
# Two stages: the first has a compiler (Annoy comes as source), the second has only what serves.

FROM python:3.11-slim-bookworm AS build
RUN apt-get update && apt-get install --yes --no-install-recommends g++ && rm -rf /var/lib/apt/lists/*
RUN python -m venv /opt/marquee
ENV PATH=/opt/marquee/bin:$PATH PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
# torch alone, from its own index, is the CPU build: a tenth of the size of the default one.
COPY constraints.txt /src/
RUN pip install --index-url https://download.pytorch.org/whl/cpu "$(grep '^torch==' /src/constraints.txt)"
COPY pyproject.toml LICENSE /src/
COPY src /src/src
COPY migrations /src/migrations
COPY configs /src/configs
RUN pip install -c /src/constraints.txt /src

FROM python:3.11-slim-bookworm
RUN useradd --system --uid 10001 --create-home --home-dir /home/marquee marquee \
    && install --directory --owner=marquee --group=marquee /var/lib/marquee
COPY --from=build /opt/marquee /opt/marquee
# No secret has a default here: production refuses to start without one.
ENV PATH=/opt/marquee/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    MARQUEE_ENVIRONMENT=production \
    MARQUEE_HOME=/var/lib/marquee \
    MARQUEE_LOG__FORMAT=json
USER marquee
WORKDIR /home/marquee
VOLUME /var/lib/marquee
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s --retries=3 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/health', timeout=2)"]
CMD ["marquee", "serve", "--host", "0.0.0.0", "--port", "8000"]
