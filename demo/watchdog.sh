# Ends a test server and removes its directory ($1) when the test process, which
# holds the other end of standard input, is gone.
read -r _

pid=$(head -n 1 "$1/postgres/data/postmaster.pid") && kill -QUIT "$pid" && {
	n=0
	while kill -0 "$pid" && [ "$n" -lt 200 ]; do
		sleep 0.05
		n=$((n + 1))
	done
}

# An initdb caught halfway still writes, until it misses its directory.
n=0
until rm -rf "$1" || [ "$n" -ge 20 ]; do
	sleep 0.1
	n=$((n + 1))
done
[ ! -e "$1" ]
