# Everything a checkout needs, from a bare Debian with Python 3.11, python3-venv and make. `make` lists the targets.
# ARGS goes to the program: `make run ARGS=--no-demo`, `make test ARGS=tests/orders`. Settings go by name: `make run PORT=8001`.

.DEFAULT_GOAL := help
.PHONY: help run demo test lint bench soak openapi plugin-shopify plugin-woocommerce lock clean environment browser node php
MAKEFLAGS += --no-builtin-rules --no-print-directory
PYTHON ?= python3
ARGS ?=
SHOPIFY = plugins/shopify

help: ## List these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-20s%s\n", $$1, $$2 }' Makefile

run: .venv/local ## Start the whole system on this machine, with a demo world, until Ctrl-C
	@exec .venv/bin/fulfilhub run $(ARGS)

demo: .venv/local ## Play the whole story once on throw-away data (ARGS=--json for numbers) and exit
	@exec .venv/bin/fulfilhub demo $(ARGS)

test: .venv/dev lint browser node php ## Check everything: style, types, layers, and all tests
	.venv/bin/pytest -n 2 $(ARGS)

lint: .venv/dev ## Check style, types and who imports whom
	.venv/bin/ruff check .
	.venv/bin/mypy
	.venv/bin/lint-imports

bench: .venv/dev ## Measure; prints a table and writes benchmarks/latest.json
	@exec .venv/bin/python -m benchmarks $(ARGS)

soak: .venv/dev ## Run the tests that are too big for `make test`
	.venv/bin/pytest -m soak $(ARGS)

openapi: .venv/local ## Write the API's contract to openapi/
	@exec .venv/bin/fulfilhub openapi --write

plugin-shopify: .venv/local node ## Check the Shopify app and build its zip in dist/ (what `shopify app deploy` wants, unpacked)
	@[ -e $(SHOPIFY)/node_modules/.locked ] || { echo "The Shopify app can't be checked without node and npm"; exit 1; }
	@cd $(SHOPIFY) && npm run --silent check
	@.venv/bin/python -m plugins.pack shopify $(ARGS)

plugin-woocommerce: .venv/local ## Build the installable zip of the WooCommerce plugin in dist/
	@.venv/bin/python -m plugins.pack woocommerce $(ARGS)

COMPILE = .venv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-header --no-annotate --no-emit-index-url
EXTRAS = --extra cjk --extra errors --extra rabbitmq --extra tracing

lock: .venv/dev ## Write requirements/ anew from pyproject.toml (ARGS=--upgrade for newer versions)
	$(COMPILE) $(ARGS) --group build --output-file requirements/build.txt
	$(COMPILE) $(ARGS) pyproject.toml $(EXTRAS) --output-file requirements/production.txt
	$(COMPILE) $(ARGS) pyproject.toml --extra embedded \
		--constraint requirements/production.txt --output-file requirements/local.txt
	$(COMPILE) $(ARGS) pyproject.toml --extra embedded $(EXTRAS) --group dev \
		--constraint requirements/local.txt --output-file requirements/dev.txt

clean: ## Remove .venv and all caches; the data in .fulfilhub/ stay
	rm -rf $(SHOPIFY)/build $(SHOPIFY)/node_modules
	rm -rf .venv .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache build dist src/*.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The libraries, installed anew whenever their list is newer than the stamp. What `dev` lists holds all of `local`.
.venv/local .venv/dev: .venv/%: requirements/build.txt requirements/%.txt
	@.venv/bin/python -m pip --version > /dev/null 2>&1 || $(MAKE) environment
	@echo "Installing libraries into .venv (requirements/$*.txt); this takes a minute the first time ..."
	@.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-compile \
		--require-hashes --requirement requirements/build.txt --requirement requirements/$*.txt
	@.venv/bin/python -m pip install --quiet --disable-pip-version-check \
		--no-deps --no-build-isolation --editable .
	@touch .venv/local $@

environment:
	@command -v $(PYTHON) > /dev/null || { echo "Python is missing: apt-get install python3 python3-venv"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed: $$($(PYTHON) --version) is too old. Name another: PYTHON=python3.11"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2> /dev/null || \
		{ echo "Python's venv module is missing: apt-get install python3-venv"; exit 1; }
	@$(PYTHON) -m venv --clear .venv

# The tests of pages open them in Chromium. Root on Debian gets it installed (tried once); without, those tests skip.
browser:
	@command -v chromium > /dev/null && exit 0; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get > /dev/null && ! [ -e .venv/no-browser ]; then \
		echo "Installing chromium for the tests of pages ..."; \
		export DEBIAN_FRONTEND=noninteractive; \
		quick="-qq -o Acquire::Retries=0 -o Acquire::http::Timeout=20"; \
		{ timeout 120 apt-get $$quick update; \
		  timeout 600 apt-get $$quick install --no-install-recommends chromium; } > .venv/browser.log 2>&1 < /dev/null || \
			touch .venv/no-browser; \
	fi; \
	command -v chromium > /dev/null || echo "No browser: the tests of pages are skipped (apt-get install chromium)"

# The tests of the WooCommerce plugin need PHP and its tools. The same way: once, on Debian, by root.
php:
	@command -v php > /dev/null && command -v phpunit > /dev/null && command -v phpcs > /dev/null && exit 0; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get > /dev/null && ! [ -e .venv/no-php ]; then \
		echo "Installing PHP for the tests of the WooCommerce plugin ..."; \
		export DEBIAN_FRONTEND=noninteractive; \
		quick="-qq -o Acquire::Retries=0 -o Acquire::http::Timeout=20"; \
		{ timeout 120 apt-get $$quick update; \
		  timeout 600 apt-get $$quick install --no-install-recommends \
			php-cli php-xml php-mbstring phpunit php-codesniffer; } > .venv/php.log 2>&1 < /dev/null || \
			touch .venv/no-php; \
	fi; \
	command -v php > /dev/null || echo "No PHP: the tests of the WooCommerce plugin are skipped (apt-get install php-cli phpunit)"

# The tests of the Shopify app need Node and what its lock names. The same way; without, those tests skip.
node:
	@if [ "$$(id -u)" = 0 ] && command -v apt-get > /dev/null && ! command -v npm > /dev/null && ! [ -e .venv/no-node ]; then \
		echo "Installing Node for the tests of the Shopify app ..."; \
		export DEBIAN_FRONTEND=noninteractive; \
		quick="-qq -o Acquire::Retries=0 -o Acquire::http::Timeout=20"; \
		{ timeout 120 apt-get $$quick update; \
		  timeout 600 apt-get $$quick install --no-install-recommends nodejs npm; } > .venv/node.log 2>&1 < /dev/null || \
			touch .venv/no-node; \
	fi; \
	command -v node > /dev/null && command -v npm > /dev/null || \
		{ echo "No Node: the tests of the Shopify app are skipped (apt-get install nodejs npm)"; exit 0; }; \
	cmp -s $(SHOPIFY)/package-lock.json $(SHOPIFY)/node_modules/.locked && exit 0; \
	echo "Installing what the Shopify app is checked with ($(SHOPIFY)/package-lock.json) ..."; \
	{ (cd $(SHOPIFY) && timeout 600 npm ci --ignore-scripts --loglevel=error) > .venv/npm.log 2>&1 < /dev/null && \
		cp $(SHOPIFY)/package-lock.json $(SHOPIFY)/node_modules/.locked; } || \
		echo "npm could not install it (see .venv/npm.log): the tests of the Shopify app are skipped"
