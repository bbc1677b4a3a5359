# What a person types. Everything else is in scripts/, one purpose a file.
.DEFAULT_GOAL := help
.PHONY: help run test test-long bench check clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## Build everything, fetch the small model, run the host at http://127.0.0.1:3000
	@scripts/run.sh

test: ## Run all tests, PostgreSQL and the embedded model included
	@scripts/test.sh

test-long: ## The same with ten times as many kills and stops of the host
	@scripts/test-long.sh

bench: ## Measure, and keep the raw output in benches/
	@scripts/bench.sh

check: ## Format, lints, documentation
	@scripts/check.sh

clean: ## Delete what was built (not ./data)
	@cargo clean
