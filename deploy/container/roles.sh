#!/bin/sh
# Run once by the database's container, on an empty volume: two roles, so that the application cannot rewrite its own
# audit trail.
set -eu
psql -v ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres \
    -v owner="$HOTLINE_OWNER_PASSWORD" -v app="$HOTLINE_APP_PASSWORD" <<'SQL'
create role hotline_owner login password :'owner';
create role hotline_app login password :'app';
create database hotline owner hotline_owner;
SQL
