job_pack() {
    scratch
    find . -type f -name '*.csv' -exec cp '{}' "$SCRATCH" ';'
    find "$SCRATCH" -name '*.csv' -print0 | xargs -0 gzip -9
    tar -C "$SCRATCH" -cJf "$SCRATCH.tar.xz" .
    tar -tf "$SCRATCH.tar.xz" | grep -c 'csv\.gz$'
    zcat "$SCRATCH"/sales.csv.gz | wc -l
}
