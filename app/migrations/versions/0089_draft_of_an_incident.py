"""What is typed of an incident is kept, too."""

import sqlalchemy as sa
from alembic import op

revision = '0089'
down_revision = '0088'
branch_labels = None
depends_on = None

_BEFORE = (
    'new', 'reply', 'note', 'heard', 'transfer', 'return', 'third-party', 'reopen', 'set-aside', 'clear', 'priority', 'place',
    'dossier', 'elsewhere', 'phone', 'link', 'unlink', 'arbitrate', 'instructed', 'wrap-up', 'instruction',
    'own-leave', 'leave', 'rotation', 'turn', 'changed-turn', 'delegation', 'maintenance', 'days-off', 'retiring', 'clocks',
)


def upgrade() -> None:
    _let_hold((*_BEFORE, 'incident'))
    op.execute("alter table draft validate constraint ck_draft_draft_form")


def downgrade() -> None:
    op.execute("delete from draft where form = 'incident'")
    _let_hold(_BEFORE)


def _let_hold(forms: tuple[str, ...]) -> None:
    op.drop_constraint(op.f('ck_draft_draft_form'), 'draft', type_='check')
    op.create_check_constraint(op.f('ck_draft_draft_form'), 'draft', sa.column('form').in_(forms), postgresql_not_valid=True)
