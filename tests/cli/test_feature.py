#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""skep feature probe and list_builtins: bpftool's keys, sections and words; answers that skep's own commands agree with.

usage: test_feature.py SKEP CC

Where bpf(2) is permitted bpftool probes the kernel, which loads programs of a few insns and tiny maps. Elsewhere
the keys are those recorded here.
"""
import json
import os
import re
import shutil
import sys
import tempfile

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from command import refuses, run
from tap import check, end

SKEP, CC = os.path.abspath(sys.argv[1]), sys.argv[2]
BPFTOOL = shutil.which("bpftool") or shutil.which("bpftool", path="/usr/sbin:/sbin")
GROUPS = ("prog_types", "map_types", "attach_types", "link_types", "helpers")
SECTIONS = ["system_config", "syscall_config", "program_types", "map_types", "helpers", "misc"]
NOT_HERE = {"bpf_jit_limit"} # machine code has no limit of its own


def skep(*args):
    return run(SKEP, *args)


def in_order(part, whole):
    rest = iter(whole)
    return all(p in rest for p in part)


def builtins():
    lists = {}
    for group in GROUPS:
        text = skep("feature", "list_builtins", group)
        lists[group] = text.stdout.split()
        check(f"{group}: JSON is the same list", json.loads(skep("-j", "feature", "list_builtins", group).stdout) == lists[group])
        theirs = run(BPFTOOL, "feature", "list_builtins", group).stdout.split() if BPFTOOL else []
        check(f"{group}: all that bpftool knows, in its order", text.returncode == 0 and in_order(theirs, lists[group]),
              (theirs, lists[group]))
    check("some that there are", "xdp" in lists["prog_types"] and "rhash" in lists["map_types"] and lists["map_types"][0] == "unspec"
          and "tcx_ingress" in lists["attach_types"] and "tcx" in lists["link_types"] and lists["helpers"][1] == "bpf_map_lookup_elem")
    refuses("no group", skep("feature", "list_builtins"), "which group?")
    refuses("a group that there is not", skep("feature", "list_builtins", "kfuncs"), '"kfuncs"', "link_types")
    return lists


def as_json(lists, *words):
    done = skep("-j", "feature", "probe", *words)
    check(f"probe {' '.join(words)}: JSON", done.returncode == 0 and not done.stderr, done.stderr)
    got = json.loads(done.stdout)
    check(f"probe {' '.join(words)}: sections", list(got) == SECTIONS, list(got))
    for section, group, kind in (("program_types", "prog_types", "prog"), ("map_types", "map_types", "map")):
        check(f"probe {' '.join(words)}: {section}", list(got[section]) ==
              [f"have_{t}_{kind}_type" for t in lists[group] if t != "unspec"] and
              all(isinstance(v, bool) for v in got[section].values()), got[section])
    check(f"probe {' '.join(words)}: helpers", list(got["helpers"]) ==
          [f"{t}_available_helpers" for t in lists["prog_types"] if t != "unspec"] and
          all(in_order(v, lists["helpers"]) for v in got["helpers"].values()), list(got["helpers"]))
    return got


def answers(lists):
    got, full = as_json(lists), as_json(lists, "kernel", "full")
    check("program types that there are", got["program_types"]["have_xdp_prog_type"] and got["program_types"]["have_kprobe_prog_type"])
    check("map types that there are", got["map_types"]["have_hash_map_type"] and got["map_types"]["have_ringbuf_map_type"])
    xdp, kprobe = got["helpers"]["xdp_available_helpers"], got["helpers"]["kprobe_available_helpers"]
    check("helpers by program type", "bpf_xdp_adjust_head" in xdp and "bpf_xdp_adjust_head" not in kprobe and
          "bpf_probe_read_kernel" in kprobe and "bpf_map_lookup_elem" in xdp and "bpf_map_lookup_elem" in kprobe, (xdp, kprobe))
    check("full adds three helpers", set(full["helpers"]["kprobe_available_helpers"]) - set(kprobe) ==
          {"bpf_trace_printk", "bpf_trace_vprintk", "bpf_probe_write_user"} & set(full["helpers"]["kprobe_available_helpers"]) and
          "bpf_trace_printk" in full["helpers"]["kprobe_available_helpers"] and "bpf_trace_printk" not in kprobe)
    check("instructions", got["misc"] == {"have_large_insn_limit": True, "have_bounded_loops": True, "have_v2_isa_extension": True,
                                          "have_v3_isa_extension": True, "have_v4_isa_extension": True}, got["misc"])
    less = as_json(lists, "unprivileged")
    check("for callers without capabilities", less["system_config"]["unprivileged_bpf_disabled"] == 0 and
          [k for k, v in less["program_types"].items() if v] == ["have_socket_filter_prog_type", "have_cgroup_skb_prog_type"] and
          not less["misc"]["have_large_insn_limit"] and not less["misc"]["have_bounded_loops"] and
          less["map_types"]["have_hash_map_type"] and not less["map_types"]["have_lpm_trie_map_type"] and
          set(less["helpers"]["socket_filter_available_helpers"]) < set(got["helpers"]["socket_filter_available_helpers"]), less)
    interp = json.loads(skep("-j", "feature", "probe", "--engine", "interp").stdout)
    check("without the JIT", interp["system_config"]["bpf_jit_enable"] == 0)
    return got


def text(got):
    out = skep("feature", "probe").stdout
    for word, kind, section in (("program_type", "prog", "program_types"), ("map_type", "map", "map_types")):
        check(f"text of {section}", dict(re.findall(rf"^eBPF {word} (\w+) is (NOT available|available)$", out, re.M)) ==
              {k[5:-len(kind) - 6]: "available" if v else "NOT available" for k, v in got[section].items()}, out)
    lists = {name: re.findall(r"- (\w+)", body) for name, body in
             re.findall(r"^eBPF helpers supported for program type (\w+):\n((?:\t.*\n)*)", out, re.M)}
    check("text of helpers", {f"{k}_available_helpers": v for k, v in lists.items()} == got["helpers"], lists)
    titles = [l for l in out.splitlines() if l.startswith("Scanning")]
    check("titles", len(titles) == 6 and titles[4] == "Scanning eBPF helper functions...", titles)
    return out, titles


def config(tmp):
    path = os.path.join(tmp, "config")
    with open(path, "w", encoding="utf-8") as f:
        f.write("# CONFIG_BPFILTER is not set\nCONFIG_BPF=y\nCONFIG_BPF_JIT_ALWAYS_ON=n\nCONFIG_HZ=250")
    got = json.loads(skep("-j", "feature", "probe", "--kconfig", path).stdout)["system_config"]
    check("a kernel's configuration", (got["CONFIG_BPF"], got["CONFIG_BPFILTER"], got["CONFIG_HZ"], got["CONFIG_BPF_JIT"]) ==
          ("y", None, "250", None), got)
    out = skep("feature", "probe", "--kconfig", path).stdout
    check("the same as text", "CONFIG_BPF is set to y\n" in out and "CONFIG_NET is not set\n" in out and "CONFIG_HZ is set to 250\n" in out, out)
    check("the same as a macro", "#define CONFIG_HZ 250\n" in skep("feature", "probe", "macros", "--kconfig", path).stdout)
    check("without one nothing is claimed", "CONFIG_BPF is" not in skep("feature", "probe").stdout)
    return got


def macros(tmp, got):
    header = os.path.join(tmp, "features.h")
    with open(header, "w", encoding="utf-8") as f:
        f.write(skep("feature", "probe", "macros", "prefix", "T_").stdout)
    there = [k for k, v in got["program_types"].items() if v]
    missing = [k for k, v in got["map_types"].items() if not v]
    c = os.path.join(tmp, "use.c")
    with open(c, "w", encoding="utf-8") as f:
        f.write(f'#include "{header}"\n' + "".join(f"#ifndef T_{k.upper()}\n#error {k}\n#endif\n" for k in there) +
                "".join(f"#ifndef T_NO_{k.upper()}\n#error {k}\n#endif\n" for k in missing) +
                "#if !T_HAVE_PROG_TYPE_HELPER(xdp, bpf_redirect) || T_HAVE_PROG_TYPE_HELPER(kprobe, bpf_redirect)\n"
                "#error helpers\n#endif\nint x;\n")
    done = run(CC, "-Wall", "-Werror", "-fsyntax-only", c)
    check("macros compile and say the same", done.returncode == 0, done.stderr)
    plain = skep("feature", "probe", "macros").stdout
    check("macros without a prefix", "#define HAVE_XDP_PROG_TYPE\n" in plain and "#define BPF__PROG_TYPE_xdp__HELPER_bpf_redirect 1\n" in plain)
    return plain


def beside_bpftool(got, out, titles, plain, configured):
    name = "bpftool's probe of the kernel"
    done = run(BPFTOOL, "-j", "feature", "probe") if BPFTOOL else None
    if not done or done.returncode or not done.stdout.startswith('{"system_config"'):
        check(name, True, skip="no bpftool, or bpf(2) is not permitted")
        return
    theirs = json.loads(done.stdout)
    check(f"{name}: sections", list(theirs) == list(got))
    for section in SECTIONS:
        keys = [k for k in theirs[section] if k not in NOT_HERE]
        ours = configured if section == "system_config" else got[section]
        check(f"{name}: keys of {section}", in_order(keys, ours), (keys, list(ours)))
    words = run(BPFTOOL, "feature", "probe").stdout
    check(f"{name}: titles", [l for l in words.splitlines() if l.startswith("Scanning")] == titles)
    forms = {re.sub(r"\b(is NOT|is)\b", "is", l) for l in words.splitlines() if " available" in l}
    check(f"{name}: words", forms <= {re.sub(r"\b(is NOT|is)\b", "is", l) for l in out.splitlines()}, forms)
    known = {l for l in run(BPFTOOL, "feature", "probe", "macros").stdout.splitlines() if l.startswith("/***")}
    check(f"{name}: titles of macros", known == {l for l in plain.splitlines() if l.startswith("/***")}, known)


def main():
    lists = builtins()
    got = answers(lists)
    out, titles = text(got)
    with tempfile.TemporaryDirectory() as tmp:
        configured = config(tmp)
        plain = macros(tmp, got)
    refuses("a word that there is not", skep("feature", "probe", "quick"), "quick", "macros")
    refuses("a device", skep("feature", "probe", "dev", "lo"), "not modelled")
    refuses("macros in JSON", skep("-j", "feature", "probe", "macros"), "JSON")
    refuses("a prefix of nothing", skep("feature", "probe", "prefix", "X_"), "macros")
    refuses("a prefix that is not said", skep("feature", "probe", "macros", "prefix"), "prefix")
    beside_bpftool(got, out, titles, plain, configured)
    return end()


if __name__ == "__main__":
    sys.exit(main())
