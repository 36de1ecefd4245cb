job_guess() {
    file --brief --mime-type shops.json
    file --brief "$(readlink -f /bin/sh)" | cut -d' ' -f1
    stat -c '%a' sales.csv
    seq 3 | tac | tee /dev/stderr 2>/dev/null | head -1
    diff -q sales.csv shops.json || true
}
