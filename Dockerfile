# headwater's command line and server, for stores that run elsewhere: no Java, no local servers.
FROM python:3.12-slim AS build
ENV UV_COMPILE_BYTECODE=1 UV_NO_CACHE=1 UV_PYTHON=/usr/local/bin/python UV_PYTHON_DOWNLOADS=never
WORKDIR /src
COPY requirements.lock ./
RUN pip install --no-cache-dir "uv$(sed -n 's/^uv\(==[^ ]*\).*/\1/p' requirements.lock)"
COPY LICENSE README.md pyproject.toml ./
COPY engine engine
COPY schema schema
RUN uv build --wheel --build-constraint requirements.lock --out-dir /dist \
 && uv venv /opt/headwater \
 && uv pip install --python /opt/headwater/bin/python --constraint requirements.lock \
      "headwater[server] @ file://$(ls /dist/*.whl)"

FROM python:3.12-slim
RUN useradd --create-home --uid 10001 headwater
COPY --from=build /opt/headwater /opt/headwater
ENV PATH=/opt/headwater/bin:$PATH PYTHONUNBUFFERED=1
USER headwater
WORKDIR /home/headwater
EXPOSE 8080 8081
ENTRYPOINT ["headwater"]
CMD ["doctor"]
