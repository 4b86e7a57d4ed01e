# Two commands are enough: make demo and make test. Both do all their own set-up.

.DEFAULT_GOAL := help
.PHONY: help demo test soak bench faults lint build procfile node axe setup clean

PACE ?=

help: ## list the targets
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

demo: setup build ## try it on this machine; PACE=10s makes a course week last ten seconds
	bin/course demo $(if $(PACE),--pace $(PACE))

test: setup lint axe ## run every test, with the race detector, after the linters
	go test -race -timeout 15m ./...

# WORLDS=1 FIRST=seed plays one world again.
soak: export WORLDS ?= 10000
soak: setup ## ten thousand worlds, and ten times the faults; SEED=N throws the same dice again
	go test -run TestWorlds -timeout 10h ./course
	SOAK=1 go test -timeout 2h -run '^TestRow' ./cmd/course

bench: setup ## measure sending, and the site, against their limits; BENCH_QUEUED=1000000 for a longer queue
	dir=$$(sh tools/postfix.sh) && PATH="$$PATH:$$dir" go test -run '^$$' -bench "SendPath|Door" -benchtime 1x -timeout 1h ./cmd/course

faults: ## print the faults that delivery must survive, and the tests that prove each
	@go run tools/faults.go

lint: ## check form and likely mistakes
	test -z "$$(gofmt -l .)" || { gofmt -l .; exit 1; }
	go vet ./...
	go vet tools/faults.go
	go run tools/faults.go >/dev/null
	go tool -modfile=tools/go.mod staticcheck ./...

build: ## make bin/course
	go build -o bin/course ./cmd/course

procfile: setup build node ## run the Procfile as a hosting platform would; needs DATABASE_URL and SMTP_URL
	tools/node_modules/.bin/nf run bin/course migrate
	COURSE_LISTEN=127.0.0.1:8080 tools/node_modules/.bin/nf start web,worker

node: tools/node_modules/.package-lock.json
tools/node_modules/.package-lock.json: tools/package-lock.json
	npm --prefix tools ci --silent --no-audit --no-fund && touch $@

# Where there is no npm, the tests that want axe-core skip and say so.
axe:
	@if command -v npm >/dev/null; then $(MAKE) --silent node || echo "without axe-core: npm could not fetch it" >&2; fi

setup:
	@sh tools/postgres.sh

clean:
	rm -rf bin
