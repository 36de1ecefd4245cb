#!/bin/sh
# Make the bare repository $1 with three commits and a tag.
set -eu
git config --system safe.directory '*'
git config --system user.name 'The Shop'
git config --system user.email shop@example.org
git config --system init.defaultBranch main
scratch=$(mktemp -d)
git init --quiet "$scratch"
cd "$scratch"
for item in kettle blanket lamp; do
    echo "$item" >>products.txt
    git add products.txt
    git commit --quiet -m "Add $item"
done
git tag -a v1 -m 'First shop'
git clone --quiet --bare "$scratch" "$1"
rm -rf "$scratch"
