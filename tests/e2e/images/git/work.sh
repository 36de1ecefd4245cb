#!/bin/sh
# work serve|clone|gc|archive|patch|bisect|submodule: what the shop does with its repository.
set -eu

copy() {
    folder=$(mktemp -d)
    git clone --quiet file:///srv/shop.git "$folder/shop"
    cd "$folder/shop"
}

case "${1:-serve}" in
    serve)
        exec git daemon --reuseaddr --listen="$HOST" --port="$PORT" --export-all --base-path=/srv
        ;;
    clone)
        copy
        git log --format=%s
        ;;
    gc)
        copy
        git gc --quiet
        git fsck
        git count-objects -v | sed -n 's/^packs: //p'
        ;;
    archive)
        copy
        git archive --format=tar.gz HEAD | tar -tzf -
        ;;
    patch)
        copy
        git format-patch --quiet -1 -o ../patches
        git reset --quiet --hard HEAD~1
        git am --quiet ../patches/*
        git log -1 --format=%s
        ;;
    bisect)
        copy
        git bisect start HEAD HEAD~2 >/dev/null
        git bisect run sh -c '! grep -q lamp products.txt' | grep 'first bad commit' | cut -d' ' -f2-
        ;;
    submodule)
        copy
        git -c protocol.file.allow=always submodule --quiet add file:///srv/shop.git part
        git submodule status | awk '{ print $2 }'
        ;;
    rebase)
        copy
        git checkout --quiet -b side HEAD~1
        echo side >side.txt
        git add side.txt
        git commit --quiet -m 'Add side'
        git rebase --quiet main
        git log --format=%s -2
        ;;
    *)
        echo "work: no such job: $1" >&2
        exit 2
        ;;
esac
