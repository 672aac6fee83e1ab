# CI runs `make check`. PYTHON is the interpreter of the virtual environment.
PYTHON ?= .venv/bin/python

.PHONY: check format lint types test explore fuzz bounds soak shared-login newest lock days snapshots docs pictures cold-start import-times kills interrupts \
  bench-store bench-list bench-opening bench-images bench-attaching bench-pictures bench-provider bench-peers

check: lint types test

lint:
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m ruff check .

types:
	$(PYTHON) -m mypy

test:
	$(PYTHON) -m pytest -q

# Property tests with new random examples; the test suite always uses the same ones.
explore:
	$(PYTHON) -m pytest -q --hypothesis-profile explore

# Fuzz tests with 10,000 new examples each; the test suite uses 200.
fuzz:
	PRX_FUZZ_EXAMPLES=10000 $(PYTHON) -m pytest -q --hypothesis-profile explore tests/fuzz

# Two users in real terminals: 500 turns with faults, stops, switches and restarts; the test suite runs 90.
soak:
	PRX_SOAK_TURNS=500 $(PYTHON) -m pytest -q -n 0 -s tests/test_soak.py

# Eight programs and one that writes as Claude Code does share a login for a minute; the test suite runs 4 seconds.
shared-login:
	PRX_SHARED_LOGIN_S=60 $(PYTHON) -m pytest -q -n 0 -s tests/anthropic/test_shared_login.py

# The tests with the newest version of every dependency, in their own environment; lists what is newer than the lock.
newest:
	$(PYTHON) tests/newest.py

# Write tests/requirements.lock: versions and checksums of what the tests need. UPGRADE=1 takes the newest versions.
lock:
	$(PYTHON) tests/lock.py $(if $(UPGRADE),--upgrade)

# The tests on future days and in other time zones.
days:
	$(PYTHON) tests/days.py

format:
	$(PYTHON) -m ruff format .
	$(PYTHON) -m ruff check --fix .

# Record the snapshots of the screen. Look at each changed one before you commit it.
snapshots:
	$(PYTHON) -m pytest -q tests/snapshots --snapshot-update

# Write the generated parts of the documentation: the picture of the architecture, tables and lists.
docs:
	$(PYTHON) docs/make_architecture.py
	$(PYTHON) docs/make_tables.py
	$(PYTHON) -m benchmarks.peers.table

# Take the pictures of the documentation from the running app. Needs rsvg-convert and the font Fira Code.
pictures:
	$(PYTHON) assets/make_pictures.py

# The time to the first paint, compared with an empty Textual app.
cold-start:
	$(PYTHON) tests/cold_start.py

# What the imports before the first paint cost, by package and by module.
import-times:
	$(PYTHON) tests/import_times.py

# 200 MB of everything a server can send: what prx reports, and its peak memory. The test suite sends 24 MB.
# Then 60 MB of text in every shape in the full screen: also the longest wait for a key. Takes half an hour.
bounds:
	PRX_BOUNDS_MB=200 $(PYTHON) -m pytest -q tests/test_hostile_servers.py
	PRX_BOUNDS_MB=200 $(PYTHON) -m pytest -q -s -n 0 tests/test_hostile_servers_terminal.py
	PRX_BOUNDS=1 $(PYTHON) -m pytest -q -s -n 0 tests/test_long_replies.py

# The store, killed at 200 random moments, and 100 power losses; the test suite runs a tenth of that.
kills:
	PRX_KILLS=200 PRX_KILLS_SLACK_S=0 PRX_POWER_LOSSES=100 $(PYTHON) -m pytest -q -n 0 tests/store/test_processes.py tests/store/test_power_loss.py

# Ctrl+C to `prx -p` at 100 moments, from its first module to its end; the test suite tries 6.
interrupts:
	PRX_MOMENTS=100 $(PYTHON) -m pytest -q -n 0 tests/test_streams.py -k interrupt

# The store with 500,000 messages: list, search as you type, opening, size.
bench-store:
	$(PYTHON) benchmarks/store.py

# The chat list in a terminal: 10,000 chats compared with none.
bench-list:
	$(PYTHON) benchmarks/chat_list.py

# A stored chat in a terminal: to its last line with 10 and 10,000 messages, and the keys while the rest is read.
bench-opening:
	$(PYTHON) benchmarks/opening.py

# Photos of 12 and 48 megapixels, compared with bare Pillow calls: time, memory, ten at once.
bench-images:
	$(PYTHON) benchmarks/images.py

# Key latency in a terminal while ten photos are prepared, and of the event loop while 48 megapixels are previewed.
bench-attaching:
	$(PYTHON) benchmarks/attaching.py

# A chat with 50 photos, compared with the same one without: opening it, and scrolling through it.
bench-pictures:
	$(PYTHON) benchmarks/pictures.py

# The CPU time of the worker thread while an answer arrives, compared with a bare httpx loop.
bench-provider:
	$(PYTHON) benchmarks/provider.py

# prx, Claude Code and others in a terminal, in turns: writes docs/performance.jsonl and the tables of docs/performance.md.
bench-peers:
	$(PYTHON) -m benchmarks.peers
