#!/usr/bin/env bash
# Make the cluster if there is none, run /docker-entrypoint-initdb.d once, then start the server.
set -Eeo pipefail

prepare_folders() {
    mkdir -p "$PGDATA" /run/postgresql
    chmod 00700 "$PGDATA" || :
    find "$PGDATA" /run/postgresql ! -user postgres -exec chown postgres '{}' +
}

run_scripts() {
    local script
    for script; do
        case "$script" in
            *.sh) . "$script" ;;
            *.sql) psql -v ON_ERROR_STOP=1 --quiet --no-psqlrc -d "$POSTGRES_DB" -f "$script" ;;
            *.sql.gz) gunzip -c "$script" | psql --quiet --no-psqlrc -d "$POSTGRES_DB" ;;
        esac
    done
}

first_start() {
    initdb --username=postgres --auth=trust >/dev/null
    pg_ctl -w -o "-c listen_addresses=''" start >/dev/null
    psql --quiet --no-psqlrc -d postgres -c "CREATE DATABASE \"$POSTGRES_DB\""
    run_scripts /docker-entrypoint-initdb.d/*
    pg_ctl -m fast -w stop >/dev/null
}

main() {
    if [ "${1:0:1}" = '-' ]; then
        set -- postgres "$@"
    fi
    if [ "$1" = 'postgres' ]; then
        if [ "$(id -u)" = '0' ]; then
            prepare_folders
            exec gosu postgres "$BASH_SOURCE" "$@"
        fi
        export PGUSER=postgres
        if [ ! -s "$PGDATA/PG_VERSION" ]; then
            first_start
        fi
    fi
    exec "$@"
}

main "$@"
