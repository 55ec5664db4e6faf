"""Every form of a ticket in which words are typed keeps them; drafts of the release before stay as they are."""

import sqlalchemy as sa
from alembic import op

revision = '0062'
down_revision = '0061'
branch_labels = None
depends_on = None

_BEFORE = ('new', 'reply', 'note', 'heard', 'transfer', 'return', 'third-party', 'reopen', 'set-aside', 'clear', 'priority')
_ADDED = ('place', 'dossier', 'elsewhere', 'phone', 'link', 'unlink', 'arbitrate', 'instructed')
_LAST = ('wrap-up', 'instruction')


def upgrade() -> None:
    _let_hold((*_BEFORE, *_ADDED, *_LAST))
    op.execute("alter table draft validate constraint ck_draft_draft_form")


def downgrade() -> None:
    _let_hold((*_BEFORE, *_LAST))


def _let_hold(forms: tuple[str, ...]) -> None:
    op.drop_constraint(op.f('ck_draft_draft_form'), 'draft', type_='check')
    op.create_check_constraint(op.f('ck_draft_draft_form'), 'draft', sa.column('form').in_(forms), postgresql_not_valid=True)
