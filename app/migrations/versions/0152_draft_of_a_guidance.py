"""What is typed of a guidance is kept, too."""

import sqlalchemy as sa
from alembic import op

revision = '0152'
down_revision = '0145'
branch_labels = None
depends_on = None

_BEFORE = (
    'new', 'reply', 'note', 'heard', 'transfer', 'return', 'third-party', 'reopen', 'set-aside', 'clear', 'priority', 'place',
    'dossier', 'elsewhere', 'phone', 'link', 'unlink', 'arbitrate', 'instructed', 'wrap-up', 'instruction',
    'own-leave', 'leave', 'rotation', 'turn', 'changed-turn', 'delegation', 'maintenance', 'days-off', 'retiring', 'clocks',
    'incident',
)
_NEW = ('guidance', 'changed-guidance')


def upgrade() -> None:
    _let_hold((*_BEFORE, *_NEW))
    op.execute("alter table draft validate constraint ck_draft_draft_form")


def downgrade() -> None:
    op.execute("delete from draft where form in ('guidance', 'changed-guidance')")
    _let_hold(_BEFORE)


def _let_hold(forms: tuple[str, ...]) -> None:
    op.drop_constraint(op.f('ck_draft_draft_form'), 'draft', type_='check')
    op.create_check_constraint(op.f('ck_draft_draft_form'), 'draft', sa.column('form').in_(forms), postgresql_not_valid=True)
