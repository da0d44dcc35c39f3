"""docker-compose.yml as a reader relies on it; no container engine is needed."""

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

ROOT = Path(__file__).parents[2]
STORES = ["minio", "neo4j"]
VARIABLE = re.compile(r"\$\{(\w+)(?::(\?|-)([^}]*))?\}")


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))
    return document


def _started(compose: dict[str, Any], profile: str) -> list[str]:
    return sorted(
        name
        for name, service in compose["services"].items()
        if profile in service.get("profiles", [profile])
    )


def _example() -> dict[str, str]:
    lines = (ROOT / ".env.example").read_text("utf-8").splitlines()
    pairs = (line.partition("=") for line in lines if line and not line.startswith("#"))
    return {name: value for name, _, value in pairs}


def _secrets(compose: dict[str, Any]) -> dict[str, str]:
    return {
        f"{service}.{name}": value
        for service, definition in compose["services"].items()
        for name, value in definition.get("environment", {}).items()
        if re.search("AUTH|PASSWORD|KEY|ROOT_USER", name)
    }


def test_it_is_valid_by_the_compose_specification(compose: dict[str, Any]) -> None:
    schema = json.loads((ROOT / "tests/shape/compose-spec.json").read_text("utf-8"))

    jsonschema.Draft202012Validator(schema).validate(compose)


def test_the_profile_dev_starts_the_stores_alone(compose: dict[str, Any]) -> None:
    assert _started(compose, "dev") == STORES


def test_a_plain_up_starts_everything(compose: dict[str, Any]) -> None:
    assert _started(compose, _example()["COMPOSE_PROFILES"]) == sorted(compose["services"])


@pytest.mark.parametrize("store", STORES)
def test_a_store_has_a_health_check(compose: dict[str, Any], store: str) -> None:
    check = compose["services"][store]["healthcheck"]

    assert check["test"][0] == "CMD"
    assert check["retries"] > 1
    assert {"interval", "timeout", "start_period"} <= set(check)


def test_headwater_waits_until_the_stores_are_healthy(compose: dict[str, Any]) -> None:
    waits = compose["services"]["headwater"]["depends_on"]

    assert waits == {store: {"condition": "service_healthy"} for store in STORES}


def test_headwater_serves_and_grpc_web_waits_until_it_is_ready(compose: dict[str, Any]) -> None:
    headwater, grpc_web = compose["services"]["headwater"], compose["services"]["grpc-web"]

    assert headwater["command"][:5] == ["serve", "--grpc", "0.0.0.0:8080", "--http", "0.0.0.0:8081"]
    assert "/readyz" in headwater["healthcheck"]["test"][-1]
    assert grpc_web["depends_on"] == {"headwater": {"condition": "service_healthy"}}


def test_grpc_web_leads_to_headwaters_port_and_is_published(compose: dict[str, Any]) -> None:
    envoy = yaml.safe_load((ROOT / "deploy/envoy.yaml").read_text("utf-8"))["static_resources"]
    (listener,), (cluster,) = envoy["listeners"], envoy["clusters"]
    (endpoint,) = cluster["load_assignment"]["endpoints"][0]["lb_endpoints"]
    (mount,) = compose["services"]["grpc-web"]["volumes"]
    (port,) = compose["services"]["grpc-web"]["ports"]

    listens = listener["address"]["socket_address"]["port_value"]
    leads_to = endpoint["endpoint"]["address"]["socket_address"]

    assert leads_to == {"address": "headwater", "port_value": 8080}
    assert port.endswith(f":{listens}")
    assert mount.startswith("./deploy/envoy.yaml:")


@pytest.mark.parametrize("store", STORES)
def test_a_store_keeps_its_data_in_a_named_volume(compose: dict[str, Any], store: str) -> None:
    mounts = dict(mount.split(":")[::-1] for mount in compose["services"][store]["volumes"])

    assert mounts["/data"] in compose["volumes"]


def test_every_secret_comes_from_the_environment_and_stops_compose_when_unset(
    compose: dict[str, Any],
) -> None:
    secrets = _secrets(compose)

    literal = {name for name, value in secrets.items() if not VARIABLE.search(value)}
    optional = {n for n, v in secrets.items() if any(m[2] != "?" for m in VARIABLE.finditer(v))}

    assert len(secrets) == 6
    assert (literal, optional) == (set(), set())


def test_the_example_names_every_required_variable_and_gives_no_password() -> None:
    text = (ROOT / "docker-compose.yml").read_text("utf-8")
    required = {match[1] for match in VARIABLE.finditer(text) if match[2] == "?"}

    example = _example()

    assert required <= set(example)
    assert {example[name] for name in required - {"HEADWATER_S3_ACCESS_KEY"}} == {""}


def test_images_are_pinned_to_a_release(compose: dict[str, Any]) -> None:
    images = {name: service["image"] for name, service in compose["services"].items()}

    floating = {n for n, image in images.items() if not re.search(r":\D*\d+[.-]\d+[.-]\d+", image)}

    assert floating == set()


def test_neo4j_is_the_release_that_headwater_runs_by_itself(compose: dict[str, Any]) -> None:
    (jars,) = (ROOT / "engine/headwater/local").glob("neo4j-*.jars.json")
    version = jars.name.removeprefix("neo4j-").removesuffix(".jars.json")

    assert compose["services"]["neo4j"]["image"] == f"neo4j:{version}-community"


def test_ports_are_published_on_loopback_only(compose: dict[str, Any]) -> None:
    ports = [port for service in compose["services"].values() for port in service.get("ports", [])]

    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)
