# The commands that people type; meson and ninja do the work. See README.md.
BUILD ?= build
.PHONY: all deps
all: $(BUILD)/build.ninja
	@ninja -C $(BUILD)
$(BUILD)/build.ninja:
	@meson setup $(BUILD)
