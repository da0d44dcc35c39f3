"""Servers: the local Neo4j and MinIO, started, stopped and looked at."""

from typing import TYPE_CHECKING, Annotated

import typer

from headwater.cli.call import Call, command, refuse
from headwater.cli.choices import Objects, Server
from headwater.cli.screen import Column, state_text
from headwater.visible import visible

if TYPE_CHECKING:
    from headwater.local import LocalStatus, ServerStatus

_COLUMNS = tuple(
    Column(title)
    for title in (
        "SERVER",
        "STATE",
        "ADDRESS",
        "HTTP_ADDRESS",
        "USER",
        "PASSWORD_FILE",
        "VERSION",
        "PID",
        "STARTED",
        "LOG_FILE",
        "DETAIL",
    )
)


def add_to(app: typer.Typer) -> None:
    """Add the commands to the root."""
    command(app, "up", examples=("headwater up", "headwater up --objects minio --neo4j-port 7687"))(
        start
    )
    command(app, "down", examples=("headwater down",))(stop)
    command(app, "status", examples=("headwater status", "headwater status --json"))(show_status)
    command(
        app,
        "logs",
        examples=("headwater logs neo4j", "headwater logs minio -n 200 --follow"),
        taken=("-n",),
    )(show_logs)


def start(
    call: Call,
    *,
    objects: Annotated[
        Objects,
        typer.Option(
            "--objects",
            help="Where large objects go: a folder, or a MinIO, which is built the first time.",
        ),
    ] = Objects.DIRECTORY,
    neo4j_port: Annotated[
        int | None,
        typer.Option("--neo4j-port", min=1, max=65535, help="Bolt port; any free one when unset."),
    ] = None,
    http_port: Annotated[
        int | None,
        typer.Option("--http-port", min=1, max=65535, help="Port of Neo4j's HTTP API."),
    ] = None,
    s3_port: Annotated[
        int | None, typer.Option("--s3-port", min=1, max=65535, help="Port of the MinIO.")
    ] = None,
) -> None:
    """Start the local servers; those that run stay as they are. They outlive the command."""
    from headwater.local import up  # noqa: PLC0415 - takes a second to import

    if s3_port is not None and objects is not Objects.MINIO:
        raise refuse("--s3-port goes with --objects minio.")
    local = up(
        call.settings,
        objects=objects.value,
        neo4j_port=neo4j_port,
        http_port=http_port,
        minio_port=s3_port,
        progress=call.progress,
    )
    _show(call, local)


def stop(call: Call) -> None:
    """Stop the local servers. What they keep stays."""
    from headwater.local import down, status  # noqa: PLC0415 - takes a second to import

    before = status(call.settings)
    after = down(call.settings)
    if call.json:
        call.screen.answer(after.as_dict())
        return
    for old, new in ((before.neo4j, after.neo4j), (before.minio, after.minio)):
        if old.running:
            call.screen.line((new.name, "bold"), ("  stopped", ""))
    if not (before.neo4j.running or before.minio.running):
        call.screen.line(("nothing was running", "dim"))


def show_status(call: Call) -> None:
    """Show where the servers answer, their user, and where the password lies.

    What the commands use is told too, where HEADWATER_NEO4J or HEADWATER_OBJECTS choose it.
    """
    from headwater.local import status  # noqa: PLC0415 - takes a second to import

    _show(call, status(call.settings))


def show_logs(
    call: Call,
    server: Annotated[Server, typer.Argument(help="Whose log.")],
    *,
    lines: Annotated[int, typer.Option("--lines", "-n", min=0, help="How many lines.")] = 50,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Go on with what is written; ends with ^C.")
    ] = False,
) -> None:
    """Show the end of a local server's log."""
    from headwater.local import follow_log, log_lines  # noqa: PLC0415 - takes a second to import

    if follow and call.json:
        raise refuse("--follow has no end, so it does not go with --json.")
    # Opened before the end is read, so that no line is lost between the two.
    fresh = follow_log(call.settings, server.value)
    found = log_lines(call.settings, server.value, last=lines)
    if call.json:
        call.screen.answer({"server": server.value, "lines": found})
        return
    if not found and not follow:
        call.screen.say(f"{server.value} has written no log here")
    for line in found:
        call.screen.write(f"{_log_line(line)}\n")
    if follow:
        for line in fresh:
            call.screen.write(f"{_log_line(line)}\n")
            call.screen.flush()


def _log_line(line: str) -> str:
    return "\t".join(visible(part) for part in line.split("\t"))


def _show(call: Call, local: "LocalStatus") -> None:
    from headwater.opening import object_location  # noqa: PLC0415 - takes a second to import

    neo4j = call.settings.neo4j or local.neo4j.address
    objects = call.settings.objects or object_location(call.settings)
    servers = (local.neo4j, local.minio)
    if call.json:
        call.screen.answer({**local.as_dict(), "uses": {"neo4j": neo4j, "objects": objects}})
    elif not call.screen.is_terminal:
        call.screen.table(_COLUMNS, [_row(server) for server in servers])
    else:
        for server in servers:
            _draw(call, server)
        call.screen.heading("Commands use")
        call.screen.fields(
            [("neo4j", neo4j or "the local one, once started"), ("objects", objects)]
        )


def _row(server: "ServerStatus") -> tuple[object, ...]:
    return (
        server.name,
        _state(server),
        server.address,
        server.http_address,
        server.user,
        server.password_file,
        server.version,
        server.pid,
        server.started_at and f"{server.started_at:%Y-%m-%d %H:%M:%SZ}",
        server.log_file,
        server.detail,
    )


def _draw(call: Call, server: "ServerStatus") -> None:
    state = _state(server)
    call.screen.heading(server.name, style="bold cyan")
    fields: list[tuple[str, object]] = [("state", state_text(state))]
    if server.version is not None:
        fields += [
            ("address", server.address),
            ("http", server.http_address),
            ("user", server.user),
            ("password in", str(server.password_file)),
            ("version", server.version),
            ("process", server.pid),
            ("since", server.started_at and f"{server.started_at:%Y-%m-%d %H:%M:%SZ}"),
            ("log", str(server.log_file)),
        ]
    call.screen.fields([*fields, ("note", server.detail or None)])


def _state(server: "ServerStatus") -> str:
    return "running" if server.running else "not running"
