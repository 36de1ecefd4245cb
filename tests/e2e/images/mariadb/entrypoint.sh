#!/bin/bash
# Make the system tables if there are none, run /docker-entrypoint-initdb.d once, start the server.
set -eo pipefail
shopt -s nullglob

DATA=/var/lib/mysql
SOCKET=/run/mysqld/mysqld.sock

note() {
    printf '%s [entrypoint]: %s\n' "$(date --rfc-3339=seconds)" "$*"
}

client() {
    mariadb --user=root --protocol=socket --socket="$SOCKET" "$@"
}

wait_for_server() {
    local i
    for i in {60..0}; do
        if client -e 'SELECT 1' >/dev/null 2>&1; then
            return
        fi
        sleep 0.3
    done
    note 'the server did not start' >&2
    exit 1
}

run_scripts() {
    local script
    for script; do
        case "$script" in
            *.sh) . "$script" ;;
            *.sql) client "$MARIADB_DATABASE" <"$script" ;;
            *.sql.gz) gunzip -c "$script" | client "$MARIADB_DATABASE" ;;
            *) note "ignoring $script" ;;
        esac
    done
}

first_start() {
    note 'making the tables'
    mariadb-install-db --datadir="$DATA" --auth-root-authentication-method=normal \
        --skip-test-db --cross-bootstrap >/dev/null
    mariadbd --skip-networking --socket="$SOCKET" &
    wait_for_server
    client -e "CREATE DATABASE \`$MARIADB_DATABASE\`"
    mariadb-tzinfo-to-sql /usr/share/zoneinfo/Europe/Lisbon Europe/Lisbon |
        sed 's/Local time zone must be set--see zic manual page/FCTY/' | client mysql
    run_scripts /docker-entrypoint-initdb.d/*
    mariadb-admin --user=root --socket="$SOCKET" shutdown
    wait
}

if [ "${1:0:1}" = '-' ]; then
    set -- mariadbd "$@"
fi
if [ "$1" = 'mariadbd' ]; then
    if [ "$(id -u)" = '0' ]; then
        find "$DATA" /run/mysqld \! -user mysql -exec chown mysql: '{}' +
        exec gosu mysql "$0" "$@"
    fi
    if [ ! -d "$DATA/mysql" ]; then
        first_start
    fi
fi
exec "$@"
