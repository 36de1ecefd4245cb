#!/bin/sh
# As many workers as there are processors, if asked for.
set -e

[ "${NGINX_TUNE_WORKERS:-}" ] || exit 0
sed -i "s/^worker_processes .*/worker_processes $(nproc);/" /etc/nginx/nginx.conf
