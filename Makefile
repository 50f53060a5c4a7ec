# SPDX-License-Identifier: BSD-2-Clause
# What people type; meson and ninja do the work. "make help" lists the targets.
BUILD ?= build
RESULTS = $(abspath $(BUILD))/test-results
NINJA = ninja -C $(BUILD)

.PHONY: all deps test demo bench bench-verify bench-jit bench-maps bench-load config-matrix objects conformance selftests jit-vectors jit-differential differential map-attrs map-tests features install uninstall static asan tsan storm warnings fuzz prove precision clean help

# BPF_STRICT_BUILD=0, when the build folder is made: BPF objects of tests that cannot be compiled are skipped, and so are
# their tests. Without it they stop the build (docs/packaging.md).
all: $(BUILD)/build.ninja ## build; leaves the command at build/skep
	@$(NINJA)

$(BUILD)/build.ninja: | deps
	@meson setup $(BUILD) -Dbpf_strict=$(if $(filter 0 n no,$(BPF_STRICT_BUILD)),false,true) >/dev/null || { cat $(BUILD)/meson-logs/meson-log.txt; exit 1; }

deps:
	@scripts/deps.sh

# How many times as long as planned a test may take.
SLOWER ?= 1
test: all ## run every test; ends with "N passed, N failed, N skipped"
	@rm -rf $(RESULTS)
	@meson test -C $(BUILD) --no-rebuild --setup report --print-errorlogs -t $(SLOWER); status=$$?; \
		python3 scripts/report_tests.py $(RESULTS) && exit $$status

demo: all ## the XDP load balancer of examples/xdp_lb from source to rewritten packets
	@scripts/demo.sh $(BUILD)

# Without the invariants of test builds: those are for finding our slips, not for running.
$(BUILD)-bench/build.ninja: | deps
	@meson setup $(BUILD)-bench --buildtype=release -Dchecks=false >/dev/null

bench: $(BUILD)-bench/build.ninja ## ns per packet and time to verify on every engine, ratios in one run
	@ninja -C $(BUILD)-bench >/dev/null
	@$(BUILD)-bench/bench/bench_lb $(BUILD)-bench/examples/xdp_lb/xdp_lb.bpf.o $(BUILD)-bench/bench/empty.bpf.o \
		$(BUILD)-bench/examples/xdp_lb/in.pcap
	@$(BUILD)-bench/bench/bench_maps

