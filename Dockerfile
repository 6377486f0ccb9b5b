# One image for every Python process of the service; docker-compose.yml says which one a container runs.
FROM python:3.11-slim

ENV PYTHONUNBUFFERED=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /app

COPY requirements-service.lock ./
RUN pip install --no-deps --require-hashes --requirement requirements-service.lock

COPY . .
RUN python -m compileall -q . \
    && useradd --system --uid 10001 --no-create-home estuary \
    && install --directory --owner estuary /data

USER estuary
VOLUME /data
