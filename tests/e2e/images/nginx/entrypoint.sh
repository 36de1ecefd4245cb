#!/bin/sh
# Before nginx starts, run what is in /docker-entrypoint.d, in order.
set -e

if [ "$1" = nginx ]; then
    find /docker-entrypoint.d -follow -type f -name '*.sh' | sort -V | while read -r script; do
        if [ -x "$script" ]; then
            echo "entrypoint: $script"
            "$script"
        fi
    done
fi
exec "$@"
