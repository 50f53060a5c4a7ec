# SPDX-License-Identifier: BSD-2-Clause
"""Reads LLVM's textual form, as far as clang makes it of plain integer code: functions of blocks of
instructions, each a small tuple. What is not known here raises Unsupported; nothing is skipped but
what has no meaning for the result (debug records, lifetime marks)."""
import re


class Unsupported(Exception):
    pass


TYPE = r"(?:i\d+|ptr|void|\[[^\]]+\]|%[\w.]+|\{[^}]*\})"
ATTRIBUTE = re.compile(r"\b\w+\((?:[^()]|\([^()]*\))*\)")
FLAGS = {"nuw", "nsw", "exact", "disjoint", "nneg", "inbounds", "samesign", "fast", "noundef", "signext", "zeroext"}
BINARY = {"add", "sub", "mul", "udiv", "sdiv", "urem", "srem", "and", "or", "xor", "shl", "lshr", "ashr"}
CASTS = {"trunc", "zext", "sext", "freeze"}


class Function:
    def __init__(self, params, blocks):
        self.params, self.blocks = params, blocks
        self.order = list(blocks)


def width(ty):
    if not re.fullmatch(r"i\d+", ty):
        raise Unsupported("type " + ty)
    return int(ty[1:])


def strip(text):
    text = re.sub(r", !\w+(\.\w+)* !\d+|, !\w+(\.\w+)* !\{[^}]*\}|, !noalias !\d+", "", text)
    text = re.sub(r"getelementptr(?: \w+)* \(i8, ptr (@[\w.]+), i64 (\d+)\)", r"\1+\2", text)
    text = re.sub(r"\s*#\d+$", "", text.strip())
    return text.strip()


def split_args(text):
    """Splits at commas that are not in brackets."""
    out, depth, cur = [], 0, ""
    for c in text:
        depth += c in "([{<"
        depth -= c in ")]}>"
        if c == "," and not depth:
            out.append(cur.strip())
            cur = ""
        else:
            cur += c
    if cur.strip():
        out.append(cur.strip())
    return out


def words(text):
    return [w for w in text.split() if w not in FLAGS]


