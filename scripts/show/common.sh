# What both shows of ./run share: a work folder that goes with them, processes that end with them, and
# the comparison at the end. Sets: work, pids.

work=$(mktemp -d "${TMPDIR:-/tmp}/shoal-run-XXXXXX")
pids=()
clean_up() {
    for pid in "${pids[@]}"; do kill -INT "$pid" 2>/dev/null || true; done
    for pid in "${pids[@]}"; do wait "$pid" 2>/dev/null || true; done
    rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 0' INT TERM

# One file or folder: how many files, and one hash over all names and contents.
tree_of() {
    (cd "$1" && find . -type f -print0 | sort -z | xargs -0r sha256sum) >"$work/listing"
    printf '%6d files   tree %s\n' "$(wc -l <"$work/listing")" \
        "$(sha256sum <"$work/listing" | cut -c1-32)"
}

# Waits until a line that begins with a word stands in a log, and prints the rest of it.
line_of() {
    local log=$1 word=$2 pid=$3
    for _ in $(seq 600); do
        if grep -q "^$word " "$log" 2>/dev/null; then sed -n "s/^$word //p" "$log" | head -1; return; fi
        kill -0 "$pid" 2>/dev/null || { cat "$log" "$log.err" >&2; die "it ended before it was $word"; }
        sleep 0.1
    done
    die "no word '$word' within a minute"
}

# Makes a folder as users have them, if none was named, and says how large it is.
make_shared() {
    if [ -z "$shared" ]; then
        say 'Making a folder to share'
        shared=$work/'Bài giảng tuần 1'
        mkdir -p "$shared/Ảnh chụp" "$shared/ghi chú"
        for file in 'Bài giảng.mp4' 'Thực hành số 1.iso'; do
            head -c $((192 << 20)) /dev/urandom >"$shared/$file"
        done
        head -c 3000000 /dev/urandom >"$shared/đề cương.pdf"
        : >"$shared/tệp rỗng.txt"
        for i in $(seq -w 200); do
            head -c $((1000 + 10#$i * 37)) /dev/urandom >"$shared/Ảnh chụp/ảnh $i.jpg"
        done
        for i in $(seq 20); do
            echo "Ghi chú $i: chia sẻ cùng nhau" >"$shared/ghi chú/ghi chú $i.txt"
        done
    fi
    name=$(basename "$shared")
    du -sh -- "$shared"
}

# The port that was asked for, or any free one where that is taken.
free_port() {
    if (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then port=0; fi
}

# compare NAME COPY... - each copy of the shared file or folder with the original; NAME goes before
# the number of each. A single file is compared as a folder that holds it alone.
compare() {
    local label=$1 number=0 different=0 copy got wanted
    shift
    say 'Compared byte for byte'
    wanted=$(tree_of_one "$shared")
    echo "original $wanted"
    for copy in "$@"; do
        number=$((number + 1))
        got=$(tree_of_one "$copy")
        echo "$label $number   $got"
        diff -r -q -- "$shared" "$copy" || different=1
        [ "$got" = "$wanted" ] || different=1
    done
    [ "$different" = 0 ] || die 'a copy differs'
    echo 'all the same'
}
tree_of_one() {
    if [ -d "$1" ]; then tree_of "$1"; return; fi
    rm -rf "$work/alone"
    mkdir "$work/alone"
    ln "$1" "$work/alone/$name" 2>/dev/null || cp -- "$1" "$work/alone/$name"
    tree_of "$work/alone"
}
