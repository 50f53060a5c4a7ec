#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Writes completions for bash (OUT_DIR/skep) and zsh (OUT_DIR/_skep) from "skep help --tables".

usage: gen_completion.py SKEP OUT_DIR STAMP      STAMP is touched when both are written
"""
import os
import sys

import tables

HEAD = "# SPDX-License-Identifier: BSD-2-Clause\n# Made by scripts/gen_completion.py.\n"


def first_words(commands):
    return list(dict.fromkeys(c.name.split()[0] for c in commands)) + ["help"]


def second_words(commands):
    """First word: what may follow."""
    out = {}
    for c in commands:
        first, _, second = c.name.partition(" ")
        if second:
            out.setdefault(first, []).append(second)
    return out


def spellings(option):
    return ([f"-{option.letter}"] if option.letter else []) + [f"--{option.name}"]


# ---- bash ----------------------------------------------------------------------------------------------------------

BASH = r"""
# The command that stands in COMP_WORDS into $cmd, "prog dump"; the index of its last word into $at.
_skep_command()
{
	local second
	at=1
	while ((at < COMP_CWORD)) && [[ ${COMP_WORDS[at]} == -* || ${COMP_WORDS[at]} == help ]]; do
		[[ ${COMP_WORDS[at]} == -B || ${COMP_WORDS[at]} == --base-btf ]] && ((at++)) # it has a value
		((at++))
	done
	cmd=
	((at < COMP_CWORD)) || return
	cmd=${COMP_WORDS[at]}
	second=$(_skep_second "$cmd")
	if [[ -n $second ]]; then
		((at++))
		((at < COMP_CWORD)) && cmd+=" ${COMP_WORDS[at]}"
	fi
}

_skep()
{
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} cmd at options words values
	COMPREPLY=()
	# "--format=csv" is three words.
	if [[ $cur == = ]]; then
		cur=
	elif [[ $prev == = ]]; then
		prev=${COMP_WORDS[COMP_CWORD-2]}
	fi
	_skep_command
	if ((at > COMP_CWORD)); then
		compopt -o filenames 2>/dev/null
		COMPREPLY=($(compgen -f -- "$cur"))
		return
	elif [[ -z $cmd ]]; then
		COMPREPLY=($(compgen -W "$_skep_first" -- "$cur"))
		return
	elif ((at == COMP_CWORD)); then
		COMPREPLY=($(compgen -W "$(_skep_second "$cmd")" -- "$cur"))
		return
	fi
	_skep_rows "$cmd"
	values=$(_skep_values "$cmd" "$prev")
	case $values in
	FILE)
		compopt -o filenames 2>/dev/null
		COMPREPLY=($(compgen -f -- "$cur"))
		;;
	ANY) ;;
	?*)
		COMPREPLY=($(compgen -W "$values" -- "$cur"))
		;;
	*)
		if [[ $cur == -* ]]; then
			COMPREPLY=($(compgen -W "$options --help" -- "$cur"))
		else
			compopt -o filenames 2>/dev/null
			COMPREPLY=($(compgen -W "$words" -- "$cur") $(compgen -f -- "$cur"))
		fi
		;;
	esac
}
complete -F _skep skep
"""


def bash_rows(commands):
    for c in commands:
        options = " ".join(s for o in c.options for s in spellings(o))
        yield f'\t"{c.name}")\n\t\toptions="{options}"\n\t\twords="{" ".join(tables.keywords(c))}"\n\t\t;;\n'


def bash_values(commands):
    """What follows an option: the values, FILE, or ANY for what is not known here."""
    for c in commands:
        for o in c.options:
            if o.kind != "flag":
                what = " ".join(o.choices) or ("FILE" if tables.takes_file(o) else "ANY")
                yield "\t" + "|".join(f'"{c.name} {s}"' for s in spellings(o)) + f') echo "{what}" ;;\n'


def bash(commands):
    second = "".join(f'\t{first}) echo "{" ".join(words)}" ;;\n' for first, words in second_words(commands).items())
    return (HEAD + f'_skep_first="{" ".join(first_words(commands))}"\n\n'
            f"_skep_second()\n{{\n\tcase $1 in\n{second}\tesac\n}}\n\n"
            f"_skep_rows()\n{{\n\toptions= words=\n\tcase $1 in\n{''.join(bash_rows(commands))}\tesac\n}}\n\n"
            f'_skep_values()\n{{\n\tcase "$1 $2" in\n{"".join(bash_values(commands))}\tesac\n}}\n' + BASH)


# ---- zsh -----------------------------------------------------------------------------------------------------------

ZSH = r"""
_skep()
{
	local -a first=(@FIRST@)
	local cmd second
	local -i at=2
	while ((at < CURRENT)) && [[ ${words[at]} == -* || ${words[at]} == help ]]; do
		[[ ${words[at]} == -B || ${words[at]} == --base-btf ]] && ((at++)) # it has a value
		((at++))
	done
	if ((at > CURRENT)); then
		_files
		return
	elif ((at == CURRENT)); then
		_describe command first
		return
	fi
	cmd=${words[at]}
	second=$(_skep_second $cmd)
	if [[ -n $second ]]; then
		((at++))
		if ((at == CURRENT)); then
			compadd -- ${=second}
			return
		fi
		cmd+=" ${words[at]}"
	fi
	# What stands behind the command, as if the command were one word.
	words=("$cmd" "${(@)words[at+1,-1]}")
	((CURRENT -= at - 1))
	_skep_rows $cmd
}

