# One image for every process; the command says which: api (the default), worker, relay or migrate.
# /app is laid out like a checkout, so that the program finds its migrations in the same place.

FROM python:3.11-slim-bookworm AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /opt/fulfilhub
ENV PATH=/opt/fulfilhub/bin:$PATH
WORKDIR /app
COPY requirements/build.txt requirements/production.txt requirements/
RUN pip install --require-hashes --requirement requirements/build.txt --requirement requirements/production.txt
COPY pyproject.toml README.md LICENSE ./
COPY src src
RUN pip install --no-deps --no-build-isolation --editable .

FROM python:3.11-slim-bookworm
RUN useradd --system --uid 10001 --user-group --no-create-home --shell /usr/sbin/nologin fulfilhub
COPY --from=build /opt/fulfilhub /opt/fulfilhub
COPY --from=build /app /app
COPY migrations /app/migrations
WORKDIR /app
ENV PATH=/opt/fulfilhub/bin:$PATH PYTHONUNBUFFERED=1 HOST=0.0.0.0 PORT=8000
# by number, so that a cluster that refuses root can see that this is not root
USER 10001:10001
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as http; http.urlopen('http://127.0.0.1:' + os.environ['PORT'] + '/health/live', timeout=2)"]
ENTRYPOINT ["fulfilhub"]
CMD ["api"]
