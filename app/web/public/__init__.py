"""The pages for citizens: report, follow, find the ward, see the promises kept. One module a page group."""

from flask import Blueprint

from app.web.public import (
    answers,
    directory,
    open_data,
    performance,
    poster,
    privacy,
    procedures,
    report,
    track,
)

blueprints: list[Blueprint] = [
    report.blueprint,
    track.blueprint,
    directory.blueprint,
    open_data.blueprint,
    poster.blueprint,
    procedures.blueprint,
    answers.blueprint,
    performance.blueprint,
    privacy.blueprint,
]
