"""The OpenAPI document is true: requests made from it are answered as it says, whatever they carry."""

from datetime import datetime

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import Case
from schemathesis.schemas import BaseSchema
from sqlalchemy.orm import Session

from app.accounts.enrolment import add_token
from app.web.frame.application import HotlineApp
from tests import factories
from tests.faults.nodes import LONG

SCOPES = ("tickets:read", "tickets:write", "escalations:acknowledge", "figures:read", "directory:read")
OPERATIONS = [
    ("get", "/api/v1/tickets"),
    ("post", "/api/v1/tickets"),
    ("get", "/api/v1/tickets/{reference}"),
    ("patch", "/api/v1/tickets/{reference}"),
    ("post", "/api/v1/tickets/{reference}/master"),
    ("post", "/api/v1/tickets/{reference}/appeal"),
    ("get", "/api/v1/tickets/{reference}/messages"),
    ("post", "/api/v1/tickets/{reference}/messages"),
    ("get", "/api/v1/tickets/{reference}/timeline"),
    ("post", "/api/v1/tickets/{reference}/transitions"),
    ("get", "/api/v1/messages/outages"),
    ("post", "/api/v1/messages/outages/again"),
    ("get", "/api/v1/places/resolve"),
    ("post", "/api/v1/matters/read"),
    ("get", "/api/v1/readiness"),
    ("get", "/api/v1/reference/{kind}"),
    ("get", "/api/v1/units"),
    ("get", "/api/v1/units/{code}/tonight"),
    ("get", "/api/v1/procedures"),
    ("get", "/api/v1/answers"),
    ("get", "/api/v1/queues"),
    ("get", "/api/v1/escalations"),
    ("post", "/api/v1/escalations/{step_id}/acknowledge"),
    ("get", "/api/v1/figures/service-level"),
    ("get", "/api/v1/figures/promises"),
]


def test_no_operation_is_missing_here(app: HotlineApp, session: Session, now: datetime) -> None:
    with app.bound_to(session, now):
        document = app.test_client().get("/api/v1/openapi.json").get_json()

    assert sorted(OPERATIONS) == sorted((method, path) for path, ways in document["paths"].items() for method in ways)


@pytest.fixture(scope="module")
def described(app: HotlineApp) -> BaseSchema:
    """Read once: what reads it looks in every module of ours for values worth trying, which takes a second."""
    return schemathesis.openapi.from_wsgi("/api/v1/openapi.json", app)


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_an_operation_answers_as_the_document_says(
    app: HotlineApp, described: BaseSchema, session: Session, now: datetime, method: str, path: str
) -> None:
    token = add_token(session, name="contract", scopes=SCOPES, unit_code="", now=now)
    reference = factories.open_ticket(session, now=now).reference
    session.commit()
    operation = described[path][method.upper()]
    with app.bound_to(session, now):

        @settings(
            max_examples=60 if LONG else 10,
            deadline=None,
            derandomize=True,
            database=None,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy())
        def answers_as_described(case: Case) -> None:
            if "reference" in case.path_parameters:
                case.path_parameters["reference"] = reference
            if "code" in case.path_parameters:
                case.path_parameters["code"] = "26740"
            # Answers are compressed for whoever asks, and this client asks without being able to read them.
            case.call_and_validate(headers={"Authorization": f"Bearer {token}", "Accept-Encoding": "identity"})

        answers_as_described()
