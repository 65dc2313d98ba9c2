# The image of every Python role: `salescommand serve`, `worker`, `operator`, and the rest of the command.
# Another base: --build-arg PYTHON_IMAGE=…, any image with Python 3.11 to 3.13 as `python3` (by digest, for instance).
ARG PYTHON_IMAGE=python:3.13-slim

FROM ${PYTHON_IMAGE} AS build
ENV UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy UV_PYTHON_DOWNLOADS=never UV_NO_CACHE=1
WORKDIR /source
COPY requirements/bootstrap.txt requirements/build.lock requirements/image.lock requirements/
# Everything from the index is pinned by hash and comes as a wheel: nothing is compiled, no compiler is needed.
RUN python3 -m venv /tools \
 && /tools/bin/pip install --quiet --no-cache-dir --only-binary :all: --require-hashes -r requirements/bootstrap.txt \
 && /tools/bin/uv pip install --quiet --python /tools/bin/python --only-binary :all: --require-hashes -r requirements/build.lock \
 && /tools/bin/uv venv --quiet --python "$(command -v python3)" /app \
 && /tools/bin/uv pip install --quiet --python /app/bin/python --only-binary :all: --require-hashes -r requirements/image.lock
COPY lake lake
COPY backend backend
COPY cli cli
COPY demo demo
COPY operator operator
RUN for package in lake backend cli demo operator; do \
      /tools/bin/uv build --quiet --no-build-isolation --python /tools/bin/python --wheel --out-dir /wheels "$package" || exit 1; \
    done \
 && /tools/bin/uv pip install --quiet --python /app/bin/python --no-deps --no-index /wheels/*.whl \
 && /app/bin/python -c "import backend.main, salescommand_cli.main, salescommand_demo, salescommand_lake, salescommand_operator.run"

FROM ${PYTHON_IMAGE}
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="SalesCommand" \
      org.opencontainers.image.description="Sales numbers that open down to the bytes they came from" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
COPY --from=build /app /app
COPY deploy/image/probe.py /usr/local/lib/salescommand/probe.py
# The root may be read-only: the data folder is a volume, and nothing else is written but /tmp.
RUN mkdir -p /var/lib/salescommand && chown 10001:10001 /var/lib/salescommand && chmod 0700 /var/lib/salescommand
ENV PATH=/app/bin:$PATH \
    HOME=/tmp \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    SALESCOMMAND_HOST=0.0.0.0 \
    SALESCOMMAND_DATA_DIR=/var/lib/salescommand
USER 10001:10001
EXPOSE 8001 9464
# Of the default role; compose and the chart have probes of their own for each.
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python3", "/usr/local/lib/salescommand/probe.py", "8001", "/health"]
ENTRYPOINT ["salescommand"]
CMD ["serve"]
