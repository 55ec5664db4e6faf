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


_TICKET_BEFORE = ('unit_id', 'procedure_id', 'category_id', 'status', 'is_restricted', 'is_canary', 'escalation_level > 0')


def upgrade() -> None:
    # Of tickets and people first, as those who read and write lines do: they have these before they come to the lines.
    # Both wholly and at once, by taking away what is not there: what goes below asks for them again, and whoever reads
    # a ticket and waits for its line would be waited for.
    for table in ('ticket', 'staff'):
        op.execute(f'alter table {table} drop constraint if exists known_by_the_clock')
    was, now = (', '.join(f'{row}.{name}' for name in _DECIDING) for row in ('old', 'new'))
    op.execute(
        'create or replace trigger what_stands_of_ticket after update on ticket for each row'
        f' when ((({was}) is distinct from ({now})) or (old.escalation_level > 0 and new.escalation_level <= 0))'
        ' execute function what_stands_of_ticket()'
    )
    for table, names in _KNOWN_BY_THE_CLOCK.items():
        for name in names:
            op.execute(f'alter table {table} drop constraint if exists {name}')


def downgrade() -> None:
    was, now = (', '.join(f'{row}.{name}' for name in _TICKET_BEFORE) for row in ('old', 'new'))
    op.execute(
        'create or replace trigger what_stands_of_ticket after update on ticket for each row'
        f' when (({was}) is distinct from ({now})) execute function what_stands_of_ticket()'
    )
    for table, names in _KNOWN_BY_THE_CLOCK.items():
        for name in names:
            other, cascade = ('staff', None) if name.endswith('_staff') else ('ticket', 'CASCADE')
            op.create_foreign_key(name, table, other, [f'{other}_id'], ['id'], ondelete=cascade, postgresql_not_valid=True)
            op.execute(f'alter table {table} validate constraint {name}')
