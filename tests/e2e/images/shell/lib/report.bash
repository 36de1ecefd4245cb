job_report() {
    jq -r '.shops | sort_by(.name) | .[].name' shops.json | paste -sd' '
    echo "scale=2; 10/3" | bc
    TZ=Pacific/Auckland date -d @1719835200 '+%H:%M %Z'
    printf '%s\n' ä | iconv -f UTF-8 -t IBM850 | od -An -tx1 | tr -d ' \n'
    echo
    comm -12 <(cut -d, -f2 sales.csv | sort -u) <(printf 'kettle\nzebra\n')
    md5sum </dev/null | cut -c1-8
}
