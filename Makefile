# berth: see `make help`.

PREFIX  ?= /usr/local
DESTDIR ?=
CC      ?= cc
SAN     ?=

LIBS      = libcurl openssl yaml-0.1 jansson inih libmd libcares ncursesw vterm
# wslay has no pkg-config file on Debian; it is found by trying
PLAIN_LIBS = -lwslay
TEST_LIBS = cmocka
BUILD     = build$(if $(SAN),/san)
BUILDING  = --no-print-directory -j"$$(nproc)"

WARNINGS  = -Wall -Wextra -Wconversion -Wshadow -Werror
HARDEN    = -fstack-protector-strong -fPIE $(if $(SAN),,-D_FORTIFY_SOURCE=2)
SANITIZE  = $(if $(SAN),-fsanitize=address$(comma)undefined -fno-omit-frame-pointer -fno-sanitize-recover=all)
comma     = ,
CFLAGS   ?= -O2 -g
CPPFLAGS += -Isrc -I. -D_GNU_SOURCE
STANDARD  = -std=c17
LDFLAGS  += -pie -Wl,-z,relro,-z,now,--as-needed

LIB_CFLAGS = $(shell pkg-config --cflags $(LIBS) 2>/dev/null)
LIB_LIBS   = $(shell pkg-config --libs $(LIBS) 2>/dev/null) $(PLAIN_LIBS)
COMPILE    = $(CC) $(STANDARD) $(CPPFLAGS) $(CFLAGS) $(WARNINGS) $(HARDEN) $(SANITIZE) $(LIB_CFLAGS)

