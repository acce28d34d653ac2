# One image for all three processes; the command chooses: see compose.yaml and docs/operating.md.

FROM python:3.11-slim AS build
WORKDIR /app
COPY requirements requirements
COPY bin bin
COPY package.json package-lock.json .npmrc ./
RUN python3 bin/setup.py packages
COPY static static
COPY templates templates
RUN python3 bin/setup.py pages

FROM python:3.11-slim
RUN useradd --system --uid 10001 --no-create-home billing
WORKDIR /app
COPY --from=build /app/.venv .venv
# What runs, by name: neither tests nor the Stripe simulator and the demo, which create data.
COPY dashboard dashboard
COPY jobs jobs
COPY migrations migrations
COPY templates templates
COPY requirements requirements
COPY wsgi.py ./
COPY --from=build /app/static/built static/built
COPY --from=build /app/build/fonts build/fonts
ENV PATH=/app/.venv/bin:$PATH PYTHONUNBUFFERED=1
USER billing
EXPOSE 8000
# One process in each container: more of them are more containers.
CMD ["python", "-m", "dashboard.web", "--host", "0.0.0.0"]