# What it measures stays in $(BUILD)-bench/verify; the first time unpacking and compiling takes minutes.
# VERIFY='-f "pyperf*"': only some; -n 20: the first 20; -s: not the kernel (bench/verify.c).
bench-verify: $(BUILD)-bench/build.ninja ## insns/s, time and memory of verifying, beside the running kernel's (VERIFY: options)
	@scripts/deps.sh --conformance
	@ninja -C $(BUILD)-bench skep bench/bench_verify >/dev/null
	@OWN_INCLUDE=include UAPI_INCLUDE=$(BUILD)-bench scripts/bench_objects.sh $(BUILD)-bench/skep \
		$(BUILD)-bench/verify /usr/src/linux-source-6.1.tar.xz bench/verify/*.bpf.c
	@$(BUILD)-bench/bench/bench_verify $(VERIFY) $(BUILD)-bench/verify/own/*.o \
		$$(find $(BUILD)-bench/verify/selftests -name "*.o" | LC_ALL=C sort)

bench-jit: $(BUILD)-bench/build.ninja ## machine code beside native code, the interpreter and the running kernel's, 27 programs
	@ninja -C $(BUILD)-bench bench/jit/bench_jit bench/jit/programs.bpf.o examples/xdp_lb/xdp_lb.bpf.o \
		examples/xdp_lb/in.pcap >/dev/null
	@$(BUILD)-bench/bench/jit/bench_jit -j $(BUILD)-bench/jit.json $(BUILD)-bench/bench/jit/programs.bpf.o \
		$(BUILD)-bench/examples/xdp_lb/xdp_lb.bpf.o $(BUILD)-bench/examples/xdp_lb/in.pcap

MAPS ?=
bench-maps: $(BUILD)-bench/build.ninja ## ns per map operation beside the running kernel's; QUICK=1: small; MAPS=WORD: only such rows
	@ninja -C $(BUILD)-bench bench/maps/bench_map_ops bench/maps/ops.bpf.o >/dev/null
	@$(BUILD)-bench/bench/maps/bench_map_ops $(if $(QUICK),-q) -n '$(MAPS)' $(BUILD)-bench/bench/maps/ops.bpf.o

# ROUNDS: processes of each, with five loads that count.
ROUNDS ?= 10
bench-load: $(BUILD)-bench/build.ninja ## time to open and load objects beside Debian's libbpf on the running kernel
	@scripts/deps.sh --load
	@ninja -C $(BUILD)-bench bench/load/load_skep bench/load/load_libbpf bench/load/parser.bpf.o bench/load/big.bpf.o \
		examples/xdp_lb/xdp_lb.bpf.o >/dev/null
	@bench/load/load.py -n $(ROUNDS) -j $(BUILD)-bench/load.json $(BUILD)-bench/bench/load/load_skep $(BUILD)-bench/bench/load/load_libbpf \
		$(BUILD)-bench/bench/load/parser.bpf.o $(BUILD)-bench/examples/xdp_lb/xdp_lb.bpf.o $(BUILD)-bench/bench/load/big.bpf.o

CONFIGS ?=
config-matrix: | deps ## build with optional libraries hidden and show what the command says then; CONFIGS=all: all at once only
	@scripts/config_matrix.sh $(abspath $(BUILD))-matrix $(CONFIGS)

objects: all ## what skep and the running kernel say of BPF objects from Debian packages, and why
	@scripts/fetch_objects.sh $(BUILD)/objects && \
		python3 scripts/objects.py $(BUILD)/skep $(BUILD)/objects $(BUILD)/tests/objects/on_kernel

conformance: all ## Linux's verifier test tables before skep and the running kernel
	@scripts/deps.sh --conformance
	@$(NINJA) tests/conformance/conformance >/dev/null
	@$(BUILD)/tests/conformance/conformance -j $(BUILD)/conformance.json -d docs/divergences.md

map-tests: all ## Linux's own tests of maps (test_maps.c, map_tests, test_lru_map.c, test_lpm_map.c) on skep's bpf(2)
	@scripts/deps.sh --conformance
	@$(NINJA) tests/maptests/maptests >/dev/null
	@$(BUILD)/tests/maptests/maptests -l docs/divergences.md

selftests: all ## programs of Linux 6.1 that say what is expected of them, through skep test
	@scripts/deps.sh --conformance
	@python3 scripts/selftests.py $(BUILD)/skep $(BUILD)/selftests /usr/src/linux-source-6.1.tar.xz

jit-vectors: all ## the vectors of Linux's lib/test_bpf.c on the interpreter and the JIT, with each of its switches
	@scripts/deps.sh --conformance
	@$(NINJA) tests/jit/vectors/jit_vectors >/dev/null
	@$(BUILD)/tests/jit/vectors/jit_vectors

JIT_DIFF_COUNT ?= 1000000
JIT_DIFF_KERNEL_COUNT ?= 200000
jit-differential: all ## JIT_DIFF_COUNT (1000000) generated programs: interpreter, machine code; 200000 on the kernel, too
	@nice -n 19 $(BUILD)/tests/jit/jit_differential -n $(JIT_DIFF_COUNT)
	@nice -n 19 $(BUILD)/tests/jit/jit_differential -k -n $(JIT_DIFF_KERNEL_COUNT) || [ $$? = 77 ]

ATTRS ?= 200000
map-attrs: all ## ATTRS (200000) maps of random attributes, and calls on them, before skep and the running kernel
	@SKEP_ATTRS=$(ATTRS) SKEP_SEED=$(or $(SEED),1) $(BUILD)/tests/syscall/test_map_attrs

DIFF_COUNT ?= 200000
DIFF_SEED ?= 1
differential: all ## 200000 generated and mutated programs (DIFF_COUNT, DIFF_SEED) before skep and the running kernel
	@mkdir -p $(BUILD)/differential
	@$(BUILD)/tests/diff/differential -n $(DIFF_COUNT) -s $(DIFF_SEED) -o $(BUILD)/differential -j $(BUILD)/differential.json \
		data docs/divergences.md $(wildcard tests/cases/*.t)

# Without the invariants of test builds, as for benchmarks.
PREFIX ?= /usr/local
$(BUILD)-release/build.ninja: | deps
	@meson setup $(BUILD)-release --buildtype=release -Dchecks=false -Dprefix=$(PREFIX) >/dev/null

install: $(BUILD)-release/build.ninja ## install below PREFIX (/usr/local), in DESTDIR if given; what is optional and missing is told
	@meson configure $(BUILD)-release -Dprefix=$(PREFIX)
	@ninja -C $(BUILD)-release skep libskep.so.0.1.0 libskep.a bpf.h bpf_helper_defs.h man.stamp completions.stamp >/dev/null
	@meson install -C $(BUILD)-release --no-rebuild --quiet $(if $(DESTDIR),--destdir $(abspath $(DESTDIR)))
	@cat $(BUILD)-release/meson-logs/install-missing.txt

uninstall: ## take away what the last "make install" put down
	@python3 scripts/uninstall.py $(BUILD)-release

static: | deps ## a command without a dynamic loader, at build-static/skep
	@[ -f $(BUILD)-static/build.ninja ] || LDFLAGS= meson setup $(BUILD)-static --buildtype=release -Dchecks=false -Dstatic=true | grep "is not there" || true
	@ninja -C $(BUILD)-static skep >/dev/null
	@echo $(BUILD)-static/skep

features: ## a row for each FEATURES id: its tests and their results in the last "make test"
	@python3 scripts/features.py data/features.tsv $(RESULTS)

asan: deps ## all tests under AddressSanitizer and UBSan
	@[ -f $(BUILD)-asan/build.ninja ] || meson setup $(BUILD)-asan -Db_sanitize=address,undefined -Db_lundef=false >/dev/null
	@$(MAKE) --no-print-directory test BUILD=$(BUILD)-asan SLOWER=10

# Tests with threads; a child after fork() may start threads of its own. SKEP_TEST_THREADS: how many threads the
# stress tests of maps start.
TSAN_TESTS = core embed map map_stress map-types-stress map-places-stress map-linear map-rhash cgroup tables syscall perf syscall-maps tail-calls freplace
tsan: deps ## tests of maps and runtime under ThreadSanitizer, with 2, 4 and 8 threads
	@[ -f $(BUILD)-tsan/build.ninja ] || CC=clang-19 meson setup $(BUILD)-tsan -Db_sanitize=thread \
		-Db_lundef=false >/dev/null
	@ninja -C $(BUILD)-tsan >/dev/null
	@for n in 2 4 8; do echo "$$n threads"; SKEP_TEST_THREADS=$$n TSAN_OPTIONS=die_after_fork=0:halt_on_error=1 \
		meson test -C $(BUILD)-tsan --no-rebuild --print-errorlogs $(TSAN_TESTS) || exit 1; done

STORM ?= 120000
storm: all ## STORM (120000) interruptions of each of nine kinds of maps by programs that use the same map
	@SKEP_STORM=$(STORM) $(BUILD)/tests/map/map_storm

warnings: deps ## build all with gcc and with clang-19; a warning is an error
	@for cc in gcc clang-19; do \
		[ -f $(BUILD)-w-$$cc/build.ninja ] || CC=$$cc meson setup --werror $(BUILD)-w-$$cc >/dev/null || exit 1; \
		ninja -C $(BUILD)-w-$$cc >$(BUILD)-w-$$cc/log || { cat $(BUILD)-w-$$cc/log; exit 1; }; \
	done

FUZZ_SECONDS ?= 60
fuzz: all ## every fuzz harness for FUZZ_SECONDS (60) seconds each
	@[ -f $(BUILD)-fuzz/build.ninja ] || CC=clang-19 meson setup $(BUILD)-fuzz -Dfuzz=true \
		-Db_sanitize=address,undefined -Db_lundef=false >/dev/null
	@ninja -C $(BUILD)-fuzz fuzzers >/dev/null
	@scripts/fuzz.sh $(BUILD)-fuzz $(FUZZ_SECONDS) $(BUILD)/tests/loader

# A claim gets PROVE_SECONDS; shifts at 64 bits (45 thousand cases each) and products need an hour.
PROVE_SECONDS ?= 120
prove: all ## z3 proofs of the scalar domain: the shipped functions, as clang's IR, at full width
	@python3 tests/prove/prove.py --include src --include include --include $(BUILD)/include --seconds $(PROVE_SECONDS) \
		$(if $(PROVE),--only '$(PROVE)')

PRECISION_BITS ?= 5
precision: all ## the scalar domain against brute force at a few bits: sound, and how far from the best answer
	@$(BUILD)/tests/verifier/precision $(PRECISION_BITS)

clean: ## remove what was built
	@rm -rf $(BUILD) $(BUILD)-*

help:
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 12
