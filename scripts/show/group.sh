# ./run: a group. Its tracker, three members who join by its link, and a folder that one publishes by
# name and the others fetch by name, while the tracker knows who has which piece.

say 'The tracker of a group'
free_port
"$shoal" tracker --data "$work/tracker" --listen "127.0.0.1:$port" --interval 10 --no-shell \
    >"$work/tracker.log" 2>"$work/tracker.log.err" &
pids+=($!)
tracker=$(line_of "$work/tracker.log" ready $!)
link=$(line_of "$work/tracker.log" join $!)
echo "$tracker"
echo "join link  $link"

say 'Three members join by the link'
# Everybody has a password of their own, as people have.
password() { head -c 12 /dev/urandom | base64; }
# What was made on the spot travels slowly enough to be watched.
limits=()
[ "$shared" != "$work/Bài giảng tuần 1" ] || limits=(--max-up 80M)
for member in An Binh Chi; do
    SHOAL_PASSWORD=$(password) "$shoal" peer --join "$link" --user "$member" --data "$work/$member" \
        --listen 127.0.0.1:0 --web 127.0.0.1:0 --no-shell "${limits[@]}" \
        >"$work/$member.log" 2>"$work/$member.log.err" &
    pids+=($!)
    line_of "$work/$member.log" ready $! >/dev/null
    echo "$member  $(line_of "$work/$member.log" peer $!)"
done

say "An publishes '$name'"
"$shoal" publish "$shared" --data "$work/An"

say 'Binh and Chi fetch it by that name, from An and from each other'
begin=$(date +%s%N)
fetchers=()
for member in Binh Chi; do
    "$shoal" fetch "$name" --data "$work/$member" >"$work/$member.fetch" 2>&1 &
    fetchers+=($!)
    pids+=($!)
done
# Who has which piece, as the tracker knows it, until both have all.
while kill -0 "${fetchers[0]}" 2>/dev/null || kill -0 "${fetchers[1]}" 2>/dev/null; do
    "$shoal" list pieces --data "$work/An" | cut -c1-100
    sleep 1
done
for i in 0 1; do
    wait "${fetchers[$i]}" || { cat "$work"/*.fetch >&2; die 'a fetch failed'; }
done
printf 'both together in %d ms\n' $((($(date +%s%N) - begin) / 1000000))
"$shoal" list files --data "$work/Chi"

compare copy "$work/Binh/downloads/$name" "$work/Chi/downloads/$name"

if $once; then exit 0; fi
say 'It stays open until Ctrl-C'
echo "tracker     $tracker"
echo "join it     $shoal peer --join '$link' --user NAME --data /tmp/my-peer"
echo "look at it  $shoal list pieces --data $work/An"
echo "in a browser, for a minute:"
for member in An Binh Chi; do
    echo "  $member's page  $("$shoal" open --no-browser --data "$work/$member")"
done
echo "  the tracker's page  $tracker"
wait
