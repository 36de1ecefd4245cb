#!/bin/sh
# Fill each template with the variables that the environment has, and with no others.
set -e

defined=$(awk 'END { for (name in ENVIRON) printf "${%s} ", name }' </dev/null)
for template in /etc/nginx/templates/*.template; do
    name=$(basename "$template" .template)
    envsubst "$defined" <"$template" >"/etc/nginx/conf.d/$name"
done
