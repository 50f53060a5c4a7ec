# SPDX-License-Identifier: BSD-2-Clause
"""Reads what "skep help --tables" prints (src/cli/tables.c), for gen_man.py and gen_completion.py."""
import re
import subprocess
import types

COMMAND = ("name", "usage", "help", "words", "notes", "example")
OPTION = ("name", "letter", "value", "kind", "choices", "help")
# Options with such a value take a file.
FILES = ("FILE", "F", "IN", "OUT")


def unescape(text):
    return re.sub(r"\\(.)", lambda m: {"n": "\n", "t": "\t"}.get(m.group(1), m.group(1)), text)


def read(skep):
    """All commands, each with .options."""
    commands = []
    text = subprocess.run([skep, "help", "--tables"], stdout=subprocess.PIPE, text=True, check=True).stdout
    for line in text.splitlines():
        kind, *fields = map(unescape, line.split("\t"))
        row = types.SimpleNamespace(**dict(zip(COMMAND if kind == "command" else OPTION, fields)))
        if kind == "command":
            row.options = []
            commands.append(row)
        else:
            row.choices = row.choices.split()
            commands[-1].options.append(row)
    return commands


def takes_file(option):
    return option.kind == "file" or (option.kind == "text" and option.value in FILES)


def keywords(command):
    """Words in lower case of its usage: "xlated|jited|cfg FILE [opcodes]" has four. Values of options are none."""
    usage = re.sub(r"\[options of [^]]*\]|--? .*", "", command.usage + " ")
    usage = re.sub(r"--?[\w-]+( [^][| ]+(\|[^][| ]+)*)?", "", usage)
    found = re.findall(r"(?<![\w.:=-])[a-z]\w*(?![\w.:=-])", usage)
    return list(dict.fromkeys(found))
