# syntax=docker/dockerfile:1
# The base is pinned by version tag only: a digest was not to be had where this file was written, and one
# that was not looked up would be a guess. Pin it where you build: `docker buildx imagetools inspect`.
FROM python:3.11.13-slim-bookworm AS build
WORKDIR /build
COPY requirements/server.txt requirements/server.txt
# Hashes alone decide what is installed, and wheels alone are taken: nothing is compiled here.
RUN python -m venv --without-pip /opt/segmentry \
 && python -m pip --python /opt/segmentry/bin/python install --no-cache-dir --disable-pip-version-check \
      --require-hashes --only-binary :all: -r requirements/server.txt
COPY server/segmentry /opt/segmentry/lib/python3.11/site-packages/segmentry
COPY clients/python/segmentry_client /opt/segmentry/lib/python3.11/site-packages/segmentry_client
RUN printf '%s\n' '#!/opt/segmentry/bin/python' 'import sys' 'from segmentry.__main__ import main' 'sys.exit(main())' \
      > /opt/segmentry/bin/segmentry \
 && chmod 0755 /opt/segmentry/bin/segmentry \
 && /opt/segmentry/bin/python -m compileall -q /opt/segmentry/lib

FROM python:3.11.13-slim-bookworm
LABEL org.opencontainers.image.title="segmentry" \
      org.opencontainers.image.description="Customer segments from plain words, and the segments that are in a table" \
      org.opencontainers.image.version="0.1.0" \
      org.opencontainers.image.licenses="Apache-2.0"
# No installer stays behind; the base has no compiler.
RUN python -m pip uninstall --yes --quiet --root-user-action ignore pip setuptools wheel \
 && rm -rf /root/.cache /usr/local/lib/python3.11/ensurepip
COPY --from=build /opt/segmentry /opt/segmentry
ENV PATH=/opt/segmentry/bin:/usr/local/bin:/usr/bin:/bin \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    SEGMENTRY_ADDRESS=127.0.0.1:50051 \
    SEGMENTRY_DATA_DIR=/tmp/segmentry
# The root file system may be read-only; what is written goes to /tmp (mount a tmpfs there).
WORKDIR /tmp
USER 10001:10001
EXPOSE 50051
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s --retries=3 CMD ["segmentry", "health"]
# There is no embedded PostgreSQL in the image: give SEGMENTRY_DATABASE_DSN, without which runs have no home.
ENTRYPOINT ["segmentry"]
CMD ["serve"]
