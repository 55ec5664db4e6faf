"""Reads every document that any test has made for a provider, where it becomes text, and every answer that was kept.

A fault is not raised where it is found: the webhooks answer any exception with words for the caller, and would hide it.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from telephony.provider.account import Capability, ProviderKind
from telephony.provider.account_kinds import CAPABILITIES
from telephony.provider.document import Document
from tests.contracts.twiml_grammar import faults

# What processes of their own have written is known by the account alone; tests name theirs after their kind.
BUILT_IN = CAPABILITIES[ProviderKind.SIM]


class Read:
    """What was found in this process, and how much was read."""

    def __init__(self) -> None:
        self.documents = 0
        self.found: list[str] = []

    def look(self, document: str, capabilities: frozenset[Capability]) -> None:
        self.documents += 1
        wrong = faults(document, capabilities)
        if wrong:
            self.found.append(f"{'; '.join(wrong)}\n  in {document[:2000]}")

    def taken(self) -> list[str]:
        """What was found since it was last asked."""
        found, self.found = self.found, []
        return found


READ = Read()


@contextmanager
def every_document_read() -> Iterator[Read]:
    """Until the block ends, each document is read by the grammar whenever it becomes text."""
    written = Document.to_xml

    def to_xml(document: Document, xml_declaration: bool = True) -> str:
        text = written(document, xml_declaration)
        READ.look(text, document.capabilities)
        return text

    Document.to_xml = to_xml
    try:
        yield READ
    finally:
        Document.to_xml = written


def look_at_kept(url: str) -> None:
    """The answers that processes of their own have kept in this database."""
    try:
        connection = psycopg.connect(url)
    except psycopg.OperationalError as gone:
        # A test of what survives has taken its database away.
        if "does not exist" not in str(gone):
            raise
        return
    with connection:
        kept = connection.execute(
            "select distinct answer_body from webhook_event where answer_body like '%<Response%' limit 2000"
        )
        for (body,) in kept:
            READ.look(body, BUILT_IN)
