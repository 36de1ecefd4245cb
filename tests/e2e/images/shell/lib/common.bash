die() {
    printf 'night: %s\n' "$*" >&2
    exit 65
}

scratch() {
    SCRATCH=$(mktemp -d)
    trap 'rm -rf "$SCRATCH"' EXIT
}

job_sum() {
    awk -F, 'NR > 1 { sum += $3 } END { print "sum: " sum }' sales.csv
}

job_top() {
    tail -n +2 sales.csv | cut -d, -f2 | sort | uniq -c | sort -rn | head -n 1 | sed -E 's/^ +//'
}
