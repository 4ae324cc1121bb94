# ./run --open: an open tracker, a peer that seeds a torrent, and two that download it from whoever
# has it.

say 'The tracker'
free_port
"$shoal" tracker --access open --listen "127.0.0.1:$port" --no-shell >"$work/tracker" 2>"$work/tracker.err" &
pids+=($!)
tracker=$(line_of "$work/tracker" ready $!)
echo "$tracker"

say 'The torrent'
"$shoal" create "$shared" -o "$work/shared.torrent" --tracker "$tracker/announce"

say 'A peer that shares it'
"$shoal" seed "$work/shared.torrent" "$shared" --listen 127.0.0.1:0 >"$work/seed" 2>"$work/seed.err" &
pids+=($!)
echo "peer A shares at $(line_of "$work/seed" ready $!)"

say 'Two peers that fetch it, from A and from each other'
begin=$(date +%s%N)
fetchers=()
for peer in B C; do
    "$shoal" download "$work/shared.torrent" -o "$work/$peer" --listen 127.0.0.1:0 --seed --json \
        >"$work/log-$peer" 2>"$work/log-$peer.err" &
    pids+=($!)
    fetchers+=($!)
done
# The last value of a number in a peer's events.
last() { { grep -o "\"$2\":[0-9]*" "$1" || true; } | tail -1 | cut -d: -f2; }
for _ in $(seq 36000); do
    complete=0
    for peer in B C; do
        log=$work/log-$peer
        if grep -q '"event":"complete"' "$log"; then complete=$((complete + 1)); fi
        if grep -q '"event":"error"' "$log"; then cat "$log.err" >&2; exit 1; fi
    done
    for pid in "${fetchers[@]}"; do kill -0 "$pid" 2>/dev/null || { cat "$work"/log-*.err >&2; die 'a peer ended early'; }; done
    if [ "$complete" = 2 ]; then break; fi
    for peer in B C; do
        log=$work/log-$peer have=$(last "$work/log-$peer" have) total=$(last "$work/log-$peer" total)
        if [ -n "$have" ] && [ "${total:-0}" -gt 0 ]; then
            printf 'peer %s  %3d %%  %4d MiB/s   ' "$peer" $((have * 100 / total)) $(($(last "$log" down) >> 20))
        fi
    done
    printf '\r'
    sleep 0.2
done
[ "$complete" = 2 ] || die 'not complete after two hours'
for peer in B C; do
    printf 'peer %s  complete after %s s                              \n' "$peer" \
        "$(grep "\"event\":\"complete\"" "$work/log-$peer" | sed "s/.*\"seconds\":\([^},]*\).*/\1/" | awk "{ printf \"%.1f\", \$1 }")"
done
printf 'both together in %d ms\n' $((($(date +%s%N) - begin) / 1000000))

compare peer "$work/B/$name" "$work/C/$name"

if $once; then exit 0; fi
say 'It stays open until Ctrl-C'
echo "tracker $tracker      torrent $work/shared.torrent"
echo "fetch it again:  $shoal download $work/shared.torrent -o /tmp/copy"
wait
