#!/bin/sh
# Write nginx's site for this host and port, then hand over.
set -eu
mkdir -p /run/php
envsubst '$HOST $PORT' </etc/nginx/site.template >/etc/nginx/sites-enabled/site.conf
exec "$@"