SOURCES  = $(sort $(wildcard src/*/*.c ui/*.c ui/*/*.c))
OBJECTS  = $(SOURCES:%.c=$(BUILD)/%.o)
UNIT     = $(sort $(wildcard tests/unit/*.c))
HARNESS  = $(sort $(wildcard tests/harness/*.c))
LIVE     = $(sort $(wildcard tests/integration/*.c tests/screen/*.c tests/faults/*.c tests/cluster/*.c tests/truth/*.c tests/vm/*.c))
BENCH    = $(sort $(wildcard tests/bench/*.c))
UNIT_PROGRAMS  = $(UNIT:%.c=$(BUILD)/%)
LIVE_PROGRAMS  = $(LIVE:%.c=$(BUILD)/%)
BENCH_PROGRAMS = $(BENCH:%.c=$(BUILD)/%)
ALL_C    = $(wildcard src/*.c src/*/*.[ch] ui/*.[ch] ui/*/*.[ch] tests/*/*.[ch])

.PHONY: all run check check-faults check-vm check-truth check-unit bench fuzz fuzz-build lint format install uninstall clean help deps libraries
.DELETE_ON_ERROR:
.SECONDARY:

all: $(BUILD)/berth ## build berth (SAN=1: with ASan and UBSan, to build/san)

$(BUILD)/berth: $(BUILD)/src/main.o $(BUILD)/libberth.a
	@echo "LD $@"
	@$(CC) $(CFLAGS) $(SANITIZE) $(LDFLAGS) -o $@ $^ $(LIB_LIBS)

$(BUILD)/libberth.a: $(OBJECTS)
	@rm -f $@
	@echo "AR $@"
	@ar rcs $@ $^

$(BUILD)/%.o: %.c | libraries
	@mkdir -p $(@D)
	@echo "CC $<"
	@$(COMPILE) -MMD -MP -c -o $@ $<

$(BUILD)/tests/%: $(BUILD)/tests/%.o $(HARNESS:%.c=$(BUILD)/%.o) $(BUILD)/libberth.a
	@echo "LD $@"
	@$(CC) $(CFLAGS) $(SANITIZE) $(LDFLAGS) -o $@ $^ $(LIB_LIBS) $(shell pkg-config --libs $(TEST_LIBS))

# A missing library is named before the compiler stumbles over it.
libraries:
	@missing=; for lib in $(LIBS); do pkg-config --exists $$lib || missing="$$missing $$lib"; done; \
	printf '#include <wslay/wslay.h>\n' | $(CC) -E -o /dev/null -x c - 2>/dev/null || missing="$$missing wslay"; \
	[ -z "$$missing" ] || { echo "missing:$$missing" >&2; \
	echo "hint: assets/packages build   installs them on Debian" >&2; exit 1; }

deps:
	@assets/packages build incus

run: deps ## install what is missing, build, find or start an Incus, open berth
	@$(MAKE) $(BUILDING) all
	@assets/try $(BUILD)/berth

check: ## install what is missing, build, run every test against a private Incus
	@assets/packages build incus test
	@$(MAKE) $(BUILDING) all
	@$(MAKE) $(BUILDING) $(if $(SAN),,lint) tests
	@tests/run $(BUILD)

check-faults: ## berth and the daemon taken away at every moment: what is left, as a table
	@assets/packages build incus test
	@$(MAKE) $(BUILDING) all tests
	@BERTH_FAULTS=full tests/run $(BUILD) faults

check-vm: ## the mapping in a virtual machine like Lima's, on real virtiofs; needs no KVM
	@assets/packages build incus test vm
	@$(MAKE) $(BUILDING) all tests
	@tests/vm/run tests/run $(BUILD) vm

check-truth: ## what is predicted and what is true, on every filesystem, as one table
	@assets/packages build incus test vm truth
	@$(MAKE) $(BUILDING) all tests
	@tests/truth/run $(BUILD)

check-unit: tests-unit ## the tests that need no daemon
	@tests/run $(BUILD) unit

bench: ## speed and memory as ratios against the incus command and the bare API
	@assets/packages build incus test
	@$(MAKE) $(BUILDING) all tests
	@tests/run $(BUILD) bench

tests-unit: all $(UNIT_PROGRAMS)
tests: tests-unit $(LIVE_PROGRAMS) $(BENCH_PROGRAMS)
.PHONY: tests-unit tests

# Everything again with the fuzzer's and the coverage's instruments; main.c and the commands are not needed.
FUZZ         = build/fuzz
FUZZ_FLAGS   = -g -O1 -fsanitize=address,undefined -fno-sanitize-recover=all -fprofile-instr-generate -fcoverage-mapping
FUZZ_SOURCES = $(filter-out src/cli/%,$(SOURCES)) tests/fuzz/daemon.c tests/fuzz/screen.c
FUZZ_TARGETS = $(patsubst tests/fuzz/%.c,$(FUZZ)/%,$(shell grep -l Covers: tests/fuzz/*.c))

$(FUZZ)/%.o: %.c | libraries
	@mkdir -p $(@D)
	@echo "FUZZ $<"
	@clang $(STANDARD) $(CPPFLAGS) $(LIB_CFLAGS) $(FUZZ_FLAGS) -fsanitize=fuzzer-no-link -MMD -MP -c -o $@ $<

$(FUZZ)/%: $(FUZZ)/tests/fuzz/%.o $(FUZZ_SOURCES:%.c=$(FUZZ)/%.o)
	@clang $(FUZZ_FLAGS) -fsanitize=fuzzer -o $@ $^ $(LIB_LIBS)

fuzz-build: $(FUZZ_TARGETS)

fuzz: ## every parser of outside data under libFuzzer, each for SECONDS (60); TARGETS="settings http"
	@assets/packages build fuzz
	@$(MAKE) $(BUILDING) fuzz-build
	@tests/fuzz/run $(FUZZ) $(or $(SECONDS),60) $(TARGETS)

lint: ## rooms, format, clang-tidy, cppcheck
	@tests/house
	@clang-format --dry-run -Werror $(ALL_C)
	@printf '%s\n' $(filter src/%.c ui/%.c,$(ALL_C)) | xargs -P "$$(nproc)" -n 6 sh -c \
		'clang-tidy --quiet "$$@" -- $(STANDARD) $(CPPFLAGS) $(LIB_CFLAGS) 2>&1 | { ! grep -E "warning:|error:"; }' tidy
	cppcheck --quiet --error-exitcode=1 --inline-suppr --enable=warning,performance,portability \
		--suppress=missingIncludeSystem --suppress=varFuncNullUB --suppress=normalCheckLevelMaxBranches -j "$$(nproc)" $(CPPFLAGS) src $(wildcard ui)

format:
	clang-format -i $(ALL_C)

install: all ## install to DESTDIR/PREFIX
	install -D -m 755 $(BUILD)/berth $(DESTDIR)$(PREFIX)/bin/berth
	$(BUILD)/berth help --man >$(BUILD)/berth.1
	install -D -m 644 $(BUILD)/berth.1 $(DESTDIR)$(PREFIX)/share/man/man1/berth.1
	$(BUILD)/berth completion bash >$(BUILD)/berth.bash
	install -D -m 644 $(BUILD)/berth.bash $(DESTDIR)$(PREFIX)/share/bash-completion/completions/berth
	$(BUILD)/berth completion zsh >$(BUILD)/_berth
	install -D -m 644 $(BUILD)/_berth $(DESTDIR)$(PREFIX)/share/zsh/site-functions/_berth
	$(BUILD)/berth completion fish >$(BUILD)/berth.fish
	install -D -m 644 $(BUILD)/berth.fish $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/berth.fish
	install -D -m 644 assets/config.ini $(DESTDIR)$(PREFIX)/share/doc/berth/config.ini
	install -D -m 644 assets/LICENSE $(DESTDIR)$(PREFIX)/share/doc/berth/LICENSE

uninstall: ## remove what install put there
	rm -f $(addprefix $(DESTDIR)$(PREFIX)/,bin/berth share/man/man1/berth.1 \
		share/bash-completion/completions/berth share/zsh/site-functions/_berth \
		share/fish/vendor_completions.d/berth.fish)
	rm -rf $(DESTDIR)$(PREFIX)/share/doc/berth

clean: ## remove build/
	rm -rf build

help: ## this text
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

-include $(shell find $(BUILD) -name '*.d' -type f 2>/dev/null)