class Module:
    def __init__(self, text):
        self.types = {}
        self.globals = {}
        self.functions = {}
        lines = text.splitlines()
        i = 0
        while i < len(lines):
            line = lines[i]
            m = re.match(r"(%[\w.]+) = type \{(.*)\}", line)
            if m:
                self.types[m.group(1)] = [t.strip() for t in split_args(m.group(2))]
            m = re.match(r"@([\w.]+) = .*?(?:global|constant) (.*?)(?:, align \d+)?$", line)
            if m:
                self.globals[m.group(1)] = m.group(2)
            if line.startswith("define "):
                end = next(j for j in range(i, len(lines)) if lines[j] == "}")
                self.function(line, lines[i + 1:end])
                i = end
            i += 1

    def function(self, head, body):
        name, args = re.match(r"define .*?@([\w.]+)\((.*)\)", head).groups()
        params = []
        for p in split_args(args):
            ws = ATTRIBUTE.sub("", p).split()
            params.append((ws[0], ws[-1]))
        blocks, cur = {}, None
        # The entry block has no label of its own in the text but is named where it is used.
        first = str(len(params))
        if params and not params[-1][1][1:].isdigit():
            first = "entry"
        for line in body:
            line = re.sub(r"\s*;.*$", "", line)
            if not line.strip():
                continue
            m = re.match(r"([\w.\-]+):", line)
            if m:
                cur = m.group(1)
                blocks[cur] = []
                continue
            if cur is None:
                cur = first
                blocks[cur] = []
            text = line.strip()
            if blocks[cur] and blocks[cur][-1].startswith("switch") and "]" not in blocks[cur][-1]:
                blocks[cur][-1] += " " + text
            else:
                blocks[cur].append(text)
        self.functions[name] = Function(params, {b: [self.insn(strip(t)) for t in ts] for b, ts in blocks.items()})

    def size_of(self, ty):
        if ty == "ptr":
            return 8
        if re.fullmatch(r"i\d+", ty):
            return max(1, int(ty[1:]) // 8)
        m = re.fullmatch(r"\[(\d+) x (.*)\]", ty)
        if m:
            return int(m.group(1)) * self.size_of(m.group(2))
        if ty in self.types:
            off = 0
            for t in self.types[ty]:
                a = self.align_of(t)
                off = (off + a - 1) // a * a + self.size_of(t)
            a = self.align_of(ty)
            return (off + a - 1) // a * a
        raise Unsupported("size of " + ty)

    def align_of(self, ty):
        m = re.fullmatch(r"\[(\d+) x (.*)\]", ty)
        if m:
            return self.align_of(m.group(2))
        if ty in self.types:
            return max(self.align_of(t) for t in self.types[ty])
        return self.size_of(ty)

    def insn(self, text):
        dst = None
        m = re.match(r"(%[\w.\-]+) = (.*)", text)
        if m:
            dst, text = m.groups()
        text = re.sub(r"^(tail|musttail|notail) call", "call", text)
        op = text.split()[0]
        if op in BINARY:
            ws = words(text[len(op):].split(",")[0])
            return (op, dst, width(ws[0]), ws[1], text.split(",")[1].strip())
        if op in CASTS:
            ws = words(text[len(op):])
            if op == "freeze":
                return ("freeze", dst, ws[0], ws[1])
            return (op, dst, width(ws[0]), ws[1], width(ws[3]))
        if op == "icmp":
            left, right = text.split(",")
            ws = words(left)
            return ("icmp", dst, ws[1], ws[2], ws[3], right.strip())
        if op == "select":
            a, b, c = split_args(text[len(op):])
            ty, val = b.rsplit(" ", 1)
            return ("select", dst, words(a)[1], ty, val, c.rsplit(" ", 1)[1])
        if op == "phi":
            m = re.match(r"phi (%s) (.*)" % TYPE, text)
            ins = re.findall(r"\[ ([^,]+), %([\w.\-]+) \]", m.group(2))
            return ("phi", dst, m.group(1), [(b, v) for v, b in ins])
        if op == "br":
            m = re.match(r"br i1 ([^,]+), label %([\w.\-]+), label %([\w.\-]+)", text)
            if m:
                return ("br", None) + m.groups()
            return ("jmp", None, re.match(r"br label %([\w.\-]+)", text).group(1))
        if op == "switch":
            m = re.match(r"switch (i\d+) ([^,]+), label %([\w.\-]+) \[(.*)\]", text)
            arms = re.findall(r"i\d+ (-?\d+), label %([\w.\-]+)", m.group(4))
            return ("switch", None, width(m.group(1)), m.group(2), m.group(3), arms)
        if op == "ret":
            m = re.match(r"ret (%s)(?: (\S+))?$" % TYPE, text)
            return ("ret", None, None if m.group(1) == "void" else m.groups())
        if op == "unreachable":
            return ("unreachable", None)
        if op == "alloca":
            return ("alloca", dst)
        if op == "load":
            ty, ptr = split_args(text[len(op):])[:2]
            return ("load", dst, ty.split()[-1], ptr.split()[-1])
        if op == "store":
            val, ptr = split_args(text[len(op):])[:2]
            return ("store", None, val.split()[0], val.split()[1], ptr.split()[-1])
        if op == "getelementptr":
            text = re.sub(r"^getelementptr( (inbounds|nuw|nusw))*", "", text).strip()
            parts = split_args(text)
            return ("gep", dst, parts[0], parts[1].split()[-1], [p.split()[-1] for p in parts[2:]])
        if op == "extractvalue":
            m = re.match(r"extractvalue \{[^}]*\} (%[\w.\-]+), (\d+)", text)
            return ("extractvalue", dst, m.group(1), int(m.group(2)))
        if op == "insertvalue":
            m = re.match(r"insertvalue \{[^}]*\} ([^ ,]+), (i\d+) ([^ ,]+), (\d+)", text)
            return ("insertvalue", dst, m.group(1), m.group(2), m.group(3), int(m.group(4)))
        if op == "call":
            m = re.match(r"call (.*?)@([\w.]+)\((.*)\)", text)
            if not m:
                raise Unsupported(text)
            args = []
            for a in split_args(m.group(3)):
                ws = ATTRIBUTE.sub("", a).split()
                args.append((ws[0], ws[-1]))
            return ("call", dst, m.group(2), args)
        raise Unsupported(text)
