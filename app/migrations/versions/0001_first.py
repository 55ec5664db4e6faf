"""The first schema."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql
revision = '0001'
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('audit_entry',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('actor_kind', sa.Enum('citizen', 'staff', 'system', 'token', name='actor_kind', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('staff_id', sa.BigInteger(), nullable=True),
    sa.Column('action', sa.Text(), nullable=False),
    sa.Column('subject_kind', sa.Text(), nullable=False),
    sa.Column('subject_id', sa.BigInteger(), nullable=True),
    sa.Column('ticket_id', sa.BigInteger(), nullable=True),
    sa.Column('request_id', sa.Text(), server_default='', nullable=False),
    sa.Column('params', postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_audit_entry'))
    )
    op.create_index(op.f('ix_audit_entry_at'), 'audit_entry', ['at'], unique=False)
    op.create_index(op.f('ix_audit_entry_ticket_id'), 'audit_entry', ['ticket_id'], unique=False)
    op.create_table('audit_seal',
    sa.Column('entry_id', sa.BigInteger(), nullable=False),
    sa.Column('number', sa.BigInteger(), nullable=False),
    sa.Column('previous_hash', sa.Text(), nullable=False),
    sa.Column('hash', sa.Text(), nullable=False),
    sa.Column('sealed_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('entry_id', name=op.f('pk_audit_seal')),
    sa.UniqueConstraint('number', name=op.f('uq_audit_seal_number'))
    )
    op.create_table('calendar',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('key', sa.Text(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('name_en', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_calendar')),
    sa.UniqueConstraint('key', name=op.f('uq_calendar_key'))
    )
    op.create_table('chain',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_chain')),
    sa.UniqueConstraint('name', name=op.f('uq_chain_name'))
    )
    op.create_table('client_fault',
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('on_day', sa.Date(), nullable=False),
    sa.Column('times', sa.BigInteger(), nullable=False),
    sa.Column('last_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('kind', 'on_day', name=op.f('pk_client_fault'))
    )
    op.create_table('holiday',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('name_en', sa.Text(), nullable=False),
    sa.Column('source', sa.Text(), nullable=False),
    sa.CheckConstraint("kind in ('off', 'worked')", name=op.f('ck_holiday_kind')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_holiday')),
    sa.UniqueConstraint('day', name=op.f('uq_holiday_day'))
    )
    op.create_table('outage',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('from_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('to_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_outage'))
    )
    op.create_table('phone_preference',
    sa.Column('phone', sa.Text(), nullable=False),
    sa.Column('sms_opted_out_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('sms_opt_out_reason', sa.Text(), server_default='', nullable=False),
    sa.Column('flagged_at', sa.DateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('phone', name=op.f('pk_phone_preference'))
    )
    op.create_table('pin_guard',
    sa.Column('reference', sa.Text(), nullable=False),
    sa.Column('failures', sa.BigInteger(), nullable=False),
    sa.Column('first_failure_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('locked_until', sa.DateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('reference', name=op.f('pk_pin_guard'))
    )
    op.create_table('policy',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_policy')),
    sa.UniqueConstraint('name', name=op.f('uq_policy_name'))
    )
    op.create_table('process_beat',
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('beat_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('detail', postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
    sa.PrimaryKeyConstraint('name', name=op.f('pk_process_beat'))
    )
    op.create_table('reference_version',
    sa.Column('id', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('rules', sa.BigInteger(), server_default=sa.text('0'), nullable=False),
    sa.Column('places', sa.BigInteger(), server_default=sa.text('0'), nullable=False),
    sa.CheckConstraint('id = 1', name=op.f('ck_reference_version_one')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_reference_version'))
    )
    op.create_table('staff',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('email', sa.Text(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('sort_key', sa.Text(), nullable=False),
    sa.Column('title', sa.Text(), server_default='', nullable=False),
    sa.Column('phone', sa.Text(), nullable=True),
    sa.Column('locale', sa.Text(), server_default='vi', nullable=False),
    sa.Column('theme', sa.Text(), server_default='auto', nullable=False),
    sa.Column('languages', postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text('\'["vi"]\''), nullable=False),
    sa.Column('password_hash', sa.Text(), nullable=True),
    sa.Column('totp_secret', sa.Text(), nullable=True),
    sa.Column('totp_enrolled_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('totp_last_step', sa.BigInteger(), nullable=True),
    sa.Column('failed_sign_ins', sa.BigInteger(), server_default=sa.text('0'), nullable=False),
    sa.Column('locked_until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('is_demo', sa.Boolean(), server_default=sa.text('false'), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('disabled_at', sa.DateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_staff'))
    )
    op.create_index('uq_staff_email', 'staff', [sa.literal_column('lower(email)')], unique=True)
    op.create_table('unit',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('code', sa.Text(), nullable=True),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('name_en', sa.Text(), nullable=False),
    sa.Column('sort_key', sa.Text(), nullable=False),
    sa.Column('kind', sa.Enum('city', 'office', 'department', 'ward', 'commune', 'township', 'special_zone', 'one_stop_centre', 'external', 'district', 'province', name='unit_kind', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('parent_id', sa.BigInteger(), nullable=True),
    sa.Column('former_province', sa.Text(), nullable=True),
    sa.Column('valid_from', sa.Date(), nullable=True),
    sa.Column('valid_to', sa.Date(), nullable=True),
    sa.Column('lat', sa.Double(), nullable=True),
    sa.Column('lon', sa.Double(), nullable=True),
    sa.Column('source', sa.Text(), server_default='', nullable=False),
    sa.CheckConstraint('valid_to is null or valid_from is null or valid_to > valid_from', name=op.f('ck_unit_valid_range')),
    sa.ForeignKeyConstraint(['parent_id'], ['unit.id'], name=op.f('fk_unit_parent_id_unit')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_unit')),
    sa.UniqueConstraint('code', 'valid_from', name=op.f('uq_unit_code_valid_from'))
    )
    op.create_index(op.f('ix_unit_code'), 'unit', ['code'], unique=False)
    op.create_index('ix_unit_current_code', 'unit', ['code'], unique=False, postgresql_where=sa.text('valid_to is null'))
    op.create_index(op.f('ix_unit_parent_id'), 'unit', ['parent_id'], unique=False)
    op.create_table('webhook_event',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('account', sa.Text(), nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('event_key', sa.Text(), nullable=False),
    sa.Column('received_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('form', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('answer_status', sa.BigInteger(), nullable=True),
    sa.Column('answer_body', sa.Text(), nullable=True),
    sa.Column('replayed_at', sa.DateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_webhook_event')),
    sa.UniqueConstraint('account', 'event_key', name=op.f('uq_webhook_event_account_event_key'))
    )
    op.create_index(op.f('ix_webhook_event_received_at'), 'webhook_event', ['received_at'], unique=False)
    op.create_table('webhook_refusal',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('account', sa.Text(), nullable=False),
    sa.Column('path', sa.Text(), nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_webhook_refusal'))
    )
    op.create_index(op.f('ix_webhook_refusal_at'), 'webhook_refusal', ['at'], unique=False)
    op.create_table('api_token',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('token_hash', sa.Text(), nullable=False),
    sa.Column('scopes', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('unit_id', sa.BigInteger(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('last_used_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('revoked_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['unit_id'], ['unit.id'], name=op.f('fk_api_token_unit_id_unit')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_api_token')),
    sa.UniqueConstraint('name', name=op.f('uq_api_token_name')),
    sa.UniqueConstraint('token_hash', name=op.f('uq_api_token_token_hash'))
    )
    op.create_table('calendar_version',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('calendar_id', sa.BigInteger(), nullable=False),
    sa.Column('version', sa.BigInteger(), nullable=False),
    sa.Column('spec', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('created_by_id', sa.BigInteger(), nullable=True),
    sa.ForeignKeyConstraint(['calendar_id'], ['calendar.id'], name=op.f('fk_calendar_version_calendar_id_calendar')),
    sa.ForeignKeyConstraint(['created_by_id'], ['staff.id'], name=op.f('fk_calendar_version_created_by_id_staff')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_calendar_version')),
    sa.UniqueConstraint('calendar_id', 'version', name=op.f('uq_calendar_version_calendar_id_version'))
    )
    op.create_table('category',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('code', sa.Text(), nullable=False),
    sa.Column('parent_id', sa.BigInteger(), nullable=True),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('name_en', sa.Text(), nullable=False),
    sa.Column('sort_key', sa.Text(), nullable=False),
    sa.Column('position', sa.BigInteger(), nullable=False),
    sa.Column('level', sa.Enum('ward', 'city', name='level', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('department_id', sa.BigInteger(), nullable=True),
    sa.Column('default_priority', sa.Enum('emergency', 'urgent', 'normal', name='priority', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('field', sa.Text(), nullable=False),
    sa.Column('conduct', sa.Text(), server_default='', nullable=False),
    sa.Column('hints', sa.Text(), server_default='', nullable=False),
    sa.Column('retired_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("conduct in ('', 'staff', 'head', 'unit')", name=op.f('ck_category_conduct')),
    sa.ForeignKeyConstraint(['department_id'], ['unit.id'], name=op.f('fk_category_department_id_unit')),
    sa.ForeignKeyConstraint(['parent_id'], ['category.id'], name=op.f('fk_category_parent_id_category')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_category')),
    sa.UniqueConstraint('code', name=op.f('uq_category_code'))
    )
    op.create_index(op.f('ix_category_parent_id'), 'category', ['parent_id'], unique=False)
    op.create_table('chain_version',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('chain_id', sa.BigInteger(), nullable=False),
    sa.Column('version', sa.BigInteger(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('created_by_id', sa.BigInteger(), nullable=True),
    sa.ForeignKeyConstraint(['chain_id'], ['chain.id'], name=op.f('fk_chain_version_chain_id_chain')),
    sa.ForeignKeyConstraint(['created_by_id'], ['staff.id'], name=op.f('fk_chain_version_created_by_id_staff')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_chain_version')),
    sa.UniqueConstraint('chain_id', 'version', name=op.f('uq_chain_version_chain_id_version'))
    )
    op.create_table('citizen',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('name', sa.Text(), server_default='', nullable=False),
    sa.Column('email', sa.Text(), nullable=True),
    sa.Column('locale', sa.Text(), server_default='vi', nullable=False),
    sa.Column('do_not_call', sa.Boolean(), server_default=sa.text('false'), nullable=False),
    sa.Column('last_unit_id', sa.BigInteger(), nullable=True),
    sa.Column('residence', sa.Text(), server_default='', nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['last_unit_id'], ['unit.id'], name=op.f('fk_citizen_last_unit_id_unit')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_citizen'))
    )
    op.create_index(op.f('ix_citizen_email'), 'citizen', ['email'], unique=False)
    op.create_table('one_stop_office',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('unit_id', sa.BigInteger(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('name_en', sa.Text(), nullable=False),
    sa.Column('address', sa.Text(), server_default='', nullable=False),
    sa.Column('opening_hours', sa.Text(), server_default='', nullable=False),
    sa.ForeignKeyConstraint(['unit_id'], ['unit.id'], name=op.f('fk_one_stop_office_unit_id_unit')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_one_stop_office'))
    )
    op.create_index(op.f('ix_one_stop_office_unit_id'), 'one_stop_office', ['unit_id'], unique=False)
    op.create_table('one_time_link',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('token_hash', sa.Text(), nullable=False),
    sa.Column('purpose', sa.Text(), nullable=False),
    sa.Column('staff_id', sa.BigInteger(), nullable=False),
    sa.Column('params', postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('used_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("purpose in ('demo', 'enrol', 'acknowledge')", name=op.f('ck_one_time_link_purpose')),
    sa.ForeignKeyConstraint(['staff_id'], ['staff.id'], name=op.f('fk_one_time_link_staff_id_staff'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_one_time_link')),
    sa.UniqueConstraint('token_hash', name=op.f('uq_one_time_link_token_hash'))
    )
    op.create_index(op.f('ix_one_time_link_staff_id'), 'one_time_link', ['staff_id'], unique=False)
    op.create_table('post',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('unit_id', sa.BigInteger(), nullable=False),
    sa.Column('code', sa.Text(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('name_en', sa.Text(), nullable=False),
    sa.ForeignKeyConstraint(['unit_id'], ['unit.id'], name=op.f('fk_post_unit_id_unit')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_post')),
    sa.UniqueConstraint('unit_id', 'code', name=op.f('uq_post_unit_id_code'))
    )
    op.create_table('procedure',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('code', sa.Text(), nullable=True),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('sort_key', sa.Text(), nullable=False),
    sa.Column('field', sa.Text(), nullable=False),
    sa.Column('level', sa.Enum('ward', 'city', name='level', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('decision_no', sa.Text(), server_default='', nullable=False),
    sa.Column('boundary_free', sa.Boolean(), server_default=sa.text('false'), nullable=False),
    sa.Column('department_id', sa.BigInteger(), nullable=True),
    sa.ForeignKeyConstraint(['department_id'], ['unit.id'], name=op.f('fk_procedure_department_id_unit')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_procedure')),
    sa.UniqueConstraint('code', name=op.f('uq_procedure_code'))
    )
    op.create_table('queue',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('unit_id', sa.BigInteger(), nullable=False),
    sa.Column('kind', sa.Enum('work', 'triage', 'conduct', name='queue_kind', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('name_en', sa.Text(), nullable=False),
    sa.ForeignKeyConstraint(['unit_id'], ['unit.id'], name=op.f('fk_queue_unit_id_unit')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_queue')),
    sa.UniqueConstraint('unit_id', 'kind', name=op.f('uq_queue_unit_id_kind'))
    )
    op.create_table('responsibility',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('staff_id', sa.BigInteger(), nullable=False),
    sa.Column('field', sa.Text(), nullable=True),
    sa.Column('unit_id', sa.BigInteger(), nullable=True),
    sa.Column('decision_no', sa.Text(), nullable=False),
    sa.Column('valid_from', sa.Date(), nullable=False),
    sa.Column('valid_to', sa.Date(), nullable=True),
    sa.CheckConstraint('field is not null or unit_id is not null', name=op.f('ck_responsibility_field_or_area')),
    sa.ForeignKeyConstraint(['staff_id'], ['staff.id'], name=op.f('fk_responsibility_staff_id_staff')),
    sa.ForeignKeyConstraint(['unit_id'], ['unit.id'], name=op.f('fk_responsibility_unit_id_unit')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_responsibility'))
    )
    op.create_index(op.f('ix_responsibility_staff_id'), 'responsibility', ['staff_id'], unique=False)
    op.create_table('role_assignment',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('staff_id', sa.BigInteger(), nullable=False),
    sa.Column('role', sa.Enum('agent', 'supervisor', 'leader', 'city_office', 'administrator', 'auditor', name='role', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('unit_id', sa.BigInteger(), nullable=False),
    sa.Column('valid_from', sa.DateTime(timezone=True), nullable=False),
    sa.Column('valid_to', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['staff_id'], ['staff.id'], name=op.f('fk_role_assignment_staff_id_staff')),
    sa.ForeignKeyConstraint(['unit_id'], ['unit.id'], name=op.f('fk_role_assignment_unit_id_unit')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_role_assignment')),
    sa.UniqueConstraint('staff_id', 'role', 'unit_id', 'valid_from', name=op.f('uq_role_assignment_staff_id_role_unit_id_valid_from'))
    )
    op.create_index(op.f('ix_role_assignment_staff_id'), 'role_assignment', ['staff_id'], unique=False)
    op.create_index(op.f('ix_role_assignment_unit_id'), 'role_assignment', ['unit_id'], unique=False)
    op.create_table('unit_membership',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('unit_id', sa.BigInteger(), nullable=False),
    sa.Column('parent_id', sa.BigInteger(), nullable=False),
    sa.Column('valid_from', sa.Date(), nullable=True),
    sa.Column('valid_to', sa.Date(), nullable=True),
    sa.ForeignKeyConstraint(['parent_id'], ['unit.id'], name=op.f('fk_unit_membership_parent_id_unit')),
    sa.ForeignKeyConstraint(['unit_id'], ['unit.id'], name=op.f('fk_unit_membership_unit_id_unit')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_unit_membership')),
    sa.UniqueConstraint('unit_id', 'parent_id', name=op.f('uq_unit_membership_unit_id_parent_id'))
    )
    op.create_index(op.f('ix_unit_membership_parent_id'), 'unit_membership', ['parent_id'], unique=False)
    op.create_table('unit_succession',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('predecessor_id', sa.BigInteger(), nullable=False),
    sa.Column('successor_id', sa.BigInteger(), nullable=False),
    sa.Column('is_partial', sa.Boolean(), nullable=False),
    sa.ForeignKeyConstraint(['predecessor_id'], ['unit.id'], name=op.f('fk_unit_succession_predecessor_id_unit')),
    sa.ForeignKeyConstraint(['successor_id'], ['unit.id'], name=op.f('fk_unit_succession_successor_id_unit')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_unit_succession')),
    sa.UniqueConstraint('predecessor_id', 'successor_id', name=op.f('uq_unit_succession_predecessor_id_successor_id'))
    )
    op.create_index(op.f('ix_unit_succession_successor_id'), 'unit_succession', ['successor_id'], unique=False)
    op.create_table('web_session',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('token_hash', sa.Text(), nullable=False),
    sa.Column('staff_id', sa.BigInteger(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('last_seen_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('second_factor_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('revoked_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('user_agent', sa.Text(), server_default='', nullable=False),
    sa.ForeignKeyConstraint(['staff_id'], ['staff.id'], name=op.f('fk_web_session_staff_id_staff'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_web_session')),
    sa.UniqueConstraint('token_hash', name=op.f('uq_web_session_token_hash'))
    )
    op.create_index(op.f('ix_web_session_staff_id'), 'web_session', ['staff_id'], unique=False)
    op.create_table('chain_step',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('chain_version_id', sa.BigInteger(), nullable=False),
    sa.Column('level', sa.BigInteger(), nullable=False),
    sa.Column('post', sa.Text(), nullable=False),
    sa.Column('spec', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.ForeignKeyConstraint(['chain_version_id'], ['chain_version.id'], name=op.f('fk_chain_step_chain_version_id_chain_version')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_chain_step')),
    sa.UniqueConstraint('chain_version_id', 'level', name=op.f('uq_chain_step_chain_version_id_level'))
    )
    op.create_table('citizen_phone',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('citizen_id', sa.BigInteger(), nullable=False),
    sa.Column('phone', sa.Text(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['citizen_id'], ['citizen.id'], name=op.f('fk_citizen_phone_citizen_id_citizen'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_citizen_phone')),
    sa.UniqueConstraint('citizen_id', 'phone', name=op.f('uq_citizen_phone_citizen_id_phone'))
    )
    op.create_index(op.f('ix_citizen_phone_phone'), 'citizen_phone', ['phone'], unique=False)
    op.create_table('line',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('phone', sa.Text(), nullable=False),
    sa.Column('label', sa.Text(), nullable=False),
    sa.Column('office_id', sa.BigInteger(), nullable=False),
    sa.Column('is_city', sa.Boolean(), server_default=sa.text('false'), nullable=False),
    sa.Column('provider_account', sa.Text(), nullable=True),
    sa.Column('valid_from', sa.Date(), nullable=True),
    sa.Column('valid_to', sa.Date(), nullable=True),
    sa.ForeignKeyConstraint(['office_id'], ['one_stop_office.id'], name=op.f('fk_line_office_id_one_stop_office')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_line'))
    )
    op.create_index(op.f('ix_line_office_id'), 'line', ['office_id'], unique=False)
    op.create_index('uq_line_current_phone', 'line', ['phone'], unique=True, postgresql_where=sa.text('valid_to is null'))
    op.create_table('policy_version',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('policy_id', sa.BigInteger(), nullable=False),
    sa.Column('version', sa.BigInteger(), nullable=False),
    sa.Column('category_id', sa.BigInteger(), nullable=True),
    sa.Column('level', sa.Enum('ward', 'city', name='level', native_enum=False, create_constraint=True, length=40), nullable=True),
    sa.Column('unit_id', sa.BigInteger(), nullable=True),
    sa.Column('channel', sa.Enum('voice', 'sms', 'web', 'api', 'manual', name='channel', native_enum=False, create_constraint=True, length=40), nullable=True),
    sa.Column('legal_basis', sa.Text(), server_default='', nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('created_by_id', sa.BigInteger(), nullable=True),
    sa.Column('retired_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['category_id'], ['category.id'], name=op.f('fk_policy_version_category_id_category')),
    sa.ForeignKeyConstraint(['created_by_id'], ['staff.id'], name=op.f('fk_policy_version_created_by_id_staff')),
    sa.ForeignKeyConstraint(['policy_id'], ['policy.id'], name=op.f('fk_policy_version_policy_id_policy')),
    sa.ForeignKeyConstraint(['unit_id'], ['unit.id'], name=op.f('fk_policy_version_unit_id_unit')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_policy_version')),
    sa.UniqueConstraint('policy_id', 'version', name=op.f('uq_policy_version_policy_id_version'))
    )
    op.create_table('post_holding',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('post_id', sa.BigInteger(), nullable=False),
    sa.Column('staff_id', sa.BigInteger(), nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('valid_from', sa.DateTime(timezone=True), nullable=False),
    sa.Column('valid_to', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("kind in ('holder', 'deputy', 'duty')", name=op.f('ck_post_holding_kind')),
    sa.ForeignKeyConstraint(['post_id'], ['post.id'], name=op.f('fk_post_holding_post_id_post')),
    sa.ForeignKeyConstraint(['staff_id'], ['staff.id'], name=op.f('fk_post_holding_staff_id_staff')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_post_holding'))
    )
    op.create_index(op.f('ix_post_holding_post_id'), 'post_holding', ['post_id'], unique=False)
    op.create_index(op.f('ix_post_holding_staff_id'), 'post_holding', ['staff_id'], unique=False)
    op.create_table('shift',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('post_id', sa.BigInteger(), nullable=False),
    sa.Column('staff_id', sa.BigInteger(), nullable=False),
    sa.Column('starts_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('ends_at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint('ends_at > starts_at', name=op.f('ck_shift_range')),
    sa.ForeignKeyConstraint(['post_id'], ['post.id'], name=op.f('fk_shift_post_id_post')),
    sa.ForeignKeyConstraint(['staff_id'], ['staff.id'], name=op.f('fk_shift_staff_id_staff')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_shift'))
    )
    op.create_index(op.f('ix_shift_post_id'), 'shift', ['post_id'], unique=False)
    op.create_index(op.f('ix_shift_staff_id'), 'shift', ['staff_id'], unique=False)
    op.create_table('ticket',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('reference', sa.Text(), nullable=False),
    sa.Column('pin_salt', sa.LargeBinary(), nullable=False),
    sa.Column('subject', sa.Text(), nullable=False),
    sa.Column('body', sa.Text(), nullable=False),
    sa.Column('locale', sa.Text(), server_default='vi', nullable=False),
    sa.Column('status', sa.Enum('new', 'open', 'pending_citizen', 'pending_third_party', 'resolved', 'closed', 'withdrawn', 'spam', name='ticket_status', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('disposition', sa.Enum('answered', 'fixed', 'refused', 'other_law', 'duplicate', 'unreachable', name='disposition', native_enum=False, create_constraint=True, length=40), nullable=True),
    sa.Column('priority', sa.Enum('emergency', 'urgent', 'normal', name='priority', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('level', sa.Enum('ward', 'city', name='level', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('channel', sa.Enum('voice', 'sms', 'web', 'api', 'manual', name='channel', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('unit_id', sa.BigInteger(), nullable=False),
    sa.Column('queue_id', sa.BigInteger(), nullable=False),
    sa.Column('first_queue_id', sa.BigInteger(), nullable=False),
    sa.Column('coordinating_unit_id', sa.BigInteger(), nullable=True),
    sa.Column('assignee_id', sa.BigInteger(), nullable=True),
    sa.Column('citizen_id', sa.BigInteger(), nullable=True),
    sa.Column('reply_phone', sa.Text(), nullable=True),
    sa.Column('reply_email', sa.Text(), nullable=True),
    sa.Column('category_id', sa.BigInteger(), nullable=True),
    sa.Column('procedure_id', sa.BigInteger(), nullable=True),
    sa.Column('place_text', sa.Text(), server_default='', nullable=False),
    sa.Column('place_unit_id', sa.BigInteger(), nullable=True),
    sa.Column('place_outcome', sa.Enum('unique', 'split', 'ambiguous', 'none', name='place_outcome', native_enum=False, create_constraint=True, length=40), server_default='none', nullable=False),
    sa.Column('place_detail', postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
    sa.Column('residence', sa.Text(), server_default='', nullable=False),
    sa.Column('dossier_number', sa.Text(), nullable=True),
    sa.Column('dossier_due_on', sa.Date(), nullable=True),
    sa.Column('routing_reasons', postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'[]'"), nullable=False),
    sa.Column('is_restricted', sa.Boolean(), server_default=sa.text('false'), nullable=False),
    sa.Column('about_unit_id', sa.BigInteger(), nullable=True),
    sa.Column('is_canary', sa.Boolean(), server_default=sa.text('false'), nullable=False),
    sa.Column('is_simulated', sa.Boolean(), server_default=sa.text('false'), nullable=False),
    sa.Column('opened_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('first_answered_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('resolved_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('closed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('reopen_until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('wake_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('next_due_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('next_due_kind', sa.Text(), nullable=True),
    sa.Column('escalation_level', sa.BigInteger(), server_default=sa.text('0'), nullable=False),
    sa.Column('hop_count', sa.BigInteger(), server_default=sa.text('1'), nullable=False),
    sa.Column('reopen_count', sa.BigInteger(), server_default=sa.text('0'), nullable=False),
    sa.Column('rating', sa.BigInteger(), nullable=True),
    sa.Column('master_id', sa.BigInteger(), nullable=True),
    sa.Column('continues_id', sa.BigInteger(), nullable=True),
    sa.ForeignKeyConstraint(['about_unit_id'], ['unit.id'], name=op.f('fk_ticket_about_unit_id_unit')),
    sa.ForeignKeyConstraint(['assignee_id'], ['staff.id'], name=op.f('fk_ticket_assignee_id_staff')),
    sa.ForeignKeyConstraint(['category_id'], ['category.id'], name=op.f('fk_ticket_category_id_category')),
    sa.ForeignKeyConstraint(['citizen_id'], ['citizen.id'], name=op.f('fk_ticket_citizen_id_citizen')),
    sa.ForeignKeyConstraint(['continues_id'], ['ticket.id'], name=op.f('fk_ticket_continues_id_ticket')),
    sa.ForeignKeyConstraint(['coordinating_unit_id'], ['unit.id'], name=op.f('fk_ticket_coordinating_unit_id_unit')),
    sa.ForeignKeyConstraint(['first_queue_id'], ['queue.id'], name=op.f('fk_ticket_first_queue_id_queue')),
    sa.ForeignKeyConstraint(['master_id'], ['ticket.id'], name=op.f('fk_ticket_master_id_ticket')),
    sa.ForeignKeyConstraint(['place_unit_id'], ['unit.id'], name=op.f('fk_ticket_place_unit_id_unit')),
    sa.ForeignKeyConstraint(['procedure_id'], ['procedure.id'], name=op.f('fk_ticket_procedure_id_procedure')),
    sa.ForeignKeyConstraint(['queue_id'], ['queue.id'], name=op.f('fk_ticket_queue_id_queue')),
    sa.ForeignKeyConstraint(['unit_id'], ['unit.id'], name=op.f('fk_ticket_unit_id_unit')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_ticket')),
    sa.UniqueConstraint('reference', name=op.f('uq_ticket_reference'))
    )
    op.create_index('ix_ticket_assignee_finished', 'ticket', ['assignee_id', 'opened_at', 'id'], unique=False, postgresql_where=sa.text("status in ('resolved', 'closed')"))
    op.create_index('ix_ticket_assignee_unfinished', 'ticket', ['assignee_id', 'next_due_at', 'id'], unique=False, postgresql_where=sa.text("status in ('new', 'open', 'pending_citizen', 'pending_third_party')"))
    op.create_index('ix_ticket_canary', 'ticket', ['id'], unique=False, postgresql_where=sa.text('is_canary'))
    op.create_index(op.f('ix_ticket_citizen_id'), 'ticket', ['citizen_id'], unique=False)
    op.create_index('ix_ticket_close', 'ticket', ['reopen_until'], unique=False, postgresql_where=sa.text("status = 'resolved'"))
    op.create_index(op.f('ix_ticket_continues_id'), 'ticket', ['continues_id'], unique=False)
    op.create_index('ix_ticket_coordinating_finished', 'ticket', ['coordinating_unit_id', 'opened_at', 'id'], unique=False, postgresql_where=sa.text("coordinating_unit_id is not null and status in ('resolved', 'closed')"))
    op.create_index('ix_ticket_coordinating_unfinished', 'ticket', ['coordinating_unit_id', 'next_due_at', 'id'], unique=False, postgresql_where=sa.text("coordinating_unit_id is not null and status in ('new', 'open', 'pending_citizen', 'pending_third_party')"))
    op.create_index(op.f('ix_ticket_dossier_number'), 'ticket', ['dossier_number'], unique=False)
    op.create_index('ix_ticket_escalated', 'ticket', ['escalation_level', 'unit_id'], unique=False, postgresql_where=sa.text("escalation_level > 0 and status in ('new', 'open', 'pending_citizen', 'pending_third_party')"), postgresql_include=['id', 'is_restricted', 'is_canary', 'coordinating_unit_id'])
    op.create_index('ix_ticket_finished', 'ticket', ['opened_at', 'id'], unique=False, postgresql_where=sa.text("status in ('resolved', 'closed')"))
    op.create_index(op.f('ix_ticket_master_id'), 'ticket', ['master_id'], unique=False)
    op.create_index('ix_ticket_next_due', 'ticket', ['next_due_at', 'id'], unique=False, postgresql_where=sa.text("status in ('new', 'open', 'pending_citizen', 'pending_third_party')"))
    op.create_index(op.f('ix_ticket_opened_at'), 'ticket', ['opened_at'], unique=False)
    op.create_index('ix_ticket_queue_finished', 'ticket', ['queue_id', 'opened_at', 'id'], unique=False, postgresql_where=sa.text("status in ('resolved', 'closed')"))
    op.create_index('ix_ticket_queue_unfinished', 'ticket', ['queue_id', 'next_due_at', 'id'], unique=False, postgresql_where=sa.text("status in ('new', 'open', 'pending_citizen', 'pending_third_party')"))
    op.create_index(op.f('ix_ticket_reply_phone'), 'ticket', ['reply_phone'], unique=False)
    op.create_index('ix_ticket_status_unfinished', 'ticket', ['status', 'next_due_at', 'id'], unique=False, postgresql_where=sa.text("status in ('new', 'open', 'pending_citizen', 'pending_third_party')"))
    op.create_index('ix_ticket_unit_finished', 'ticket', ['unit_id', 'opened_at', 'id'], unique=False, postgresql_where=sa.text("status in ('resolved', 'closed')"))
    op.create_index('ix_ticket_unit_opened', 'ticket', ['unit_id', 'opened_at'], unique=False)
    op.create_index('ix_ticket_unit_unfinished', 'ticket', ['unit_id', 'next_due_at', 'id'], unique=False, postgresql_where=sa.text("status in ('new', 'open', 'pending_citizen', 'pending_third_party')"), postgresql_include=['assignee_id', 'opened_at', 'is_restricted', 'is_canary', 'coordinating_unit_id'])
    op.create_index('ix_ticket_unit_untaken', 'ticket', ['unit_id', 'next_due_at', 'id'], unique=False, postgresql_where=sa.text("assignee_id is null and status in ('new', 'open', 'pending_citizen', 'pending_third_party')"))
    op.create_index('ix_ticket_wake', 'ticket', ['wake_at'], unique=False, postgresql_where=sa.text('wake_at is not null'))
    op.create_table('contact',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('channel', sa.Enum('voice', 'sms', 'web', 'api', 'manual', name='channel', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('source_key', sa.Text(), nullable=False),
    sa.Column('arrived_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('citizen_id', sa.BigInteger(), nullable=True),
    sa.Column('ticket_id', sa.BigInteger(), nullable=True),
    sa.Column('line_id', sa.BigInteger(), nullable=True),
    sa.Column('phone', sa.Text(), nullable=True),
    sa.Column('phone_raw', sa.Text(), server_default='', nullable=False),
    sa.Column('is_simulated', sa.Boolean(), server_default=sa.text('false'), nullable=False),
    sa.ForeignKeyConstraint(['citizen_id'], ['citizen.id'], name=op.f('fk_contact_citizen_id_citizen')),
    sa.ForeignKeyConstraint(['line_id'], ['line.id'], name=op.f('fk_contact_line_id_line')),
    sa.ForeignKeyConstraint(['ticket_id'], ['ticket.id'], name=op.f('fk_contact_ticket_id_ticket')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_contact')),
    sa.UniqueConstraint('channel', 'source_key', name=op.f('uq_contact_channel_source_key'))
    )
    op.create_index(op.f('ix_contact_arrived_at'), 'contact', ['arrived_at'], unique=False)
    op.create_index(op.f('ix_contact_citizen_id'), 'contact', ['citizen_id'], unique=False)
    op.create_index(op.f('ix_contact_ticket_id'), 'contact', ['ticket_id'], unique=False)
    op.create_table('draft',
    sa.Column('staff_id', sa.BigInteger(), nullable=False),
    sa.Column('form', sa.Enum('new', 'reply', 'note', 'heard', 'transfer', 'return', 'third-party', 'reopen', 'set-aside', 'clear', 'priority', 'wrap-up', 'instruction', name='draft_form', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('about', sa.Text(), nullable=False),
    sa.Column('ticket_id', sa.BigInteger(), nullable=True),
    sa.Column('fields', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['staff_id'], ['staff.id'], name=op.f('fk_draft_staff_id_staff'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['ticket_id'], ['ticket.id'], name=op.f('fk_draft_ticket_id_ticket'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('staff_id', 'form', 'about', name=op.f('pk_draft'))
    )
    op.create_index(op.f('ix_draft_ticket_id'), 'draft', ['ticket_id'], unique=False)
    op.create_index(op.f('ix_draft_updated_at'), 'draft', ['updated_at'], unique=False)
    op.create_table('external_reference',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('ticket_id', sa.BigInteger(), nullable=False),
    sa.Column('system', sa.Text(), nullable=False),
    sa.Column('code', sa.Text(), nullable=False),
    sa.Column('state', sa.Text(), server_default='', nullable=False),
    sa.ForeignKeyConstraint(['ticket_id'], ['ticket.id'], name=op.f('fk_external_reference_ticket_id_ticket'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_external_reference')),
    sa.UniqueConstraint('system', 'code', name=op.f('uq_external_reference_system_code'))
    )
    op.create_index(op.f('ix_external_reference_ticket_id'), 'external_reference', ['ticket_id'], unique=False)
    op.create_table('idempotency_key',
    sa.Column('scope', sa.Text(), nullable=False),
    sa.Column('key', sa.Text(), nullable=False),
    sa.Column('fingerprint', sa.Text(), nullable=False),
    sa.Column('ticket_id', sa.BigInteger(), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['ticket_id'], ['ticket.id'], name=op.f('fk_idempotency_key_ticket_id_ticket')),
    sa.PrimaryKeyConstraint('scope', 'key', name=op.f('pk_idempotency_key'))
    )
    op.create_index(op.f('ix_idempotency_key_created_at'), 'idempotency_key', ['created_at'], unique=False)
    op.create_table('misroute',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('ticket_id', sa.BigInteger(), nullable=False),
    sa.Column('from_queue_id', sa.BigInteger(), nullable=False),
    sa.Column('to_queue_id', sa.BigInteger(), nullable=False),
    sa.Column('cause', sa.Text(), nullable=False),
    sa.Column('staff_id', sa.BigInteger(), nullable=True),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['from_queue_id'], ['queue.id'], name=op.f('fk_misroute_from_queue_id_queue')),
    sa.ForeignKeyConstraint(['staff_id'], ['staff.id'], name=op.f('fk_misroute_staff_id_staff')),
    sa.ForeignKeyConstraint(['ticket_id'], ['ticket.id'], name=op.f('fk_misroute_ticket_id_ticket'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['to_queue_id'], ['queue.id'], name=op.f('fk_misroute_to_queue_id_queue')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_misroute'))
    )
    op.create_index(op.f('ix_misroute_ticket_id'), 'misroute', ['ticket_id'], unique=False)
    op.create_table('outbound_message',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('dedup_key', sa.Text(), nullable=False),
    sa.Column('channel', sa.Enum('sms', 'email', 'voice', 'screen', name='outbound_channel', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('address', sa.Text(), nullable=False),
    sa.Column('staff_id', sa.BigInteger(), nullable=True),
    sa.Column('citizen_id', sa.BigInteger(), nullable=True),
    sa.Column('ticket_id', sa.BigInteger(), nullable=True),
    sa.Column('template', sa.Text(), nullable=False),
    sa.Column('params', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('locale', sa.Text(), nullable=False),
    sa.Column('is_urgent', sa.Boolean(), server_default=sa.text('false'), nullable=False),
    sa.Column('subject', sa.Text(), nullable=True),
    sa.Column('text', sa.Text(), nullable=True),
    sa.Column('state', sa.Enum('waiting', 'claimed', 'sent', 'delivered', 'failed', 'suppressed', 'uncertain', name='outbound_state', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('not_before', sa.DateTime(timezone=True), nullable=False),
    sa.Column('attempts', sa.BigInteger(), server_default=sa.text('0'), nullable=False),
    sa.Column('claimed_by', sa.Text(), nullable=True),
    sa.Column('lease_until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('provider_account', sa.Text(), nullable=True),
    sa.Column('provider_sid', sa.Text(), nullable=True),
    sa.Column('provider_status', sa.Text(), server_default='', nullable=False),
    sa.Column('status_rank', sa.BigInteger(), server_default=sa.text('-1'), nullable=False),
    sa.Column('segments', sa.BigInteger(), nullable=True),
    sa.Column('sent_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('delivered_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('read_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('error_code', sa.Text(), server_default='', nullable=False),
    sa.Column('error', sa.Text(), server_default='', nullable=False),
    sa.Column('gathered_into_id', sa.BigInteger(), nullable=True),
    sa.ForeignKeyConstraint(['citizen_id'], ['citizen.id'], name=op.f('fk_outbound_message_citizen_id_citizen')),
    sa.ForeignKeyConstraint(['gathered_into_id'], ['outbound_message.id'], name=op.f('fk_outbound_message_gathered_into_id_outbound_message')),
    sa.ForeignKeyConstraint(['staff_id'], ['staff.id'], name=op.f('fk_outbound_message_staff_id_staff')),
    sa.ForeignKeyConstraint(['ticket_id'], ['ticket.id'], name=op.f('fk_outbound_message_ticket_id_ticket'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_outbound_message')),
    sa.UniqueConstraint('dedup_key', name=op.f('uq_outbound_message_dedup_key'))
    )
    op.create_index('ix_outbound_message_due', 'outbound_message', ['not_before', 'id'], unique=False, postgresql_where=sa.text("state in ('waiting', 'claimed')"))
    op.create_index('ix_outbound_message_failed', 'outbound_message', ['id'], unique=False, postgresql_where=sa.text("state in ('failed', 'uncertain')"))
    op.create_index('ix_outbound_message_screen', 'outbound_message', ['staff_id', 'id'], unique=False, postgresql_where=sa.text("channel = 'screen'"))
    op.create_index(op.f('ix_outbound_message_ticket_id'), 'outbound_message', ['ticket_id'], unique=False)
    op.create_index('uq_outbound_message_sid', 'outbound_message', ['provider_account', 'provider_sid'], unique=True)
    op.create_table('policy_row',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('policy_version_id', sa.BigInteger(), nullable=False),
    sa.Column('priority', sa.Enum('emergency', 'urgent', 'normal', name='priority', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('clock', sa.Enum('accept', 'first', 'next', 'update', 'resolve', 'dispute', 'appeal', name='clock_kind', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('target_seconds', sa.BigInteger(), nullable=False),
    sa.Column('calendar_version_id', sa.BigInteger(), nullable=False),
    sa.Column('chain_version_id', sa.BigInteger(), nullable=True),
    sa.Column('warn', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('pauses_for_third_party', sa.Boolean(), server_default=sa.text('false'), nullable=False),
    sa.Column('pause_cap_factor', sa.Double(), server_default=sa.text('2'), nullable=False),
    sa.ForeignKeyConstraint(['calendar_version_id'], ['calendar_version.id'], name=op.f('fk_policy_row_calendar_version_id_calendar_version')),
    sa.ForeignKeyConstraint(['chain_version_id'], ['chain_version.id'], name=op.f('fk_policy_row_chain_version_id_chain_version')),
    sa.ForeignKeyConstraint(['policy_version_id'], ['policy_version.id'], name=op.f('fk_policy_row_policy_version_id_policy_version')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_policy_row')),
    sa.UniqueConstraint('policy_version_id', 'priority', 'clock', name=op.f('uq_policy_row_policy_version_id_priority_clock'))
    )
    op.create_table('queue_hop',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('ticket_id', sa.BigInteger(), nullable=False),
    sa.Column('number', sa.BigInteger(), nullable=False),
    sa.Column('queue_id', sa.BigInteger(), nullable=False),
    sa.Column('entered_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('left_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('cause', sa.Text(), nullable=False),
    sa.ForeignKeyConstraint(['queue_id'], ['queue.id'], name=op.f('fk_queue_hop_queue_id_queue')),
    sa.ForeignKeyConstraint(['ticket_id'], ['ticket.id'], name=op.f('fk_queue_hop_ticket_id_ticket'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_queue_hop')),
    sa.UniqueConstraint('ticket_id', 'number', name=op.f('uq_queue_hop_ticket_id_number'))
    )
    op.create_index(op.f('ix_queue_hop_queue_id'), 'queue_hop', ['queue_id'], unique=False)
    op.create_table('ticket_access',
    sa.Column('ticket_id', sa.BigInteger(), nullable=False),
    sa.Column('staff_id', sa.BigInteger(), nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['staff_id'], ['staff.id'], name=op.f('fk_ticket_access_staff_id_staff')),
    sa.ForeignKeyConstraint(['ticket_id'], ['ticket.id'], name=op.f('fk_ticket_access_ticket_id_ticket'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('ticket_id', 'staff_id', name=op.f('pk_ticket_access'))
    )
    op.create_index(op.f('ix_ticket_access_staff_id'), 'ticket_access', ['staff_id'], unique=False)
    op.create_table('ticket_search',
    sa.Column('ticket_id', sa.BigInteger(), nullable=False),
    sa.Column('words', postgresql.TSVECTOR(), nullable=False),
    sa.ForeignKeyConstraint(['ticket_id'], ['ticket.id'], name=op.f('fk_ticket_search_ticket_id_ticket'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('ticket_id', name=op.f('pk_ticket_search'))
    )
    op.create_index('ix_ticket_search_words', 'ticket_search', ['words'], unique=False, postgresql_using='gin')
    op.create_table('ticket_viewer',
    sa.Column('ticket_id', sa.BigInteger(), nullable=False),
    sa.Column('staff_id', sa.BigInteger(), nullable=False),
    sa.Column('seen_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('typing_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['staff_id'], ['staff.id'], name=op.f('fk_ticket_viewer_staff_id_staff'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['ticket_id'], ['ticket.id'], name=op.f('fk_ticket_viewer_ticket_id_ticket'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('ticket_id', 'staff_id', name=op.f('pk_ticket_viewer'))
    )
    op.create_table('call',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('account', sa.Text(), nullable=False),
    sa.Column('call_sid', sa.Text(), nullable=False),
    sa.Column('direction', sa.Text(), server_default='inbound', nullable=False),
    sa.Column('contact_id', sa.BigInteger(), nullable=True),
    sa.Column('citizen_id', sa.BigInteger(), nullable=True),
    sa.Column('ticket_id', sa.BigInteger(), nullable=True),
    sa.Column('line_id', sa.BigInteger(), nullable=True),
    sa.Column('phone', sa.Text(), nullable=True),
    sa.Column('phone_raw', sa.Text(), server_default='', nullable=False),
    sa.Column('locale', sa.Text(), server_default='vi', nullable=False),
    sa.Column('state', sa.Enum('greeting', 'menu', 'place', 'queued', 'offered', 'talking', 'voicemail', 'callback', 'status', 'failsafe', 'ended', name='call_state', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('state_since', sa.DateTime(timezone=True), nullable=False),
    sa.Column('state_until', sa.DateTime(timezone=True), nullable=False),
    sa.Column('turn', sa.BigInteger(), server_default=sa.text('0'), nullable=False),
    sa.Column('wrong_keys', sa.BigInteger(), server_default=sa.text('0'), nullable=False),
    sa.Column('silences', sa.BigInteger(), server_default=sa.text('0'), nullable=False),
    sa.Column('menu_choice', sa.Text(), server_default='', nullable=False),
    sa.Column('detail', postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
    sa.Column('place_outcome', sa.Enum('unique', 'split', 'ambiguous', 'none', name='place_outcome', native_enum=False, create_constraint=True, length=40), server_default='none', nullable=False),
    sa.Column('unit_id', sa.BigInteger(), nullable=True),
    sa.Column('provider_status', sa.Text(), server_default='', nullable=False),
    sa.Column('status_rank', sa.BigInteger(), server_default=sa.text('-1'), nullable=False),
    sa.Column('arrived_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('queued_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('answered_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('abandoned_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('flowout_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('flowout_kind', sa.Text(), server_default='', nullable=False),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('hold_since', sa.DateTime(timezone=True), nullable=True),
    sa.Column('hold_seconds', sa.BigInteger(), server_default=sa.text('0'), nullable=False),
    sa.Column('wrapped_up_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('agent_id', sa.BigInteger(), nullable=True),
    sa.Column('last_position', sa.BigInteger(), nullable=True),
    sa.Column('offers', sa.BigInteger(), server_default=sa.text('0'), nullable=False),
    sa.Column('is_simulated', sa.Boolean(), server_default=sa.text('false'), nullable=False),
    sa.ForeignKeyConstraint(['agent_id'], ['staff.id'], name=op.f('fk_call_agent_id_staff')),
    sa.ForeignKeyConstraint(['citizen_id'], ['citizen.id'], name=op.f('fk_call_citizen_id_citizen')),
    sa.ForeignKeyConstraint(['contact_id'], ['contact.id'], name=op.f('fk_call_contact_id_contact')),
    sa.ForeignKeyConstraint(['line_id'], ['line.id'], name=op.f('fk_call_line_id_line')),
    sa.ForeignKeyConstraint(['ticket_id'], ['ticket.id'], name=op.f('fk_call_ticket_id_ticket')),
    sa.ForeignKeyConstraint(['unit_id'], ['unit.id'], name=op.f('fk_call_unit_id_unit')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_call')),
    sa.UniqueConstraint('account', 'call_sid', name=op.f('uq_call_account_call_sid'))
    )
    op.create_index(op.f('ix_call_agent_id'), 'call', ['agent_id'], unique=False)
    op.create_index(op.f('ix_call_arrived_at'), 'call', ['arrived_at'], unique=False)
    op.create_index(op.f('ix_call_citizen_id'), 'call', ['citizen_id'], unique=False)
    op.create_index(op.f('ix_call_contact_id'), 'call', ['contact_id'], unique=False)
    op.create_index('ix_call_live', 'call', ['state_until'], unique=False, postgresql_where=sa.text("state <> 'ended'"))
    op.create_index(op.f('ix_call_phone'), 'call', ['phone'], unique=False)
    op.create_index(op.f('ix_call_ticket_id'), 'call', ['ticket_id'], unique=False)
    op.create_index('ix_call_waiting', 'call', ['queued_at', 'id'], unique=False, postgresql_where=sa.text("state in ('queued', 'offered')"))
    op.create_table('clock',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('ticket_id', sa.BigInteger(), nullable=False),
    sa.Column('kind', sa.Enum('accept', 'first', 'next', 'update', 'resolve', 'dispute', 'appeal', name='clock_kind', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('cycle', sa.BigInteger(), nullable=False),
    sa.Column('status', sa.Enum('running', 'paused', 'met', 'missed', 'cancelled', name='clock_status', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('policy_row_id', sa.BigInteger(), nullable=False),
    sa.Column('calendar_version_id', sa.BigInteger(), nullable=False),
    sa.Column('chain_version_id', sa.BigInteger(), nullable=True),
    sa.Column('target_seconds', sa.BigInteger(), nullable=False),
    sa.Column('consumed_seconds', sa.BigInteger(), server_default=sa.text('0'), nullable=False),
    sa.Column('granted_seconds', sa.BigInteger(), server_default=sa.text('0'), nullable=False),
    sa.Column('started_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('running_since', sa.DateTime(timezone=True), nullable=True),
    sa.Column('due_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('stopped_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('breached_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('breach_cause', sa.Text(), server_default='', nullable=False),
    sa.Column('paused_since', sa.DateTime(timezone=True), nullable=True),
    sa.Column('paused_seconds', sa.BigInteger(), server_default=sa.text('0'), nullable=False),
    sa.Column('manual_due_reason', sa.Text(), server_default='', nullable=False),
    sa.Column('cancel_reason', sa.Text(), server_default='', nullable=False),
    sa.Column('was_reopened', sa.Boolean(), server_default=sa.text('false'), nullable=False),
    sa.Column('due_unit_id', sa.BigInteger(), nullable=True),
    sa.Column('stopped_unit_id', sa.BigInteger(), nullable=True),
    sa.Column('history', postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'[]'"), nullable=False),
    sa.ForeignKeyConstraint(['calendar_version_id'], ['calendar_version.id'], name=op.f('fk_clock_calendar_version_id_calendar_version')),
    sa.ForeignKeyConstraint(['chain_version_id'], ['chain_version.id'], name=op.f('fk_clock_chain_version_id_chain_version')),
    sa.ForeignKeyConstraint(['due_unit_id'], ['unit.id'], name=op.f('fk_clock_due_unit_id_unit')),
    sa.ForeignKeyConstraint(['policy_row_id'], ['policy_row.id'], name=op.f('fk_clock_policy_row_id_policy_row')),
    sa.ForeignKeyConstraint(['stopped_unit_id'], ['unit.id'], name=op.f('fk_clock_stopped_unit_id_unit')),
    sa.ForeignKeyConstraint(['ticket_id'], ['ticket.id'], name=op.f('fk_clock_ticket_id_ticket'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_clock')),
    sa.UniqueConstraint('ticket_id', 'kind', 'cycle', name=op.f('uq_clock_ticket_id_kind_cycle'))
    )
    op.create_index('ix_clock_cancelled', 'clock', ['started_at'], unique=False, postgresql_where=sa.text("status = 'cancelled'"))
    op.create_index('ix_clock_running', 'clock', ['ticket_id', 'id'], unique=False, postgresql_where=sa.text("status = 'running'"), postgresql_include=['due_at', 'kind', 'breach_cause'])
    op.create_index('ix_clock_running_due', 'clock', ['due_at'], unique=False, postgresql_where=sa.text("status = 'running'"))
    op.create_index('ix_clock_stopped_at', 'clock', ['stopped_at'], unique=False, postgresql_where=sa.text('stopped_at is not null'))
    op.create_table('inbound_sms',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('account', sa.Text(), nullable=False),
    sa.Column('message_sid', sa.Text(), nullable=False),
    sa.Column('phone', sa.Text(), nullable=True),
    sa.Column('phone_raw', sa.Text(), nullable=False),
    sa.Column('to_phone', sa.Text(), nullable=False),
    sa.Column('body', sa.Text(), nullable=False),
    sa.Column('intent', sa.Text(), nullable=False),
    sa.Column('received_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('contact_id', sa.BigInteger(), nullable=True),
    sa.Column('ticket_id', sa.BigInteger(), nullable=True),
    sa.Column('answer', sa.Text(), server_default='', nullable=False),
    sa.ForeignKeyConstraint(['contact_id'], ['contact.id'], name=op.f('fk_inbound_sms_contact_id_contact')),
    sa.ForeignKeyConstraint(['ticket_id'], ['ticket.id'], name=op.f('fk_inbound_sms_ticket_id_ticket')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_inbound_sms')),
    sa.UniqueConstraint('account', 'message_sid', name=op.f('uq_inbound_sms_account_message_sid'))
    )
    op.create_index(op.f('ix_inbound_sms_phone'), 'inbound_sms', ['phone'], unique=False)
    op.create_index(op.f('ix_inbound_sms_ticket_id'), 'inbound_sms', ['ticket_id'], unique=False)
    op.create_table('message',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('ticket_id', sa.BigInteger(), nullable=False),
    sa.Column('direction', sa.Text(), nullable=False),
    sa.Column('channel', sa.Enum('voice', 'sms', 'web', 'api', 'manual', name='channel', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('body', sa.Text(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('staff_id', sa.BigInteger(), nullable=True),
    sa.Column('contact_id', sa.BigInteger(), nullable=True),
    sa.Column('outbound_id', sa.BigInteger(), nullable=True),
    sa.CheckConstraint("direction in ('in', 'out')", name=op.f('ck_message_direction')),
    sa.ForeignKeyConstraint(['contact_id'], ['contact.id'], name=op.f('fk_message_contact_id_contact')),
    sa.ForeignKeyConstraint(['outbound_id'], ['outbound_message.id'], name=op.f('fk_message_outbound_id_outbound_message')),
    sa.ForeignKeyConstraint(['staff_id'], ['staff.id'], name=op.f('fk_message_staff_id_staff')),
    sa.ForeignKeyConstraint(['ticket_id'], ['ticket.id'], name=op.f('fk_message_ticket_id_ticket'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_message'))
    )
    op.create_index('ix_message_ticket_id_id', 'message', ['ticket_id', 'id'], unique=False)
    op.create_table('attachment',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('public_id', sa.Uuid(), nullable=False),
    sa.Column('ticket_id', sa.BigInteger(), nullable=False),
    sa.Column('message_id', sa.BigInteger(), nullable=True),
    sa.Column('staff_id', sa.BigInteger(), nullable=True),
    sa.Column('file_name', sa.Text(), nullable=False),
    sa.Column('media_type', sa.Text(), nullable=False),
    sa.Column('size_bytes', sa.BigInteger(), nullable=False),
    sa.Column('sha256', sa.Text(), nullable=False),
    sa.Column('storage_key', sa.Text(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['message_id'], ['message.id'], name=op.f('fk_attachment_message_id_message')),
    sa.ForeignKeyConstraint(['staff_id'], ['staff.id'], name=op.f('fk_attachment_staff_id_staff')),
    sa.ForeignKeyConstraint(['ticket_id'], ['ticket.id'], name=op.f('fk_attachment_ticket_id_ticket'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_attachment')),
    sa.UniqueConstraint('public_id', name=op.f('uq_attachment_public_id'))
    )
    op.create_index(op.f('ix_attachment_ticket_id'), 'attachment', ['ticket_id'], unique=False)
    op.create_table('call_leg',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('call_id', sa.BigInteger(), nullable=False),
    sa.Column('account', sa.Text(), nullable=False),
    sa.Column('call_sid', sa.Text(), nullable=False),
    sa.Column('staff_id', sa.BigInteger(), nullable=True),
    sa.Column('provider_status', sa.Text(), server_default='', nullable=False),
    sa.Column('status_rank', sa.BigInteger(), server_default=sa.text('-1'), nullable=False),
    sa.Column('started_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['call_id'], ['call.id'], name=op.f('fk_call_leg_call_id_call'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['staff_id'], ['staff.id'], name=op.f('fk_call_leg_staff_id_staff')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_call_leg')),
    sa.UniqueConstraint('account', 'call_sid', name=op.f('uq_call_leg_account_call_sid'))
    )
    op.create_index(op.f('ix_call_leg_call_id'), 'call_leg', ['call_id'], unique=False)
    op.create_table('callback_request',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('once_key', sa.Text(), nullable=False),
    sa.Column('call_id', sa.BigInteger(), nullable=True),
    sa.Column('citizen_id', sa.BigInteger(), nullable=True),
    sa.Column('ticket_id', sa.BigInteger(), nullable=True),
    sa.Column('unit_id', sa.BigInteger(), nullable=True),
    sa.Column('phone', sa.Text(), nullable=True),
    sa.Column('reason', sa.Enum('requested', 'missed', 'nobody_on_duty', 'dropped', name='callback_reason', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('state', sa.Enum('open', 'claimed', 'done', 'closed', name='callback_state', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('order_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('staff_id', sa.BigInteger(), nullable=True),
    sa.Column('claimed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('done_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('outcome', sa.Text(), server_default='', nullable=False),
    sa.ForeignKeyConstraint(['call_id'], ['call.id'], name=op.f('fk_callback_request_call_id_call')),
    sa.ForeignKeyConstraint(['citizen_id'], ['citizen.id'], name=op.f('fk_callback_request_citizen_id_citizen')),
    sa.ForeignKeyConstraint(['staff_id'], ['staff.id'], name=op.f('fk_callback_request_staff_id_staff')),
    sa.ForeignKeyConstraint(['ticket_id'], ['ticket.id'], name=op.f('fk_callback_request_ticket_id_ticket')),
    sa.ForeignKeyConstraint(['unit_id'], ['unit.id'], name=op.f('fk_callback_request_unit_id_unit')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_callback_request')),
    sa.UniqueConstraint('once_key', name=op.f('uq_callback_request_once_key'))
    )
    op.create_index(op.f('ix_callback_request_call_id'), 'callback_request', ['call_id'], unique=False)
    op.create_index('ix_callback_request_open', 'callback_request', ['order_at'], unique=False, postgresql_where=sa.text("state in ('open', 'claimed')"))
    op.create_index(op.f('ix_callback_request_ticket_id'), 'callback_request', ['ticket_id'], unique=False)
    op.create_table('clock_interval',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('clock_id', sa.BigInteger(), nullable=False),
    sa.Column('from_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('to_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['clock_id'], ['clock.id'], name=op.f('fk_clock_interval_clock_id_clock'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_clock_interval'))
    )
    op.create_index(op.f('ix_clock_interval_clock_id'), 'clock_interval', ['clock_id'], unique=False)
    op.create_table('offer',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('call_id', sa.BigInteger(), nullable=False),
    sa.Column('staff_id', sa.BigInteger(), nullable=False),
    sa.Column('offered_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('outcome', sa.Enum('answered', 'declined', 'expired', 'withdrawn', name='offer_outcome', native_enum=False, create_constraint=True, length=40), nullable=True),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['call_id'], ['call.id'], name=op.f('fk_offer_call_id_call'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['staff_id'], ['staff.id'], name=op.f('fk_offer_staff_id_staff')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_offer'))
    )
    op.create_index(op.f('ix_offer_call_id'), 'offer', ['call_id'], unique=False)
    op.create_index(op.f('ix_offer_staff_id'), 'offer', ['staff_id'], unique=False)
    op.create_index('uq_offer_open_call', 'offer', ['call_id'], unique=True, postgresql_where=sa.text('outcome is null'))
    op.create_index('uq_offer_open_staff', 'offer', ['staff_id'], unique=True, postgresql_where=sa.text('outcome is null'))
    op.create_table('planned_step',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('ticket_id', sa.BigInteger(), nullable=False),
    sa.Column('clock_id', sa.BigInteger(), nullable=False),
    sa.Column('kind', sa.Enum('warning', 'level', name='step_kind', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('rank', sa.BigInteger(), nullable=False),
    sa.Column('plan', sa.BigInteger(), server_default=sa.text('1'), nullable=False),
    sa.Column('chain_step_id', sa.BigInteger(), nullable=True),
    sa.Column('planned_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('due_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('fired_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('result', sa.Enum('notified', 'superseded', 'merged', 'void', 'nobody', name='step_result', native_enum=False, create_constraint=True, length=40), nullable=True),
    sa.Column('unit_id', sa.BigInteger(), nullable=True),
    sa.Column('detail', postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
    sa.ForeignKeyConstraint(['chain_step_id'], ['chain_step.id'], name=op.f('fk_planned_step_chain_step_id_chain_step')),
    sa.ForeignKeyConstraint(['clock_id'], ['clock.id'], name=op.f('fk_planned_step_clock_id_clock'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['ticket_id'], ['ticket.id'], name=op.f('fk_planned_step_ticket_id_ticket'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['unit_id'], ['unit.id'], name=op.f('fk_planned_step_unit_id_unit')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_planned_step')),
    sa.UniqueConstraint('clock_id', 'kind', 'rank', 'plan', name=op.f('uq_planned_step_clock_id_kind_rank_plan'))
    )
    op.create_index('ix_planned_step_due', 'planned_step', ['planned_at', 'ticket_id'], unique=False, postgresql_where=sa.text('fired_at is null'))
    op.create_index('ix_planned_step_fired', 'planned_step', ['fired_at'], unique=False, postgresql_where=sa.text('fired_at is not null'))
    op.create_index('ix_planned_step_raised', 'planned_step', ['clock_id', 'rank'], unique=False, postgresql_where=sa.text("kind = 'level' and fired_at is not null and result <> 'void'"), postgresql_include=['due_at', 'id'])
    op.create_index('ix_planned_step_ticket_id', 'planned_step', ['ticket_id'], unique=False)
    op.create_index('ix_planned_step_warned', 'planned_step', ['due_at'], unique=False, postgresql_where=sa.text("kind = 'warning' and fired_at is not null"), postgresql_include=['clock_id', 'ticket_id', 'rank'])
    op.create_table('presence',
    sa.Column('staff_id', sa.BigInteger(), nullable=False),
    sa.Column('state', sa.Enum('offline', 'available', 'offered', 'on_call', 'wrap_up', 'away', name='presence_state', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('since', sa.DateTime(timezone=True), nullable=False),
    sa.Column('reason', sa.Text(), server_default='', nullable=False),
    sa.Column('heartbeat_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('idle_since', sa.DateTime(timezone=True), nullable=True),
    sa.Column('missed_offers', sa.BigInteger(), server_default=sa.text('0'), nullable=False),
    sa.Column('call_id', sa.BigInteger(), nullable=True),
    sa.Column('wrap_up_until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('phone', sa.Text(), server_default='', nullable=False),
    sa.ForeignKeyConstraint(['call_id'], ['call.id'], name=op.f('fk_presence_call_id_call')),
    sa.ForeignKeyConstraint(['staff_id'], ['staff.id'], name=op.f('fk_presence_staff_id_staff'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('staff_id', name=op.f('pk_presence'))
    )
    op.create_table('recording',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('account', sa.Text(), nullable=False),
    sa.Column('recording_sid', sa.Text(), nullable=False),
    sa.Column('call_id', sa.BigInteger(), nullable=True),
    sa.Column('ticket_id', sa.BigInteger(), nullable=True),
    sa.Column('kind', sa.Enum('voicemail', 'conversation', 'place', name='recording_kind', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('state', sa.Enum('in_progress', 'completed', 'fetched', 'absent', 'failed', name='recording_state', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('duration_seconds', sa.BigInteger(), nullable=True),
    sa.Column('storage_key', sa.Text(), nullable=True),
    sa.Column('media_type', sa.Text(), nullable=True),
    sa.Column('size_bytes', sa.BigInteger(), nullable=True),
    sa.Column('sha256', sa.Text(), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('fetched_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('provider_deleted_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('attempts', sa.BigInteger(), server_default=sa.text('0'), nullable=False),
    sa.Column('next_attempt_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['call_id'], ['call.id'], name=op.f('fk_recording_call_id_call')),
    sa.ForeignKeyConstraint(['ticket_id'], ['ticket.id'], name=op.f('fk_recording_ticket_id_ticket')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_recording')),
    sa.UniqueConstraint('account', 'recording_sid', name=op.f('uq_recording_account_recording_sid'))
    )
    op.create_index(op.f('ix_recording_call_id'), 'recording', ['call_id'], unique=False)
    op.create_index(op.f('ix_recording_ticket_id'), 'recording', ['ticket_id'], unique=False)
    op.create_table('timeline_entry',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('ticket_id', sa.BigInteger(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('kind', sa.Enum('opened', 'routed', 'message_in', 'message_out', 'note', 'call', 'claimed', 'assigned', 'transferred', 'returned', 'status', 'held', 'woken', 'resolved', 'reopened', 'changed', 'due_changed', 'warned', 'breached', 'escalated', 'acknowledged', 'attached', 'contact', 'not_solved', 'rated', 'restricted', name='timeline_kind', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('actor_kind', sa.Enum('citizen', 'staff', 'system', 'token', name='actor_kind', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('staff_id', sa.BigInteger(), nullable=True),
    sa.Column('is_public', sa.Boolean(), nullable=False),
    sa.Column('body', sa.Text(), server_default='', nullable=False),
    sa.Column('params', postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
    sa.Column('message_id', sa.BigInteger(), nullable=True),
    sa.ForeignKeyConstraint(['message_id'], ['message.id'], name=op.f('fk_timeline_entry_message_id_message')),
    sa.ForeignKeyConstraint(['staff_id'], ['staff.id'], name=op.f('fk_timeline_entry_staff_id_staff')),
    sa.ForeignKeyConstraint(['ticket_id'], ['ticket.id'], name=op.f('fk_timeline_entry_ticket_id_ticket'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_timeline_entry'))
    )
    op.create_index('ix_timeline_entry_ticket_id_id', 'timeline_entry', ['ticket_id', 'id'], unique=False)
    op.create_table('acknowledgement',
    sa.Column('step_id', sa.BigInteger(), nullable=False),
    sa.Column('ticket_id', sa.BigInteger(), nullable=False),
    sa.Column('staff_id', sa.BigInteger(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('via', sa.Text(), nullable=False),
    sa.Column('instruction', sa.Text(), server_default='', nullable=False),
    sa.Column('new_due_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('holds_until', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['staff_id'], ['staff.id'], name=op.f('fk_acknowledgement_staff_id_staff')),
    sa.ForeignKeyConstraint(['step_id'], ['planned_step.id'], name=op.f('fk_acknowledgement_step_id_planned_step'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['ticket_id'], ['ticket.id'], name=op.f('fk_acknowledgement_ticket_id_ticket'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('step_id', name=op.f('pk_acknowledgement'))
    )
    op.create_index('ix_acknowledgement_staff_id_at', 'acknowledgement', ['staff_id', 'at'], unique=False)
    op.create_index(op.f('ix_acknowledgement_ticket_id'), 'acknowledgement', ['ticket_id'], unique=False)
    op.create_table('step_recipient',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('step_id', sa.BigInteger(), nullable=False),
    sa.Column('staff_id', sa.BigInteger(), nullable=False),
    sa.Column('post_id', sa.BigInteger(), nullable=True),
    sa.Column('capacity', sa.Text(), nullable=False),
    sa.Column('told_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('read_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('reply_code', sa.Text(), nullable=False),
    sa.ForeignKeyConstraint(['post_id'], ['post.id'], name=op.f('fk_step_recipient_post_id_post')),
    sa.ForeignKeyConstraint(['staff_id'], ['staff.id'], name=op.f('fk_step_recipient_staff_id_staff')),
    sa.ForeignKeyConstraint(['step_id'], ['planned_step.id'], name=op.f('fk_step_recipient_step_id_planned_step'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_step_recipient')),
    sa.UniqueConstraint('step_id', 'staff_id', name=op.f('uq_step_recipient_step_id_staff_id'))
    )
    op.create_index('ix_step_recipient_staff_id_reply_code', 'step_recipient', ['staff_id', 'reply_code'], unique=False)
    for year in range(2025, 2051):
        op.execute(f"create sequence ticket_number_{year} maxvalue 9999999")
    op.execute('create sequence reference_moved')
    op.execute('insert into reference_version (id) values (1)')
    op.execute("create function rules_have_moved() returns trigger language plpgsql as 'begin update reference_version set rules = nextval(''reference_moved''); return null; end'")
    op.execute("create function places_have_moved() returns trigger language plpgsql as 'begin update reference_version set rules = nextval(''reference_moved''), places = nextval(''reference_moved''); return null; end'")
    op.execute('create trigger rules_have_moved after insert or update or delete on one_stop_office for each statement execute function rules_have_moved()')
    op.execute('create trigger rules_have_moved after insert or update or delete on line for each statement execute function rules_have_moved()')
    op.execute('create trigger rules_have_moved after insert or update or delete on queue for each statement execute function rules_have_moved()')
    op.execute('create trigger rules_have_moved after insert or update or delete on category for each statement execute function rules_have_moved()')
    op.execute('create trigger rules_have_moved after insert or update or delete on procedure for each statement execute function rules_have_moved()')
    op.execute('create trigger rules_have_moved after insert or update or delete on policy for each statement execute function rules_have_moved()')
    op.execute('create trigger rules_have_moved after insert or update or delete on policy_version for each statement execute function rules_have_moved()')
    op.execute('create trigger rules_have_moved after insert or update or delete on policy_row for each statement execute function rules_have_moved()')
    op.execute('create trigger rules_have_moved after insert or update or delete on chain for each statement execute function rules_have_moved()')
    op.execute('create trigger rules_have_moved after insert or update or delete on chain_version for each statement execute function rules_have_moved()')
    op.execute('create trigger rules_have_moved after insert or update or delete on chain_step for each statement execute function rules_have_moved()')
    op.execute('create trigger rules_have_moved after insert or update or delete on calendar for each statement execute function rules_have_moved()')
    op.execute('create trigger rules_have_moved after insert or update or delete on calendar_version for each statement execute function rules_have_moved()')
    op.execute('create trigger places_have_moved after insert or update or delete on unit for each statement execute function places_have_moved()')
    op.execute('create trigger places_have_moved after insert or update or delete on unit_succession for each statement execute function places_have_moved()')
    op.execute('create trigger places_have_moved after insert or update or delete on unit_membership for each statement execute function places_have_moved()')


def downgrade() -> None:
    op.drop_index('ix_step_recipient_staff_id_reply_code', table_name='step_recipient')
    op.drop_table('step_recipient')
    op.drop_index(op.f('ix_acknowledgement_ticket_id'), table_name='acknowledgement')
    op.drop_index('ix_acknowledgement_staff_id_at', table_name='acknowledgement')
    op.drop_table('acknowledgement')
    op.drop_index('ix_timeline_entry_ticket_id_id', table_name='timeline_entry')
    op.drop_table('timeline_entry')
    op.drop_index(op.f('ix_recording_ticket_id'), table_name='recording')
    op.drop_index(op.f('ix_recording_call_id'), table_name='recording')
    op.drop_table('recording')
    op.drop_table('presence')
    op.drop_index('ix_planned_step_warned', table_name='planned_step', postgresql_where=sa.text("kind = 'warning' and fired_at is not null"), postgresql_include=['clock_id', 'ticket_id', 'rank'])
    op.drop_index('ix_planned_step_ticket_id', table_name='planned_step')
    op.drop_index('ix_planned_step_raised', table_name='planned_step', postgresql_where=sa.text("kind = 'level' and fired_at is not null and result <> 'void'"), postgresql_include=['due_at', 'id'])
    op.drop_index('ix_planned_step_fired', table_name='planned_step', postgresql_where=sa.text('fired_at is not null'))
    op.drop_index('ix_planned_step_due', table_name='planned_step', postgresql_where=sa.text('fired_at is null'))
    op.drop_table('planned_step')
    op.drop_index('uq_offer_open_staff', table_name='offer', postgresql_where=sa.text('outcome is null'))
    op.drop_index('uq_offer_open_call', table_name='offer', postgresql_where=sa.text('outcome is null'))
    op.drop_index(op.f('ix_offer_staff_id'), table_name='offer')
    op.drop_index(op.f('ix_offer_call_id'), table_name='offer')
    op.drop_table('offer')
    op.drop_index(op.f('ix_clock_interval_clock_id'), table_name='clock_interval')
    op.drop_table('clock_interval')
    op.drop_index(op.f('ix_callback_request_ticket_id'), table_name='callback_request')
    op.drop_index('ix_callback_request_open', table_name='callback_request', postgresql_where=sa.text("state in ('open', 'claimed')"))
    op.drop_index(op.f('ix_callback_request_call_id'), table_name='callback_request')
    op.drop_table('callback_request')
    op.drop_index(op.f('ix_call_leg_call_id'), table_name='call_leg')
    op.drop_table('call_leg')
    op.drop_index(op.f('ix_attachment_ticket_id'), table_name='attachment')
    op.drop_table('attachment')
    op.drop_index('ix_message_ticket_id_id', table_name='message')
    op.drop_table('message')
    op.drop_index(op.f('ix_inbound_sms_ticket_id'), table_name='inbound_sms')
    op.drop_index(op.f('ix_inbound_sms_phone'), table_name='inbound_sms')
    op.drop_table('inbound_sms')
    op.drop_index('ix_clock_stopped_at', table_name='clock', postgresql_where=sa.text('stopped_at is not null'))
    op.drop_index('ix_clock_running_due', table_name='clock', postgresql_where=sa.text("status = 'running'"))
    op.drop_index('ix_clock_running', table_name='clock', postgresql_where=sa.text("status = 'running'"), postgresql_include=['due_at', 'kind', 'breach_cause'])
    op.drop_index('ix_clock_cancelled', table_name='clock', postgresql_where=sa.text("status = 'cancelled'"))
    op.drop_table('clock')
    op.drop_index('ix_call_waiting', table_name='call', postgresql_where=sa.text("state in ('queued', 'offered')"))
    op.drop_index(op.f('ix_call_ticket_id'), table_name='call')
    op.drop_index(op.f('ix_call_phone'), table_name='call')
    op.drop_index('ix_call_live', table_name='call', postgresql_where=sa.text("state <> 'ended'"))
    op.drop_index(op.f('ix_call_contact_id'), table_name='call')
    op.drop_index(op.f('ix_call_citizen_id'), table_name='call')
    op.drop_index(op.f('ix_call_arrived_at'), table_name='call')
    op.drop_index(op.f('ix_call_agent_id'), table_name='call')
    op.drop_table('call')
    op.drop_table('ticket_viewer')
    op.drop_index('ix_ticket_search_words', table_name='ticket_search', postgresql_using='gin')
    op.drop_table('ticket_search')
    op.drop_index(op.f('ix_ticket_access_staff_id'), table_name='ticket_access')
    op.drop_table('ticket_access')
    op.drop_index(op.f('ix_queue_hop_queue_id'), table_name='queue_hop')
    op.drop_table('queue_hop')
    op.drop_table('policy_row')
    op.drop_index('uq_outbound_message_sid', table_name='outbound_message')
    op.drop_index(op.f('ix_outbound_message_ticket_id'), table_name='outbound_message')
    op.drop_index('ix_outbound_message_screen', table_name='outbound_message', postgresql_where=sa.text("channel = 'screen'"))
    op.drop_index('ix_outbound_message_failed', table_name='outbound_message', postgresql_where=sa.text("state in ('failed', 'uncertain')"))
    op.drop_index('ix_outbound_message_due', table_name='outbound_message', postgresql_where=sa.text("state in ('waiting', 'claimed')"))
    op.drop_table('outbound_message')
    op.drop_index(op.f('ix_misroute_ticket_id'), table_name='misroute')
    op.drop_table('misroute')
    op.drop_index(op.f('ix_idempotency_key_created_at'), table_name='idempotency_key')
    op.drop_table('idempotency_key')
    op.drop_index(op.f('ix_external_reference_ticket_id'), table_name='external_reference')
    op.drop_table('external_reference')
    op.drop_index(op.f('ix_draft_updated_at'), table_name='draft')
    op.drop_index(op.f('ix_draft_ticket_id'), table_name='draft')
    op.drop_table('draft')
    op.drop_index(op.f('ix_contact_ticket_id'), table_name='contact')
    op.drop_index(op.f('ix_contact_citizen_id'), table_name='contact')
    op.drop_index(op.f('ix_contact_arrived_at'), table_name='contact')
    op.drop_table('contact')
    op.drop_index('ix_ticket_wake', table_name='ticket', postgresql_where=sa.text('wake_at is not null'))
    op.drop_index('ix_ticket_unit_untaken', table_name='ticket', postgresql_where=sa.text("assignee_id is null and status in ('new', 'open', 'pending_citizen', 'pending_third_party')"))
    op.drop_index('ix_ticket_unit_unfinished', table_name='ticket', postgresql_where=sa.text("status in ('new', 'open', 'pending_citizen', 'pending_third_party')"), postgresql_include=['assignee_id', 'opened_at', 'is_restricted', 'is_canary', 'coordinating_unit_id'])
    op.drop_index('ix_ticket_unit_opened', table_name='ticket')
    op.drop_index('ix_ticket_unit_finished', table_name='ticket', postgresql_where=sa.text("status in ('resolved', 'closed')"))
    op.drop_index('ix_ticket_status_unfinished', table_name='ticket', postgresql_where=sa.text("status in ('new', 'open', 'pending_citizen', 'pending_third_party')"))
    op.drop_index(op.f('ix_ticket_reply_phone'), table_name='ticket')
    op.drop_index('ix_ticket_queue_unfinished', table_name='ticket', postgresql_where=sa.text("status in ('new', 'open', 'pending_citizen', 'pending_third_party')"))
    op.drop_index('ix_ticket_queue_finished', table_name='ticket', postgresql_where=sa.text("status in ('resolved', 'closed')"))
    op.drop_index(op.f('ix_ticket_opened_at'), table_name='ticket')
    op.drop_index('ix_ticket_next_due', table_name='ticket', postgresql_where=sa.text("status in ('new', 'open', 'pending_citizen', 'pending_third_party')"))
    op.drop_index(op.f('ix_ticket_master_id'), table_name='ticket')
    op.drop_index('ix_ticket_finished', table_name='ticket', postgresql_where=sa.text("status in ('resolved', 'closed')"))
    op.drop_index('ix_ticket_escalated', table_name='ticket', postgresql_where=sa.text("escalation_level > 0 and status in ('new', 'open', 'pending_citizen', 'pending_third_party')"), postgresql_include=['id', 'is_restricted', 'is_canary', 'coordinating_unit_id'])
    op.drop_index(op.f('ix_ticket_dossier_number'), table_name='ticket')
    op.drop_index('ix_ticket_coordinating_unfinished', table_name='ticket', postgresql_where=sa.text("coordinating_unit_id is not null and status in ('new', 'open', 'pending_citizen', 'pending_third_party')"))
    op.drop_index('ix_ticket_coordinating_finished', table_name='ticket', postgresql_where=sa.text("coordinating_unit_id is not null and status in ('resolved', 'closed')"))
    op.drop_index(op.f('ix_ticket_continues_id'), table_name='ticket')
    op.drop_index('ix_ticket_close', table_name='ticket', postgresql_where=sa.text("status = 'resolved'"))
    op.drop_index(op.f('ix_ticket_citizen_id'), table_name='ticket')
    op.drop_index('ix_ticket_canary', table_name='ticket', postgresql_where=sa.text('is_canary'))
    op.drop_index('ix_ticket_assignee_unfinished', table_name='ticket', postgresql_where=sa.text("status in ('new', 'open', 'pending_citizen', 'pending_third_party')"))
    op.drop_index('ix_ticket_assignee_finished', table_name='ticket', postgresql_where=sa.text("status in ('resolved', 'closed')"))
    op.drop_table('ticket')
    op.drop_index(op.f('ix_shift_staff_id'), table_name='shift')
    op.drop_index(op.f('ix_shift_post_id'), table_name='shift')
    op.drop_table('shift')
    op.drop_index(op.f('ix_post_holding_staff_id'), table_name='post_holding')
    op.drop_index(op.f('ix_post_holding_post_id'), table_name='post_holding')
    op.drop_table('post_holding')
    op.drop_table('policy_version')
    op.drop_index('uq_line_current_phone', table_name='line', postgresql_where=sa.text('valid_to is null'))
    op.drop_index(op.f('ix_line_office_id'), table_name='line')
    op.drop_table('line')
    op.drop_index(op.f('ix_citizen_phone_phone'), table_name='citizen_phone')
    op.drop_table('citizen_phone')
    op.drop_table('chain_step')
    op.drop_index(op.f('ix_web_session_staff_id'), table_name='web_session')
    op.drop_table('web_session')
    op.drop_index(op.f('ix_unit_succession_successor_id'), table_name='unit_succession')
    op.drop_table('unit_succession')
    op.drop_index(op.f('ix_unit_membership_parent_id'), table_name='unit_membership')
    op.drop_table('unit_membership')
    op.drop_index(op.f('ix_role_assignment_unit_id'), table_name='role_assignment')
    op.drop_index(op.f('ix_role_assignment_staff_id'), table_name='role_assignment')
    op.drop_table('role_assignment')
    op.drop_index(op.f('ix_responsibility_staff_id'), table_name='responsibility')
    op.drop_table('responsibility')
    op.drop_table('queue')
    op.drop_table('procedure')
    op.drop_table('post')
    op.drop_index(op.f('ix_one_time_link_staff_id'), table_name='one_time_link')
    op.drop_table('one_time_link')
    op.drop_index(op.f('ix_one_stop_office_unit_id'), table_name='one_stop_office')
    op.drop_table('one_stop_office')
    op.drop_index(op.f('ix_citizen_email'), table_name='citizen')
    op.drop_table('citizen')
    op.drop_table('chain_version')
    op.drop_index(op.f('ix_category_parent_id'), table_name='category')
    op.drop_table('category')
    op.drop_table('calendar_version')
    op.drop_table('api_token')
    op.drop_index(op.f('ix_webhook_refusal_at'), table_name='webhook_refusal')
    op.drop_table('webhook_refusal')
    op.drop_index(op.f('ix_webhook_event_received_at'), table_name='webhook_event')
    op.drop_table('webhook_event')
    op.drop_index(op.f('ix_unit_parent_id'), table_name='unit')
    op.drop_index('ix_unit_current_code', table_name='unit', postgresql_where=sa.text('valid_to is null'))
    op.drop_index(op.f('ix_unit_code'), table_name='unit')
    op.drop_table('unit')
    op.drop_index('uq_staff_email', table_name='staff')
    op.drop_table('staff')
    op.drop_table('reference_version')
    op.drop_table('process_beat')
    op.drop_table('policy')
    op.drop_table('pin_guard')
    op.drop_table('phone_preference')
    op.drop_table('outage')
    op.drop_table('holiday')
    op.drop_table('client_fault')
    op.drop_table('chain')
    op.drop_table('calendar')
    op.drop_table('audit_seal')
    op.drop_index(op.f('ix_audit_entry_ticket_id'), table_name='audit_entry')
    op.drop_index(op.f('ix_audit_entry_at'), table_name='audit_entry')
    op.drop_table('audit_entry')