_skep "$@"
"""


def zsh_text(text):
    """In single quotes, where brackets, colons and backslashes of _arguments stand for themselves."""
    for char in "\\[]:":
        text = text.replace(char, "\\" + char)
    return text.replace("'", "'\\''")


def zsh_option(o):
    if o.kind == "flag":
        value = ""
    elif o.choices:
        value = f":{zsh_text(o.value)}:({' '.join(o.choices)})"
    else:
        value = f":{zsh_text(o.value)}:{'_files' if tables.takes_file(o) else ' '}"
    also = f"({' '.join(spellings(o))})" if o.letter and o.kind != "list" else ""
    for s in spellings(o):
        many = "*" if o.kind == "list" else ""
        form = "" if o.kind == "flag" else "=" if s.startswith("--") else "+"
        yield f"'{also}{many}{s}{form}[{zsh_text(o.help)}]{value}'"


def zsh_rows(commands):
    for c in commands:
        words = tables.keywords(c)
        rest = f"'*:argument:{{ {'compadd -- ' + ' '.join(words) + '; ' if words else ''}_files }}'"
        specs = [s for o in c.options for s in zsh_option(o)] + ["'--help[what it does, and its options]'", rest]
        yield f'\t"{c.name}")\n\t\t_arguments -s \\\n\t\t\t' + " \\\n\t\t\t".join(specs) + "\n\t\t;;\n"


def zsh(commands):
    second = "".join(f'\t{first}) echo "{" ".join(words)}" ;;\n' for first, words in second_words(commands).items())
    helps = {c.name: c.help for c in commands}
    first = " ".join(f"'{w}:{zsh_text(helps.get(w, 'commands ' + w + ' ...' if w != 'help' else 'tells of a command'))}'"
                     for w in first_words(commands))
    return ("#compdef skep\n" + HEAD + f"\n_skep_second()\n{{\n\tcase $1 in\n{second}\tesac\n}}\n\n"
            f"_skep_rows()\n{{\n\tcase $1 in\n{''.join(zsh_rows(commands))}\tesac\n}}\n" + ZSH.replace("@FIRST@", first))


def main():
    skep, out, stamp = sys.argv[1:4]
    commands = tables.read(skep)
    os.makedirs(out, exist_ok=True)
    for name, text in ("skep", bash(commands)), ("_skep", zsh(commands)):
        with open(os.path.join(out, name), "w", encoding="utf-8") as f:
            f.write(text)
    with open(stamp, "w", encoding="utf-8"):
        pass


main()
