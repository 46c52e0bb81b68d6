# make demo          try the gate: Go alone is needed
# make demo-traefik  the same through a real Traefik that interprets the plugin
# make test          everything: static checks, compiled tests, interpreted ones, real Traefik and real neighbours
# make bench         speed in a real Traefik, side by side with plain Traefik; ten minutes on a quiet machine
# make chaos         what happens when things break, in full; up to 25 minutes
# make fuzz          every fuzz target for a minute
# make generate      everything that is generated out of the code

GOFUMPT     := go run mvdan.cc/gofumpt@v0.11.0
STATICCHECK := go run honnef.co/go/tools/cmd/staticcheck@v0.8.2

.PHONY: demo demo-traefik test setup static compiled e2e bench chaos fuzz generate

demo:
	go run ./cmd/casegate demo

demo-traefik:
	go run ./cmd/casegate demo --traefik "$$(e2e/traefik/build.sh)"

test: setup static compiled e2e

# What the tests need beside Go and Node is installed here, or the run ends by saying what to install.
setup:
	e2e/setup.sh node python chromium curl clamav redis nginx jq

static:
	@echo "== static checks"
	@unformatted=$$(git ls-files -co --exclude-standard '*.go' | grep -v '^vendor/' | xargs $(GOFUMPT) -l); \
	if [ -n "$$unformatted" ]; then echo "not gofumpt-clean:"; echo "$$unformatted"; exit 1; fi
	go vet ./...
	$(STATICCHECK) ./...
	cd e2e && go vet ./...
	cd e2e && $(STATICCHECK) ./...

compiled:
	@echo "== compiled tests"
	go test -race -timeout 20m ./...

e2e:
	@echo "== interpreted tests, and tests in a real Traefik"
	cd e2e && go test -count=1 -timeout 60m -p 1 ./...

bench:
	cd e2e && go run ./bench

chaos: setup
	cd e2e && CASEGATE_CHAOS=full go test -count=1 -timeout 30m -v ./chaos

fuzz:
	@for file in $$(git ls-files '*_test.go' | grep -v -e '^vendor/' -e '^e2e/'); do \
		for target in $$(sed -n 's/^func \(Fuzz[A-Za-z0-9]*\)(.*/\1/p' $$file); do \
			go test -run '^$$' -fuzz "^$$target\$$" -fuzztime 60s -fuzzminimizetime 200x ./$$(dirname $$file) || exit 1; \
		done; \
	done

# Everything that is generated: tables of types, docs/types.md, docs/configuration.md, docs/refusals.md.
generate:
	go run ./internal/gentypes
	go test ./middleware/content -run TypesPage -update
	go run ./internal/gendocs
