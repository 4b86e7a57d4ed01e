# Two commands are enough: make demo and make test. Both do all their own set-up.

.DEFAULT_GOAL := help
.PHONY: help demo test soak-worlds bench lint build procfile node setup clean

PACE ?=

help: ## list the targets
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

demo: setup build ## try it on this machine; PACE=10s makes a course week last ten seconds
	bin/course demo $(if $(PACE),--pace $(PACE))

test: setup lint ## run every test, with the race detector, after the linters
	go test -race -timeout 15m ./...

# WORLDS=1 FIRST=seed plays one world again.
soak-worlds: export WORLDS ?= 10000
soak-worlds: setup
	cd course && go test -run TestWorlds -timeout 10h

bench: setup ## run the benchmarks
	go test -run '^$$' -bench . -benchmem ./...

lint: ## check form and likely mistakes
	test -z "$$(gofmt -l .)" || { gofmt -l .; exit 1; }
	go vet ./...
	go tool -modfile=tools/go.mod staticcheck ./...

build: ## make bin/course
	go build -o bin/course ./cmd/course

procfile: setup build node ## run the Procfile as a hosting platform would; needs DATABASE_URL and SMTP_URL
	tools/node_modules/.bin/nf run bin/course migrate
	COURSE_LISTEN=127.0.0.1:8080 tools/node_modules/.bin/nf start web,worker

node: tools/node_modules/.bin/nf
tools/node_modules/.bin/nf: tools/package-lock.json
	npm --prefix tools ci --silent --no-audit --no-fund && touch $@

setup:
	@sh tools/postgres.sh

clean:
	rm -rf bin
