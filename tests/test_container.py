"""The image and the compose file, read as text: no engine is needed, so no engine can find these faults for us."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest
import yaml

from fulfilhub.cli import main
from fulfilhub.platform.settings import documented

ROOT = Path(__file__).parents[1]
INSTRUCTIONS = {
    *("ADD", "ARG", "CMD", "COPY", "ENTRYPOINT", "ENV", "EXPOSE", "FROM", "HEALTHCHECK", "LABEL", "ONBUILD"),
    *("RUN", "SHELL", "STOPSIGNAL", "USER", "VOLUME", "WORKDIR"),
}
"""Source: the Dockerfile reference."""

Service = dict[str, object]
Compose = dict[str, dict[str, Service]]

OURS = ("migrate", "api", "worker", "relay")


def dockerfile() -> list[tuple[str, str]]:
    """(instruction, arguments) of each instruction, continued lines joined and comments left out."""
    lines = [line for line in (ROOT / "Dockerfile").read_text().splitlines() if not line.lstrip().startswith("#")]
    joined = "\n".join(lines).replace("\\\n", " ")
    pairs = (line.strip().partition(" ") for line in joined.splitlines() if line.strip())
    return [(instruction, arguments.strip()) for instruction, _, arguments in pairs]


def stages() -> list[list[tuple[str, str]]]:
    """The instructions of each build stage, FROM first."""
    found: list[list[tuple[str, str]]] = []
    for instruction, arguments in dockerfile():
        if instruction == "FROM":
            found.append([])
        found[-1].append((instruction, arguments))
    return found


def last(instruction: str) -> str:
    """Arguments of the instruction as the image has it: the last one of the last stage."""
    return [arguments for name, arguments in stages()[-1] if name == instruction][-1]


def local_copies() -> list[str]:
    """Sources of every COPY that takes from the checkout."""
    sources: list[str] = []
    for instruction, arguments in dockerfile():
        words = shlex.split(arguments)
        if instruction == "COPY" and not words[0].startswith("--from="):
            sources += [word for word in words[:-1] if not word.startswith("--")]
    return sources


@pytest.fixture(scope="module")
def compose() -> Compose:
    """compose.yaml with its anchors resolved."""
    parsed: Compose = yaml.safe_load((ROOT / "compose.yaml").read_text())
    return parsed


def environment(service: Service) -> dict[str, str]:
    given = service["environment"]
    assert isinstance(given, dict)
    return given


def command(service: Service) -> list[str]:
    given = service["command"]
    assert isinstance(given, list)
    return given


class TestImage:
    def test_every_instruction_is_known(self) -> None:
        assert {instruction for instruction, _ in dockerfile()} <= INSTRUCTIONS

    def test_there_is_a_stage_to_build_in_and_one_to_run(self) -> None:
        assert len(stages()) == 2
        assert stages()[0][0][1].endswith(" AS build")

    def test_everything_copied_exists_and_is_sent_to_the_engine(self) -> None:
        allowed = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
        for source in local_copies():
            assert (ROOT / source).exists(), source
            assert Path(source).parts[0] in allowed, source

    def test_libraries_are_installed_by_their_hashes_only(self) -> None:
        runs = [arguments for instruction, arguments in dockerfile() if instruction == "RUN"]
        installs = [arguments for arguments in runs if "install" in arguments]
        assert len(installs) == 2
        assert all("--require-hashes" in each or "--no-deps --no-build-isolation" in each for each in installs)

    def test_it_does_not_run_as_root(self) -> None:
        assert last("USER").split(":")[0] not in {"", "0", "root"}

    def test_it_runs_our_program_and_is_asked_whether_it_lives(self) -> None:
        assert json.loads(last("ENTRYPOINT")) == ["fulfilhub"]
        assert json.loads(last("CMD"))[0] in main.commands
        assert "/health/live" in last("HEALTHCHECK")
        code = json.loads(last("HEALTHCHECK").partition("CMD ")[2])[2]
        compile(code, "healthcheck", "exec")


class TestCompose:
    def test_every_process_of_the_system_is_there(self, compose: Compose) -> None:
        services = compose["services"]
        assert set(services) == {"postgres", "valkey", *OURS}
        for name in OURS:
            assert command(services[name])[0] == name
            assert name in main.commands

    def test_every_variable_is_a_setting(self, compose: Compose) -> None:
        known = {variable for variable, _, _ in documented()}
        for name in OURS:
            assert set(environment(compose["services"][name])) <= known

    def test_only_the_migration_has_the_owners_password(self, compose: Compose) -> None:
        holders = [name for name in OURS if "PASSWORD" in environment(compose["services"][name])["DATABASE_URL"]]
        assert holders == ["migrate"]

    def test_what_others_wait_for_can_be_waited_for(self, compose: Compose) -> None:
        services = compose["services"]
        for name in OURS:
            waits = services[name]["depends_on"]
            assert isinstance(waits, dict)
            for other, how in waits.items():
                healthcheck = services[other].get("healthcheck")
                if how["condition"] == "service_healthy":
                    assert isinstance(healthcheck, dict)
                    assert "test" in healthcheck

    def test_every_volume_is_declared(self, compose: Compose) -> None:
        used: set[str] = set()
        for service in compose["services"].values():
            volumes = service.get("volumes", [])
            assert isinstance(volumes, list)
            used |= {volume.partition(":")[0] for volume in volumes}
        assert used == set(compose["volumes"])


def test_no_registry_is_named(compose: Compose) -> None:
    images = [str(service["image"]) for service in compose["services"].values()]
    images += [arguments.split()[0] for instruction, arguments in dockerfile() if instruction == "FROM"]
    assert len(images) == 8
    for image in images:
        assert not re.match(r"^[^/]*[.:][^/]*/|^localhost/", image), image
