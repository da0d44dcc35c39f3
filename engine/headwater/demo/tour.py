"""The tour: opens the store, runs the pipelines, asks the questions and prints the answers."""

import headwater
from headwater.components.live import LiveTable
from headwater.demo import report
from headwater.demo.pipeline import PIPELINES, Recorded, run_pipeline
from headwater.demo.progress import Bar, Lines
from headwater.demo.questions import difference, impact, origin

ASKED = "breast-cancer"
"""The pipeline that the questions are asked about."""


def tour(settings: headwater.Settings) -> None:
    """Run every pipeline once and print what its record answers.

    Args:
        settings: of the store, which is started where it is the local one, and runs on.

    Raises:
        HeadwaterError: as `headwater.connect`.
    """
    console = report.open_console()
    progress = Bar(console) if console.is_terminal else Lines(console)
    with headwater.connect(settings=settings, actor="demo", progress=progress) as store:
        recorded: dict[str, Recorded] = {}
        for source, known in PIPELINES.items():
            plan = known.plan()
            console.print(f"run the {source} pipeline …")
            with LiveTable(plan, console) as table:
                recorded[source] = run_pipeline(store, plan, watch=table)
        report.print_steps(console, store, recorded)
        asked = recorded[ASKED]
        first, second = asked.trained
        answers = (
            origin(store, asked.chosen),
            impact(store, asked.raw),
            difference(store, asked.trained[first], asked.trained[second]),
        )
        report.print_origin(console, answers[0])
        report.print_impact(console, answers[1])
        report.print_difference(console, answers[2], names=(first, second))
        queries = zip(report.HEADINGS, (answer.query for answer in answers), strict=False)
        report.print_cypher(console, dict(queries))
        report.print_places(console, store, settings, asked.chosen.name or "")
