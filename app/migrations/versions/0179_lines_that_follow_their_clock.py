"""A line of a desk is checked against its clock alone, and a level that rises writes it anew without asking first.

A clock goes with its ticket, and whom a line is for was told: that ticket and person are there is known, and looking
them up for each line was a part of what firing cost. A ticket's level rises only where its lines are written next.
"""

from alembic import op

revision = '0179'
down_revision = '0176'
branch_labels = None
depends_on = None

_KNOWN_BY_THE_CLOCK = {
    'standing_level': ('fk_standing_level_ticket_id_ticket',),
    'standing_report': ('fk_standing_report_ticket_id_ticket', 'fk_standing_report_staff_id_staff'),
}
_DECIDING = ('unit_id', 'procedure_id', 'category_id', 'status', 'is_restricted', 'is_canary')


def upgrade() -> None:
    for table, names in _KNOWN_BY_THE_CLOCK.items():
        for name in names:
            op.execute(f'alter table {table} drop constraint if exists {name}')
    was, now = (', '.join(f'{row}.{name}' for name in _DECIDING) for row in ('old', 'new'))
    op.execute(
        'create or replace trigger what_stands_of_ticket after update on ticket for each row'
        f' when ((({was}) is distinct from ({now})) or (old.escalation_level > 0 and new.escalation_level <= 0))'
        ' execute function what_stands_of_ticket()'
    )
