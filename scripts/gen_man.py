#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Writes man pages: skep.1, one for each command, skep-sections.7.

usage: gen_man.py SKEP PROSE_DIR VERSION OUT_DIR STAMP

Usage, options, notes and examples are what the command itself tells ("skep help --tables"). PROSE_DIR has what there is
to say beyond that, PAGE.md in a little markdown: "## Heading" is a section (of a heading that the page has already, more of
it), indented lines are verbatim, `x` is bold, *x* italic. STAMP is touched when all are written.
"""
import os
import re
import shutil
import subprocess
import sys
import textwrap

import tables

SKEP, PROSE, VERSION, OUT, STAMP = sys.argv[1:6]
DATE = "2026-11-27"  # of what VERSION is about
ORDER = ("NAME", "SYNOPSIS", "DESCRIPTION", "COMMANDS", "OPTIONS", "OUTPUT", "ENVIRONMENT", "FILES", "EXIT STATUS", "EXAMPLES")


def escape(text):
    return text.replace("\\", "\\e").replace("-", "\\-")


def guard(line):
    """A dot or quote at the beginning would be a request."""
    return "\\&" + line if line[:1] in (".", "'") else line


def plain(text):
    """A paragraph in short lines."""
    return wrap(escape(" ".join(text.split())))


def prose(text):
    """The same with `bold` and *italic*."""
    out = escape(" ".join(text.split()))
    out = re.sub(r"`([^`]+)`", r"\\fB\1\\fR", out)
    return wrap(re.sub(r"(?<!\w)\*([\w<][^*]*)\*", r"\\fI\1\\fR", out))


def wrap(out):
    return "\n".join(guard(l) for l in textwrap.wrap(out, 78, break_long_words=False, break_on_hyphens=False))


def verbatim(text):
    lines = [guard(escape(l)) for l in textwrap.dedent(text).strip("\n").splitlines()]
    return ".PP\n.nf\n.RS 4\n" + "\n".join(l or "\\&" for l in lines) + "\n.RE\n.fi"


def blocks(text, paragraph):
    """Paragraphs and verbatim blocks of text that has blank lines between them."""
    for part in re.split(r"\n\s*\n(?=\S)|\n\s*\n(?=    )", text.strip("\n")):
        if part.startswith("    "):
            yield verbatim(part)
        elif part.strip():
            yield ".PP\n" + paragraph(part)


def word_list(text):
    """Lines of "  TERM     what it is"."""
    for line in filter(str.strip, text.splitlines()):
        term, _, rest = line.strip().partition("  ")
        yield f".TP\n\\fB{escape(term)}\\fR\n{plain(rest)}" if rest else ".PP\n" + plain(term)


def option_list(options):
    for o in options:
        names = ([f"\\fB\\-{o.letter}\\fR"] if o.letter else []) + [f"\\fB\\-\\-{escape(o.name)}\\fR"]
        value = f" \\fI{escape(o.value)}\\fR" if o.value else ""
        text = o.help
        if o.choices and any(c not in text for c in o.choices):
            text += f" ({', '.join(o.choices)})"
        yield ".TP\n" + ", ".join(names) + value + "\n" + plain(text)


def exit_list(text):
    """Of "0 all accepted, 1 some refused, 2 something could not be read"."""
    for m in re.finditer(r"(\d) (.*?)(?=, \d |$)", " ".join(text.split())):
        yield f".TP\n\\fB{m.group(1)}\\fR\n{plain(m.group(2))}"


def add(page, section, parts):
    page.setdefault(section, []).extend(parts)


def add_prose(page, name):
    path = os.path.join(PROSE, name + ".md")
    if not os.path.exists(path):
        return
    with open(path, encoding="utf-8") as f:
        for part in re.split(r"^## ", f.read(), flags=re.M)[1:]:
            title, _, body = part.partition("\n")
            add(page, title.strip().upper(), blocks(body, prose))


def write(page, name, section, see):
    add(page, "SEE ALSO", ["\n".join(f".BR {escape(p)} ({s}){',' if (p, s) != see[-1] else ''}" for p, s in see)])
    body = [f'.\\" Made by scripts/gen_man.py.\n.TH {name.upper()} {section} {DATE} "skep {VERSION}" skep\n.nh\n.ad l']
    for title in list(ORDER) + [t for t in page if t not in ORDER]:
        if title in page:
            parts = "\n".join(page[title])
            body.append(f".SH {title}\n" + re.sub(r"\A\.PP\n", "", parts))
    with open(os.path.join(OUT, f"{name}.{section}"), "w", encoding="utf-8") as f:
        f.write("\n".join(body) + "\n")


def page_name(command):
    return "skep-" + command.name.replace(" ", "-")


def lower(text):
    return text[0].lower() + text[1:].rstrip(".")


def command_page(c):
    page = {}
    notes, _, status = c.notes.partition("exit status: ")
    add(page, "NAME", [f"{page_name(c)} \\- {escape(lower(c.help))}"])
    add(page, "SYNOPSIS", [f"\\fBskep {c.name}\\fR\n{plain(c.usage)}"])
    add(page, "DESCRIPTION", [".PP\n" + plain(c.help)])
    if c.words:
        add(page, "DESCRIPTION", word_list(c.words))
    add(page, "DESCRIPTION", blocks(notes, plain))
    add(page, "OPTIONS", option_list(c.options))
    add(page, "EXIT STATUS", exit_list(status or "0 all went well, 2 something could not be done"))
    add(page, "EXAMPLES", [verbatim(c.example)])
    add_prose(page, page_name(c))
    return page


def main_page(commands):
    page = {}
    add(page, "NAME", ["skep \\- checks and runs BPF programs in user space"])
    add(page, "SYNOPSIS", ["\\fBskep\\fR \\fICOMMAND\\fR [\\fIARGUMENTS\\fR]\n.br\n\\fBskep help\\fR [\\fICOMMAND\\fR]"])
    add(page, "COMMANDS", [f".TP\n.BR {escape(page_name(c))} (1)\n{plain(c.help)}" for c in commands])
    add_prose(page, "skep")
    return page


def sections_page():
    page = {}
    listed = subprocess.run([SKEP, "help", "sections"], stdout=subprocess.PIPE, text=True, check=True).stdout
    add(page, "NAME", ["skep\\-sections \\- section names of BPF programs and the types that they stand for"])
    add_prose(page, "skep-sections")
    add(page, "SECTION NAMES", [verbatim(listed)])
    return page


def main():
    commands = tables.read(SKEP)
    shutil.rmtree(OUT, ignore_errors=True)
    os.makedirs(OUT)
    for c in commands:
        write(command_page(c), page_name(c), 1, [("skep", 1), ("skep-sections", 7)])
    write(main_page(commands), "skep", 1, [(page_name(c), 1) for c in commands] + [("skep-sections", 7)])
    write(sections_page(), "skep-sections", 7, [("skep", 1)])
    with open(STAMP, "w", encoding="utf-8"):
        pass


main()
